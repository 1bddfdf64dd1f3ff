"""What stood in `keras.engine` in Keras 1 and 2."""

from tricera import errors
from tricera.engine.graph import KerasTensor, Node
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.layers import Input, InputLayer
from tricera.models import Model, Sequential

Container = Network = Model

__all__ = [
    "Container",
    "Input",
    "InputLayer",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Model",
    "Network",
    "Node",
    "Sequential",
]

__getattr__ = errors.missing(__name__, globals())
