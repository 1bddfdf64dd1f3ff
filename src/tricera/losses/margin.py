"""Losses with a margin, for classes -1 and 1 (0 and 1 are taken for them)."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.losses.loss import FunctionLoss, formula


@formula()
def hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis."""
    return jnp.mean(jnp.maximum(1 - _signs(y_true) * y_pred, 0), axis=-1)


@formula()
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0)^2)` over the last axis."""
    return jnp.mean(jnp.square(jnp.maximum(1 - _signs(y_true) * y_pred, 0)), axis=-1)


@formula()
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(1 + the highest wrong score - the right score, 0)`, for one-hot `y_true`."""
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1, 0)


def _signs(y: Any) -> Any:
    return jnp.where(jnp.all((y == 0) | (y == 1)), 2 * y - 1, y)


@register("loss")
class Hinge(FunctionLoss, fn=hinge):
    """`mean(max(1 - y_true * y_pred, 0))`."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class SquaredHinge(FunctionLoss, fn=squared_hinge):
    """`mean(max(1 - y_true * y_pred, 0)^2)`."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class CategoricalHinge(FunctionLoss, fn=categorical_hinge):
    """`max(1 + the highest wrong score - the right score, 0)`."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(reduction, name, dtype)
