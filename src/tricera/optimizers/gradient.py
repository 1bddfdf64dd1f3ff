"""What happens to gradients before an optimizer uses them: clipping."""

from typing import Any

import jax.numpy as jnp


def norm(*arrays: Any) -> Any:
    """The Euclidean norm of all elements together."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(x)) for x in arrays))


def clip(grads: list[Any], clipnorm: float | None, global_clipnorm: float | None, clipvalue: float | None) -> list[Any]:
    """The gradients, clipped by the one limit that is set; `0` sets none.

    Reference: Pascanu et al., 2012, arXiv:1211.5063 (`global_clipnorm`: one factor for all, by their norm together).
    """
    if clipnorm and clipnorm > 0:
        return [g * _factor(clipnorm, g) for g in grads]
    if global_clipnorm and global_clipnorm > 0:
        factor = _factor(global_clipnorm, *grads)
        return [g * factor for g in grads]
    if clipvalue and clipvalue > 0:
        return [jnp.clip(g, -clipvalue, clipvalue) for g in grads]
    return grads


def _factor(limit: float, *arrays: Any) -> Any:
    """What shortens the arrays to a norm of `limit` if it is longer."""
    return limit / jnp.maximum(norm(*arrays), limit)
