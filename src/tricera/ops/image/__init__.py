"""keras.ops.image: images cut, scaled, moved, filtered and recoloured."""

# ruff: noqa: F403
from tricera.ops.image.filter import *
from tricera.ops.image.frame import *
from tricera.ops.image.warp import *

__all__ = [name for name, thing in vars().items() if getattr(thing, "__module__", "").startswith(__name__ + ".")]
