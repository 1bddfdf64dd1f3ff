"""Time loops of recurrent layers: one general scan, and LSTM, GRU and simple RNN with gradients written by hand."""

import jax
from jax import lax
from jax import numpy as jnp
