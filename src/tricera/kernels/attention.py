"""Attention without the table of all scores: where it is large, some targets at a time, and again for gradients.

What is kept then grows with the number of targets, not with targets times sources.

Reference: Rabe & Staats, 2021, "Self-attention does not need O(n^2) memory", arXiv:2112.05682.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from tricera.kernels.random import bernoulli
from tricera.machine import platform

_AT_ONCE = {"cpu": 2**22}  # scores of a block: what caches hold
_AT_ONCE_ELSEWHERE = 2**26  # what keeps a large processor busy


def attend(query, key, value, bias=None, mask=None, *, scale, is_causal=False, soft_cap=None, dropout=0.0, noise=None):
    """`softmax(scale * query @ key^T + bias) @ value` for each head, where `mask` (and the past) allows.

    Shapes: as of `ops.dot_product_attention`.

    Args:
        soft_cap: a bound c; scores become `c * tanh(scores / c)`.
        dropout: the fraction of weights that is dropped.
        noise: the key of what `dropout` draws.
    """
    if key.shape[2] < query.shape[2]:
        key, value = (jnp.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (key, value))

    def of(block, query, time, bias, mask):
        scores = jnp.einsum("btnh,bsnh->bnts", query, key, preferred_element_type=jnp.float32) * scale
        if soft_cap is not None:
            scores = soft_cap * jnp.tanh(scores / soft_cap)
        if bias is not None:
            scores = scores + bias
        allowed = mask
        if is_causal:
            past = time[:, None] >= jnp.arange(scores.shape[-1])
            allowed = past if mask is None else jnp.logical_and(mask, past)
        if allowed is not None:
            scores = jnp.where(allowed, scores, 0.7 * jnp.finfo(jnp.float32).min)
        weights = jax.nn.softmax(scores)
        if dropout:
            weights = dropped(weights, dropout, noise, block)
        return jnp.einsum("bnts,bsnh->btnh", weights.astype(value.dtype), value)

    batch, targets, heads, _ = query.shape
    count = batch * targets * heads * key.shape[1]
    return by_targets(of, count, (query, 1), (jnp.arange(targets), 0), (bias, -2), (mask, -2))


def dropped(weights, rate: float, noise, block):
    """The weights with a part `rate` of them 0; each block of targets draws its own."""
    drawn = bernoulli(noise if block is None else jax.random.fold_in(noise, block), 1 - rate, weights.shape)
    return jnp.where(drawn, weights / (1 - rate), jnp.zeros_like(weights))


def by_targets(attend: Callable, count: Any, *arrays: tuple[Any, int]) -> Any:
    """`attend(None, *arrays)`, or, where that would make a large table, of blocks of targets, one after the other.

    Args:
        attend: `(the number of the block, *arrays) -> (batch, targets, ...)`.
        count: how many numbers the table has.
        arrays: each with its axis of targets; None, or without such an axis, it is the same for all of them.
    """
    whole = [x for x, _ in arrays]
    first, axis = arrays[0]
    targets, at_once = first.shape[axis], _AT_ONCE.get(platform(), _AT_ONCE_ELSEWHERE)
    if not isinstance(count, int) or count <= 2 * at_once or targets == 1:
        return attend(None, *whole)
    rows = -(-targets // -(-count // at_once))
    cut = {i: _cut(x, axis, rows) for i, (x, axis) in enumerate(arrays) if _has_targets(x, axis, targets)}

    @partial(jax.checkpoint, prevent_cse=False)  # a loop's body is not merged with anything
    def one(given):
        block, blocks = given
        return attend(block, *(blocks.get(i, x) for i, x in enumerate(whole)))

    made = jnp.moveaxis(lax.map(one, (jnp.arange(-(-targets // rows)), cut)), 0, 1)
    return made.reshape(made.shape[0], -1, *made.shape[3:])[:, :targets]


def _has_targets(x: Any, axis: int, targets: int) -> bool:
    return x is not None and -x.ndim <= axis and x.shape[axis] == targets


def _cut(x: Any, axis: int, rows: int) -> Any:
    """`x` in blocks of so many targets, along a new first axis; the last one is filled up with zeros."""
    axis = axis % x.ndim
    x = jnp.moveaxis(x, axis, 0)
    x = jnp.pad(x, [(0, -len(x) % rows), *[(0, 0)] * (x.ndim - 1)]).reshape(-1, rows, *x.shape[1:])
    return jnp.moveaxis(x, 1, axis + 1)
