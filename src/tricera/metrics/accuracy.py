"""How often predictions are right."""

from typing import Any

import jax.numpy as jnp

from tricera import config
from tricera.engine import graph
from tricera.engine.registry import register
from tricera.losses.loss import align, as_floats
from tricera.metrics.reduction import FunctionMetric


@register("metric_function")
@graph.lift
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where both are equal, else 0."""
    y_true, y_pred = align(jnp.asarray(y_true), jnp.asarray(y_pred))
    return _hits(y_true == y_pred)


@register("metric_function")
@graph.lift
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where `y_pred > threshold` says what `y_true` (0 or 1) says."""
    y_true, y_pred = align(*as_floats(y_true, y_pred))
    return _hits(y_true == (y_pred > threshold))


@register("metric_function")
@graph.lift
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the most probable class is the one of the one-hot `y_true`."""
    return _hits(jnp.argmax(jnp.asarray(y_true), -1) == jnp.argmax(jnp.asarray(y_pred), -1))


@register("metric_function")
@graph.lift
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the most probable class is `y_true`, a whole number."""
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    return _hits(y_true == jnp.argmax(y_pred, -1).astype(y_true.dtype))


@register("metric_function")
@graph.lift
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class of the one-hot `y_true` is among the `k` most probable ones."""
    return sparse_top_k_categorical_accuracy(jnp.argmax(jnp.asarray(y_true), -1), y_pred, k)


@register("metric_function")
@graph.lift
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the class `y_true` is among the `k` most probable ones; what ties with the last of them is too.

    Args:
        from_sorted_ids: whether `y_pred` holds classes, the most probable first, instead of probabilities.
    """
    y_true, y_pred = jnp.asarray(y_true).astype("int32"), jnp.asarray(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if from_sorted_ids:
        return _hits(jnp.any(y_true[..., None] == y_pred[..., :k], -1))
    own = jnp.take_along_axis(y_pred, y_true[..., None], -1)
    return _hits((jnp.sum(y_pred > own, -1) < k) & ~jnp.isnan(own[..., 0]))


def _hits(where: Any) -> Any:
    return where.astype(config.floatx())


@register("metric")
class Accuracy(FunctionMetric, fn=accuracy, direction="up"):
    """How often predictions equal labels."""


@register("metric")
class BinaryAccuracy(FunctionMetric, fn=binary_accuracy, direction="up"):
    """How often `y_pred > threshold` says what the labels 0 and 1 say."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold: float | None = 0.5):
        super().__init__(name, dtype, threshold=threshold)


@register("metric")
class CategoricalAccuracy(FunctionMetric, fn=categorical_accuracy, direction="up"):
    """How often the most probable class is the right one, for one-hot labels."""


@register("metric")
class SparseCategoricalAccuracy(FunctionMetric, fn=sparse_categorical_accuracy, direction="up"):
    """How often the most probable class is the right one, for labels that are whole numbers."""


@register("metric")
class TopKCategoricalAccuracy(FunctionMetric, fn=top_k_categorical_accuracy, direction="up"):
    """How often the right class is among the `k` most probable ones, for one-hot labels."""

    def __init__(self, k: int = 5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(name, dtype, k=k)


@register("metric")
class SparseTopKCategoricalAccuracy(FunctionMetric, fn=sparse_top_k_categorical_accuracy, direction="up"):
    """How often the right class is among the `k` most probable ones, for labels that are whole numbers."""

    def __init__(self, k: int = 5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(name, dtype, k=k, from_sorted_ids=from_sorted_ids)
