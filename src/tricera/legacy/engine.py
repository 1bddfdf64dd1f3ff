"""What stood in `keras.engine` in Keras 1 and 2; what Keras 3 has elsewhere is found by `legacy.names`."""

from tricera import errors
from tricera.engine.graph import KerasTensor, Node

__all__ = ["KerasTensor", "Node"]

__getattr__ = errors.missing(__name__, globals())
