"""Layers that look at their inputs on the host, where text can be."""

from collections.abc import Iterable, Iterator
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from tricera.engine.graph import KerasTensor, is_symbolic_leaf
from tricera.engine.inputs import is_tensor
from tricera.engine.layer import Layer


class HostLayer(Layer):
    """Base: inputs stay as they are, NumPy arrays of text too; a subclass says the shape and dtype of its output.

    Outside of programs its input may be lists, NumPy arrays or arrays on the device; its output is on the device.
    """

    on_host = True

    def __call__(self, inputs, *args, **kwargs):
        return super().__call__(to_array(inputs), *args, **kwargs)

    def _cast(self, tree):
        return tree

    def _learn(self, data: Any, steps: int | None) -> None:
        """See data batch by batch, by the methods of a layer that adapts, `steps` batches at most."""
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    @property
    def output_dtype(self) -> str:
        """The dtype of the output."""
        return self.compute_dtype

    def compute_output_spec(self, inputs, *args, **kwargs):
        shape = inputs.shape if is_tensor(inputs) else [each.shape for each in inputs]
        return KerasTensor(self.compute_output_shape(shape), self.output_dtype)


def to_array(inputs: Any) -> Any:
    """Everything that has a value as NumPy arrays; symbolic tensors, and tuples or lists of tensors, stay such."""
    if is_symbolic_leaf(inputs) or in_program(inputs):
        return inputs
    if isinstance(inputs, list | tuple) and any(map(is_tensor, inputs)):
        return type(inputs)(map(to_array, inputs))
    if hasattr(inputs, "to_numpy") or hasattr(inputs, "numpy"):  # a column of pandas, a tensor of others
        inputs = inputs.to_numpy() if hasattr(inputs, "to_numpy") else inputs.numpy()
    first = inputs
    while isinstance(first, list | tuple) and first:
        first = first[0]
    # Text of one width would take the longest text's room for each.
    return np.asarray(inputs, object if inputs is not first and isinstance(first, str | bytes) else None)


def in_program(x: Any) -> bool:
    """Whether `x` has no value yet: a program is being traced."""
    return isinstance(x, jax.core.Tracer)


def module_of(x: Any) -> Any:
    """What computes with `x`: `jnp` in a program, else NumPy, whose integers have 64 bits."""
    return jnp if in_program(x) else np


def texts(x: Any) -> list[bytes]:
    """Every element as bytes: text in UTF-8, numbers in decimal digits."""
    found = np.asarray(x).ravel().tolist()
    if all(type(each) is str for each in found):
        return list(map(str.encode, found))
    return [each if isinstance(each, bytes) else str(each).encode() for each in found]


def batches(data: Any, steps: int | None = None) -> Iterator[Any]:
    """The batches that `adapt` is given: one array or list, or an iterable of batches, of which `steps` are read.

    A list of arrays of two axes or more is one of batches. Of batches that are tuples, inputs and targets, the inputs
    count.
    """
    batched = isinstance(data, list | tuple) and data and all(_is_batch(_inputs(each)) for each in data)
    whole = isinstance(data, str | np.ndarray | jax.Array | list | tuple) or hasattr(data, "to_numpy")
    if whole and not batched:
        yield to_array(data)
        return
    indexed = hasattr(data, "__getitem__") and hasattr(data, "__len__")
    source: Iterable = (data[i] for i in range(len(data))) if indexed else data
    for i, batch in enumerate(source):
        if steps is not None and i >= steps:
            return
        yield to_array(_inputs(batch))


def _inputs(batch: Any) -> Any:
    return batch[0] if isinstance(batch, tuple) and batch and _is_batch(batch[0]) else batch


def _is_batch(x: Any) -> bool:
    return is_tensor(x) and len(x.shape) > 1
