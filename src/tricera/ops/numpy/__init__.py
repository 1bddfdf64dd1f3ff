"""keras.ops.numpy: NumPy's functions on arrays and symbolic tensors."""

# ruff: noqa: F403
from tricera.ops.numpy.arrange import *
from tricera.ops.numpy.binary import *
from tricera.ops.numpy.create import *
from tricera.ops.numpy.logic import *
from tricera.ops.numpy.product import *
from tricera.ops.numpy.reduce import *
from tricera.ops.numpy.select import *
from tricera.ops.numpy.unary import *

__all__ = [name for name, thing in vars().items() if getattr(thing, "__module__", "").startswith(__name__ + ".")]
