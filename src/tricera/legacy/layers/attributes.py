"""What layers, nodes and tensors of Keras 1 and 2 held, by the names of that time."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tricera.engine import inputs
from tricera.engine.graph import KerasTensor, Node
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.layers import Input
from tricera.legacy import generation
from tricera.saving.past import names

_WEIGHTS = {
    "W": ("kernel", "embeddings"),
    "U": ("recurrent_kernel",),
    "b": ("bias",),
    "running_mean": ("moving_mean",),
    "running_std": ("moving_variance",),
}
ANSWERED = {  # what a layer has that asks for it
    "inbound_nodes": lambda layer: layer._inbound_nodes,
    "outbound_nodes": lambda layer: [],
    "_outbound_nodes": lambda layer: [],
    "batch_input_shape": lambda layer: _batch_input_shape(layer),
    "_batch_input_shape": lambda layer: _batch_input_shape(layer),
    "input_dim": lambda layer: layer._given_shape["input_dim"],
    "initial_weights": lambda layer: layer._initial_weights,
    "uses_learning_phase": lambda layer: False,
    "_uses_learning_phase": lambda layer: False,
    "regularizers": lambda layer: [v.regularizer for v in layer.trainable_weights if v.regularizer is not None],
    "constraints": lambda layer: {v: v.constraint for v in layer.trainable_weights if v.constraint is not None},
}


def install() -> None:
    """Let old names find what they meant."""
    Layer.__getattr__ = _by_old_names(Layer.__getattr__)  # type: ignore[method-assign]
    Layer.create_input_layer = create_input_layer  # type: ignore[attr-defined]
    shapes = {
        "inbound_layers": lambda node: [t.node.operation for t in node.input_tensors],
        "node_indices": lambda node: [t._keras_history[1] for t in node.input_tensors],
        "tensor_indices": lambda node: [t._keras_history[2] for t in node.input_tensors],
        "outbound_layer": lambda node: node.operation,
        "input_shapes": lambda node: [t.shape for t in node.input_tensors],
        "output_shapes": lambda node: [t.shape for t in node.output_tensors],
        "input_masks": lambda node: [getattr(t, "_keras_mask", None) for t in node.input_tensors],
        "output_masks": lambda node: [getattr(t, "_keras_mask", None) for t in node.output_tensors],
        "arguments": lambda node: node.kwargs,
    }
    for name, found in shapes.items():
        setattr(Node, name, property(found))
    Node.get_config = get_config  # type: ignore[attr-defined]
    for cls in (KerasTensor, Variable):
        cls._keras_shape = property(lambda self: tuple(self.shape))  # type: ignore[attr-defined]
        cls._uses_learning_phase = False  # type: ignore[attr-defined]
        cls.get_shape = lambda self: Shape(self.shape)  # type: ignore[attr-defined]
    for name, function in {"eval": np.array, "get_value": np.array, "set_value": Variable.assign}.items():
        setattr(Variable, name, _method(function))


def _method(function: Callable) -> Callable:
    return lambda self, *args, **kwargs: function(self, *args)


class Shape(tuple):
    """A shape, as TensorFlow's tensors said it."""

    def as_list(self) -> list[int | None]:
        """The sizes."""
        return list(self)

    @property
    def ndims(self) -> int:
        """The number of axes."""
        return len(self)


def _by_old_names(getter: Callable) -> Callable:
    @functools.wraps(getter)
    def wrapper(self: Layer, name: str) -> Any:
        if generation.current() < generation.NEWEST:
            for new in (*_WEIGHTS.get(name, ()), names.ARGUMENTS_OF.get(type(self).__name__, {}).get(name), _new(name)):
                if new is not None and new in vars(self):
                    return vars(self)[new]
            if name in ANSWERED:
                try:
                    return ANSWERED[name](self)
                except (KeyError, AttributeError):
                    pass
        return getter(self, name)

    return wrapper


def _new(name: str) -> str | None:
    return names.ARGUMENTS.get(name)


def _batch_input_shape(layer: Layer) -> Any:
    """The shape that the layer was told, samples included."""
    told = layer._given_shape
    if "batch_input_shape" in told or "batch_shape" in told:
        return tuple(told.get("batch_input_shape") or told["batch_shape"])
    if "input_shape" in told:
        return (told.get("batch_size"), *told["input_shape"])
    if "input_dim" in told:
        return (None, told["input_dim"])
    return inputs.shapes(layer.input)


def create_input_layer(self: Layer, batch_input_shape: Any, input_dtype: Any = None, name: str | None = None) -> None:
    """Give the layer an input of this shape, and call it on it."""
    self(Input(batch_shape=tuple(batch_input_shape), dtype=input_dtype, name=name))


def get_config(self: Node) -> dict[str, Any]:
    """Which layers the node connects."""
    return {
        "outbound_layer": self.operation.name,
        "inbound_layers": [tensor.node.operation.name for tensor in self.input_tensors],  # type: ignore[union-attr]
        "node_indices": self.node_indices,  # type: ignore[attr-defined]
        "tensor_indices": self.tensor_indices,  # type: ignore[attr-defined]
    }
