"""What happens to gradients before an optimizer uses them: clipping."""

from typing import Any

import jax.numpy as jnp


def norm(*arrays: Any) -> Any:
    """The Euclidean norm of all elements together."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(x)) for x in arrays))


def clip_norm(g: Any, limit: float) -> Any:
    """`g`, shortened to norm `limit` if it is longer."""
    return g * (limit / jnp.maximum(norm(g), limit))


def clip_global_norm(grads: list[Any], limit: float) -> list[Any]:
    """All gradients, shortened by one factor so that their norm together is at most `limit`.

    Reference: Pascanu et al., 2012, arXiv:1211.5063.
    """
    factor = limit / jnp.maximum(norm(*grads), limit)
    return [g * factor for g in grads]


def clip(grads: list[Any], clipnorm: float | None, global_clipnorm: float | None, clipvalue: float | None) -> list[Any]:
    """The gradients, clipped by the one limit that is set; `0` sets none."""
    if clipnorm and clipnorm > 0:
        return [clip_norm(g, clipnorm) for g in grads]
    if global_clipnorm and global_clipnorm > 0:
        return clip_global_norm(grads, global_clipnorm)
    if clipvalue and clipvalue > 0:
        return [jnp.clip(g, -clipvalue, clipvalue) for g in grads]
    return grads
