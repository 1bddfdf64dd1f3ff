"""Contrast, part by part."""

import functools
import math
from typing import Any

import jax
from jax import numpy as jnp

from tricera.engine.registry import register
from tricera.layers.arguments import mistake, sizes
from tricera.layers.augment.augment import Augment

_VALUES = 256
_TILES = 1 << 16  # in one image; each has a table of 256 values


@register("layer")
class ContrastLimitedAdaptiveHistogramEqualization(Augment):
    """Each tile of each channel with about equally many pixels of each value, and smooth from tile to tile.

    Args:
        clip_limit: how many times its fair share a value may count, so that flat regions stay calm; 0 for no limit.
        tile_grid_size: how many tiles there are down and across, 65,536 at most in all.

    Reference: Zuiderveld, 1994, "Contrast limited adaptive histogram equalization", Graphics Gems IV.
    """

    always = True

    def __init__(self, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **kwargs):
        self._adopt(locals())
        self.tile_grid_size = sizes(self, 2, tile_grid_size=tile_grid_size)
        if math.prod(self.tile_grid_size) > _TILES:
            what = "The argument `tile_grid_size` makes too many tiles."
            raise mistake(self, what, expected=f"{_TILES:,} at most", got=repr(tile_grid_size))
        if not isinstance(clip_limit, int | float) or clip_limit < 0:
            what = "Received an invalid value for `clip_limit`, expected a number that is not negative."
            raise mistake(self, what, got=repr(clip_limit))

    def _images(self, x, drawn):
        full, values = tuple(self.value_range) == (0, _VALUES - 1), x.astype("float32")
        made = _levelled(values if full else self._unit(values) * (_VALUES - 1), self.tile_grid_size, self.clip_limit)
        return (made if full else self._valued(made / (_VALUES - 1))).astype(x.dtype)


@functools.partial(jax.jit, static_argnums=(1, 2))
def _levelled(x: Any, grid: tuple[int, int], limit: float) -> Any:
    """Images of values from 0 to 255, levelled."""
    batch, height, width, channels = x.shape
    down, across = grid
    tall, wide = -(-height // down), -(-width // across)
    room = ((0, 0), (0, tall * down - height), (0, wide * across - width), (0, 0))
    values = jnp.clip(jnp.pad(x, room, "symmetric").astype("int32"), 0, _VALUES - 1)
    tiles = values.reshape(batch, down, tall, across, wide, channels).transpose(0, 1, 3, 5, 2, 4)
    table = _table(tiles.reshape(batch, down, across, channels, tall * wide), limit)
    (top, bottom, y), (left, right, x) = _between(height, tall, down), _between(width, wide, across)
    image, channel, value = jnp.arange(batch)[:, None, None, None], jnp.arange(channels), values[:, :height, :width]

    def read(row: Any, column: Any) -> Any:
        return table[image, row[:, None, None], column[:, None], channel, value]

    x, y = x[:, None], y[:, None, None]
    upper = read(top, left) * (1 - x) + read(top, right) * x
    return upper * (1 - y) + (read(bottom, left) * (1 - x) + read(bottom, right) * x) * y


def _table(tiles: Any, limit: float) -> Any:
    """What each value of each tile, `(..., pixels)`, becomes: `(..., 256)`."""
    pixels = tiles.shape[-1]
    counts = jnp.vectorize(lambda tile: jnp.bincount(tile, length=_VALUES), signature="(n)->(m)")(tiles)
    counts = counts.astype("float32")
    if limit > 0:
        kept = jnp.minimum(counts, limit * pixels / _VALUES)
        counts = kept + jnp.sum(counts - kept, -1, keepdims=True) / _VALUES
    total = jnp.cumsum(counts, -1)
    first = total[..., :1]
    return jnp.clip((total - first) * (_VALUES - 1) / jnp.where(first == pixels, 1, pixels - first), 0, _VALUES - 1)


def _between(size: int, tile: int, count: int) -> tuple[Any, Any, Any]:
    """For each pixel the tiles whose middles it lies between, and how near it is to the second, from 0 to 1."""
    place = (jnp.arange(size, dtype="float32") - tile / 2) / tile
    low = jnp.floor(place)
    first, second = (jnp.clip(each, 0, count - 1).astype("int32") for each in (low, low + 1))
    return first, second, place - low
