"""Data made ready for training, as Keras 1 and 2 did it."""

from tricera import errors
from tricera.preprocessing import image

__all__ = ["image"]

__getattr__ = errors.missing(__name__, globals())
