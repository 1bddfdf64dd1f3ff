"""keras.ops.nn: what neural networks are made of."""

# ruff: noqa: F403
from tricera.ops.nn.attention import *
from tricera.ops.nn.convolution import *
from tricera.ops.nn.crossentropy import *
from tricera.ops.nn.ctc import *
from tricera.ops.nn.nonlinearity import *
from tricera.ops.nn.normalization import *
from tricera.ops.nn.pooling import *

__all__ = [name for name, thing in vars().items() if getattr(thing, "__module__", "").startswith(__name__ + ".")]
