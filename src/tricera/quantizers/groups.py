"""Matrices as whole numbers from a range that need not lie around 0, with a scale and a zero for each group of rows."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera.errors import report


def abs_max_quantize_grouped_with_zero_point(
    inputs, block_size, value_range=(-8, 7), dtype="int8", epsilon=1e-07, to_numpy=False
):
    """`round(x / scale) + zero` of a matrix, where `block_size` rows of a column share a scale and a zero.

    A group's range is that of its numbers and 0, so that 0 stays 0.

    Shapes: `(rows, columns)` -> numbers `(rows, columns)`, scale and zero `(ceil(rows / block_size), columns)`.

    Args:
        epsilon: is added to a range, which may be 0.
        to_numpy: compute on the host.

    Raises:
        ValueError: the input is no matrix.
    """
    np_or_jnp: Any = np if to_numpy else jnp
    x = np_or_jnp.asarray(inputs)
    if x.ndim != 2:
        raise ValueError(report("Groups of rows are those of a matrix.", expected="ndim=2", got=f"shape {x.shape}"))
    first, last = value_range
    rows, columns = x.shape
    groups = -(-rows // block_size)
    padded = np_or_jnp.pad(x, [(0, groups * block_size - rows), (0, 0)]).reshape(groups, block_size, columns)
    low = np_or_jnp.minimum(padded.min(1, keepdims=True), 0)
    high = np_or_jnp.maximum(padded.max(1, keepdims=True), 0)
    scale = ((high - low + epsilon) / (last - first)).astype(x.dtype)
    zero = np_or_jnp.clip(np_or_jnp.round(-low / scale) + first, first, last)
    numbers = np_or_jnp.clip(np_or_jnp.round(padded / scale) + zero, first, last)
    return numbers.reshape(-1, columns)[:rows].astype(dtype), scale[:, 0], zero[:, 0].astype("int8")


def group_of_each(length: int, size: int | None) -> np.ndarray:
    """The number of the group that each of `length` rows belongs to; all in one where `size` is None or -1."""
    numbers = np.arange(length, dtype="float32")  # as floats, which is how files have them
    return numbers // size if size is not None and size > 0 else np.zeros_like(numbers)


def from_groups(numbers: Any, scale: Any, zero: Any, group: Any, axis: int) -> Any:
    """`(numbers - zero) * scale`, with scale and zero of each number's group along `axis`."""
    group = jnp.asarray(group).astype("int32")
    scale, zero = (jnp.take(x, group, axis=axis) for x in (scale, jnp.asarray(zero).astype(scale.dtype)))
    return (numbers - zero) * scale
