"""Pooling over windows, with gradients that are fast on every device."""

import math
from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from tricera.kernels.conv import per_axis


def max_pool(x, pool_size, strides=None, padding="valid", data_format="channels_last"):
    """The largest element of each window; on ties the gradient goes to the first.

    Shapes: `(batch, *spatial, channels) -> (batch, *pooled, channels)`, or channels first.

    Args:
        strides: the step from window to window; `pool_size` where None.
        padding: "valid" or "same".
    """
    window, steps = _windows(x, pool_size, strides, data_format)
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    if not _tiles(x, window, steps) or math.prod(window) > 127 or not jnp.issubdtype(x.dtype, jnp.floating):
        return lax.reduce_window(x, np.array(lowest, x.dtype), lax.max, window, steps, padding.upper())
    return _tile_max(_fit(x, window, padding, lowest), window)


def average_pool(x, pool_size, strides=None, padding="valid", data_format="channels_last"):
    """The mean of each window, over the elements inside the input.

    Shapes: `(batch, *spatial, channels) -> (batch, *pooled, channels)`, or channels first.

    Args:
        strides: the step from window to window; `pool_size` where None.
        padding: "valid" or "same".
    """
    window, steps = _windows(x, pool_size, strides, data_format)
    if _tiles(x, window, steps):
        tiles, within = _tile(_fit(x, window, padding, 0), window)
        total = tiles.sum(within)
    else:
        total = lax.reduce_window(x, np.array(0, x.dtype), lax.add, window, steps, padding.upper())
    if padding == "valid":
        return total / math.prod(window)
    return total / _counts(x, window, steps)


def _windows(x, pool_size, strides, data_format) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Window and strides for each axis of `x`, batch and channels included."""
    rank = x.ndim - 2
    sizes = per_axis(pool_size, rank), per_axis(pool_size if strides is None else strides, rank)
    if data_format == "channels_last":
        return tuple((1, *size, 1) for size in sizes)
    return tuple((1, 1, *size) for size in sizes)


def _tiles(x, window: Sequence[int], steps: Sequence[int]) -> bool:
    """Whether the windows stand side by side, over spatial axes whose sizes are known."""
    known = all(isinstance(size, int) for size, span in zip(x.shape, window, strict=True) if span > 1)
    return window == steps and known


def _fit(x, window, padding, filler):
    """`x` cropped (valid) or padded (same) to whole windows."""
    over = [size % span if span > 1 else 0 for size, span in zip(x.shape, window, strict=True)]
    if not any(over):
        return x
    if padding == "valid":
        return x[tuple(slice(size - rest if rest else None) for size, rest in zip(x.shape, over, strict=True))]
    missing = [span - rest if rest else 0 for span, rest in zip(window, over, strict=True)]
    return jnp.pad(x, [(lack // 2, lack - lack // 2) for lack in missing], constant_values=filler)


def _tile(x, window):
    """Each windowed axis as two, (windows, window), and the places of the inner ones."""
    shape, within = [], []
    for size, span in zip(x.shape, window, strict=True):
        shape.append(size // span if span > 1 else size)
        if span > 1:
            within.append(len(shape))
            shape.append(span)
    return x.reshape(shape), tuple(within)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _tile_max(x, window):
    tiles, within = _tile(x, window)
    return tiles.max(within)


@_tile_max.defjvp
def _tile_max_jvp(window, primals, tangents):
    """`dy = dx[winner]`: linear in `dx`, so that both modes of differentiation follow from it."""
    tiles, within = _tile(primals[0], window)
    shape = [size if axis in within else 1 for axis, size in enumerate(tiles.shape)]
    order = np.arange(math.prod(shape), dtype=np.int8).reshape(shape)
    best, winner = None, None
    for place in np.ndindex(*(tiles.shape[axis] for axis in within)):
        element = tiles[tuple(place[within.index(a)] if a in within else slice(None) for a in range(tiles.ndim))]
        number = np.int8(np.ravel_multi_index(place, [tiles.shape[axis] for axis in within]))
        winner = jnp.zeros(element.shape, jnp.int8) if best is None else jnp.where(element > best, number, winner)
        best = element if best is None else jnp.maximum(best, element)
    chosen = jnp.expand_dims(winner, within) == order
    moved, _ = _tile(tangents[0], window)
    return best, jnp.where(chosen, moved, np.array(0, moved.dtype)).sum(within)


def _counts(x, window, steps):
    """How many elements of each window lie inside `x`, "same" padding left out."""
    ones = jnp.ones([size if span > 1 else 1 for size, span in zip(x.shape, window, strict=True)], x.dtype)
    return lax.reduce_window(ones, np.array(0, x.dtype), lax.add, window, steps, "SAME")
