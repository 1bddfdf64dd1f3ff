"""keras.ops: functions of arrays that work on symbolic tensors too."""

# ruff: noqa: F403
from tricera import errors
from tricera.ops import image, linalg, nn, numpy
from tricera.ops.core import *
from tricera.ops.gradient import *
from tricera.ops.linalg import *
from tricera.ops.math import *
from tricera.ops.nn import *
from tricera.ops.numpy import *
from tricera.ops.rearrange import *
from tricera.ops.signal import *

__all__ = ["image", "linalg", "nn", "numpy"]
__all__ += [name for name, thing in vars().items() if getattr(thing, "__module__", "").startswith(__name__ + ".")]

__getattr__ = errors.missing(__name__, globals())
