"""Whole numbers as ones among zeros."""

import math
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_choice, check_positive, mistake, refuse
from tricera.layers.preprocessing.host import HostLayer, in_program, module_of

MODES = ("int", "one_hot", "multi_hot", "count")
DENSE = "outputs are dense: leave it out."


def integer_dtype(dtype: str = "int64") -> str:
    """The integer dtype nearest to `dtype` that arrays on the device have here."""
    return jax.dtypes.canonicalize_dtype(dtype).name


def encode(ids: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """`ids` themselves, or as vectors of `depth`: ones, or how often each stands along the last axis.

    Args:
        weights: what each element counts, of the shape of `ids`. Numbers that are no index count nothing.
    """
    if mode == "int":
        return jnp.asarray(ids, dtype)
    if mode == "one_hot":
        ids = ids[..., 0] if ids.ndim > 1 and ids.shape[-1] == 1 else ids
        scope.spend(f"One-hot vectors of {depth} numbers", 16 * depth)
        return jnp.asarray(ids[..., None] == np.arange(depth), dtype)
    rows = module_of(ids).reshape(ids, (math.prod(ids.shape[:-1]), ids.shape[-1] if ids.ndim else 1))
    found = _counted(rows, depth, weights).reshape(*ids.shape[:-1], depth)
    return jnp.asarray(found > 0 if mode == "multi_hot" else found, dtype)


def _counted(rows: Any, depth: int, weights: Any) -> Any:
    if in_program(rows) or in_program(weights):
        ones = 1.0 if weights is None else jnp.reshape(weights, rows.shape)
        start = jnp.zeros((rows.shape[0], depth))
        return start.at[jnp.arange(rows.shape[0])[:, None], jnp.where(rows < 0, depth, rows)].add(ones, mode="drop")
    kept = (rows >= 0) & (rows < depth)
    places = (rows + depth * np.arange(rows.shape[0])[:, None])[kept]
    ones = None if weights is None else np.asarray(weights).reshape(rows.shape)[kept]
    return np.bincount(places.astype("int64"), ones, rows.shape[0] * depth)


def encoded_shape(shape: Any, mode: str, depth: int | None) -> tuple:
    """The shape of what `encode` makes."""
    shape = tuple(shape)
    if mode == "int":
        return shape
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return *shape, depth
    return *shape[:-1], depth


@register("layer")
class CategoryEncoding(HostLayer):
    """Whole numbers below `num_tokens` as vectors of ones and zeros, or of counts.

    Shapes: `"one_hot"`: `(...,) -> (..., num_tokens)`, a last axis of size 1 is dropped; `"multi_hot"` and `"count"`:
    `(..., n) -> (..., num_tokens)`.

    Raises:
        ValueError: `num_tokens` is no positive integer, or an unknown `output_mode`.
    """

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_positive(self, num_tokens=num_tokens)
        check_choice(self, MODES[1:], output_mode=output_mode)
        refuse(self, DENSE, sparse=sparse)

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            what = "`count_weights` is not used when `output_mode` is not 'count'."
            raise mistake(self, what, got=f"output_mode={self.output_mode!r}")
        return encode(inputs, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)

    def compute_output_shape(self, input_shape, *_):
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def get_config(self):
        config = super().get_config()
        config.pop("sparse")
        return config
