"""Layers of frameworks that are not there."""

from tricera.engine.layer import Layer
from tricera.errors import report


class _Refused(Layer):
    """Base of the layers that cannot be: the framework that computes them is not there."""

    why = ""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(report(f"{type(self).__name__} is not supported: {self.why}."))


class TorchModuleWrapper(_Refused):
    """A module of PyTorch, which XLA cannot compile."""

    why = "what PyTorch computes cannot stand in a program of XLA; write the module as a layer, and copy its weights"

    def __init__(self, module, name=None, output_shape=None, **kwargs):
        super().__init__()


class TFSMLayer(_Refused):
    """A SavedModel of TensorFlow, which only TensorFlow can run."""

    why = "a SavedModel runs in TensorFlow alone; save the model as `.keras` and load that"

    def __init__(
        self, filepath, call_endpoint="serve", call_training_endpoint=None, trainable=True, name=None, dtype=None
    ):
        super().__init__()
