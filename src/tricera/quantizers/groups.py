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
    block_size = max(1, min(block_size, rows))  # one that a file says may be any, and would be filled up
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


def scale_and_zero(
    matrix: np.ndarray, bits: int, size: int = -1, symmetric: bool = False, per_channel: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and zero with which `round(x / scale + zero)` takes a group's range, and 0, to `0 ... 2^bits - 1`.

    Shapes: `(columns, rows)` -> both `(columns, ceil(rows / size))`.

    Args:
        size: how many numbers of a column are a group; -1: all of them.
        symmetric: whether a range lies around 0.
        per_channel: whether each column has its own.
    """
    columns, rows = matrix.shape
    size = rows if size == -1 else min(size, rows)
    groups = -(-rows // size)
    padded = np.pad(matrix, [(0, 0), (0, groups * size - rows)]).reshape(columns, groups, size)
    low, high = np.minimum(padded.min(2), 0), np.maximum(padded.max(2), 0)
    if not per_channel:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    if symmetric:
        high = np.maximum(-low, high)
        low = -high
    low, high = np.where(low == high, low - 1, low), np.where(low == high, high + 1, high)
    scale = (high - low) / np.float32(2**bits - 1)
    return scale, np.full_like(scale, 2 ** (bits - 1)) if symmetric else np.round(-low / scale)


def to_groups(matrix: np.ndarray, scale: np.ndarray, zero: np.ndarray, group: np.ndarray, bits: int) -> np.ndarray:
    """`round(x / scale + zero)`, with scale and zero of each number's group in its column."""
    group = group.astype("int32")
    return np.clip(np.round(matrix / scale[:, group] + zero[:, group]), 0, 2**bits - 1)
