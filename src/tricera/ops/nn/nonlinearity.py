"""Activations: functions of one array that bend it."""

import jax
from jax import nn
from jax import numpy as jnp

from tricera.engine.graph import op


@op
def relu(x):
    """`max(x, 0)`."""
    return nn.relu(jnp.asarray(x))


@op
def relu6(x):
    """`min(max(x, 0), 6)`."""
    return nn.relu6(jnp.asarray(x))


@op
def leaky_relu(x, negative_slope=0.2):
    """`x` where positive, else `negative_slope * x`."""
    return nn.leaky_relu(jnp.asarray(x), negative_slope)


@op
def elu(x, alpha=1.0):
    """`x` where positive, else `alpha * (e^x - 1)`."""
    return nn.elu(jnp.asarray(x), alpha)


@op
def selu(x):
    """`scale * elu(x, alpha)`, with the constants that keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    return nn.selu(jnp.asarray(x))


@op
def celu(x, alpha=1.0):
    """`max(x, 0) + min(alpha * (e^(x / alpha) - 1), 0)`."""
    return nn.celu(jnp.asarray(x), alpha)


@op
def gelu(x, approximate=True):
    """`x` times the probability that a normal number is less; with `tanh` where `approximate`."""
    return nn.gelu(jnp.asarray(x), approximate)


@op
def glu(x, axis=-1):
    """`a * sigmoid(b)`, of the two halves of `x` along `axis`."""
    return nn.glu(jnp.asarray(x), axis)


@op
def sigmoid(x):
    """`1 / (1 + e^-x)`."""
    return nn.sigmoid(jnp.asarray(x))


@op
def log_sigmoid(x):
    """`log(sigmoid(x))`, safe from underflow."""
    return nn.log_sigmoid(jnp.asarray(x))


@op
def silu(x):
    """`x * sigmoid(x)`."""
    return nn.silu(jnp.asarray(x))


swish = silu


@op
def hard_sigmoid(x):
    """`min(max(x / 6 + 1 / 2, 0), 1)`."""
    return nn.hard_sigmoid(jnp.asarray(x))


@op
def hard_silu(x):
    """`x * hard_sigmoid(x)`."""
    return nn.hard_silu(jnp.asarray(x))


hard_swish = hard_silu


@op
def hard_tanh(x):
    """`min(max(x, -1), 1)`."""
    return nn.hard_tanh(jnp.asarray(x))


@op
def tanh_shrink(x):
    """`x - tanh(x)`."""
    x = jnp.asarray(x)
    return x - jnp.tanh(x)


@op
def hard_shrink(x, threshold=0.5):
    """`x` where `|x| > threshold`, else 0."""
    x = jnp.asarray(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op
def soft_shrink(x, threshold=0.5):
    """`x` moved by `threshold` towards 0, and 0 where it would pass it."""
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0))


@op
def threshold(x, threshold, default_value):
    """`x` where it is larger than `threshold`, else `default_value`."""
    x = jnp.asarray(x)
    return jnp.where(x > threshold, x, default_value)


@op
def softplus(x):
    """`log(1 + e^x)`."""
    return nn.softplus(jnp.asarray(x))


@op
def softsign(x):
    """`x / (1 + |x|)`."""
    return nn.soft_sign(jnp.asarray(x))


@op
def squareplus(x, b=4):
    """`(x + sqrt(x^2 + b)) / 2`."""
    return nn.squareplus(jnp.asarray(x), b)


@op
def sparse_plus(x):
    """0 up to -1, `x` from 1 on, `(x + 1)^2 / 4` between."""
    return nn.sparse_plus(jnp.asarray(x))


@op
def sparse_sigmoid(x):
    """0 up to -1, 1 from 1 on, `(x + 1) / 2` between."""
    return nn.sparse_sigmoid(jnp.asarray(x))


@op
def softmax(x, axis=-1):
    """`e^x / sum(e^x)` along `axis`."""
    return nn.softmax(jnp.asarray(x), axis)


@op
def log_softmax(x, axis=-1):
    """`x - log(sum(e^x))` along `axis`."""
    return nn.log_softmax(jnp.asarray(x), axis)


@op
def sparsemax(x, axis=-1):
    """The distribution nearest to `x` along `axis`: `max(x - tau, 0)` with the `tau` for which it sums to 1.

    Reference: Martins and Astudillo, 2016, arXiv:1602.02068, algorithm 1; what Keras 3.15 returns need not sum to 1.
    """
    x = jnp.asarray(x)
    z = jnp.moveaxis(x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32"), axis, -1)
    falling = -jnp.sort(-z, axis=-1)
    excess = jnp.cumsum(falling, -1) - 1
    k = jax.lax.broadcasted_iota(falling.dtype, falling.shape, falling.ndim - 1) + 1
    support = k * falling > excess
    size = jnp.sum(support, -1, keepdims=True, dtype=z.dtype)
    tau = jnp.sum(jnp.where(support, falling, 0), -1, keepdims=True) - 1
    return jnp.moveaxis(jnp.maximum(z - tau / size, 0), -1, axis)
