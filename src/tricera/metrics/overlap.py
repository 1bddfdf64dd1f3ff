"""Intersection over union, and the F-scores: how two sets overlap, class by class."""

import warnings
from typing import Any

import jax.numpy as jnp

from tricera.engine import scope
from tricera.engine.dtypes import is_float
from tricera.engine.registry import register
from tricera.errors import report
from tricera.losses.loss import align
from tricera.metrics.metric import Metric, divide, flat_weight


@register("metric")
class IoU(Metric):
    """`true positives / (true positives + false positives + false negatives)`, mean over `target_class_ids`.

    Args:
        ignore_class: a label whose places do not count.
        sparse_y_true, sparse_y_pred: whether classes are whole numbers, not one-hot or probabilities along `axis`.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(dtype or "int32", name)
        scope.spend(f"{type(self).__name__} {self.name!r}", 64 * len(target_class_ids))
        self.target_class_ids = list(target_class_ids)
        if max(self.target_class_ids) >= num_classes:
            what, got = "Each target class id must be below `num_classes`.", f"target_class_ids={self.target_class_ids}"
            raise ValueError(report(what, expected=f"ids in [0, {num_classes})", got=got))
        self.num_classes, self.ignore_class, self.axis = num_classes, ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        true, pred = self._classes(y_true, self.sparse_y_true), self._classes(y_pred, self.sparse_y_pred)
        weight = jnp.asarray(1 if sample_weight is None else sample_weight)
        if is_float(weight.dtype) and not is_float(self.dtype):
            what = f"You are passing weight as `float`, but dtype is `{self.dtype}`: casting makes integers of weights."
            warnings.warn(report(what, fix='give integer weights, or the metric `dtype="float32"`.'), stacklevel=2)
        weight = flat_weight(weight.astype(self.dtype), true)
        true, pred, weight = true.reshape(-1), pred.reshape(-1), weight.reshape(-1).astype(self.dtype)
        if self.ignore_class is not None:
            weight = jnp.where(true == self.ignore_class, 0, weight)
        known = (true >= 0) & (pred >= 0)
        weight = jnp.where(known, weight, 0).astype(self.dtype)
        none = jnp.zeros(self.total_cm.shape, self.dtype)
        self.total_cm.assign_add(none.at[true, pred].add(weight, mode="drop"))

    def _classes(self, y: Any, sparse: bool) -> Any:
        y = jnp.asarray(y)
        return (y if sparse else jnp.argmax(y, self.axis)).astype("int32")

    def result(self):
        matrix = self.total_cm.raw().astype("float32")
        hits = jnp.diagonal(matrix)
        union = jnp.sum(matrix, 0) + jnp.sum(matrix, 1) - hits
        hits, union = (x[jnp.asarray(self.target_class_ids)] for x in (hits, union))
        return divide(jnp.sum(divide(hits, union)), jnp.sum(union > 0))


@register("metric")
class BinaryIoU(IoU):
    """IoU of `y_pred >= threshold` with labels 0 and 1.

    Args:
        threshold: None if predictions are 0 and 1 already.
    """

    def __init__(self, target_class_ids=(0, 1), threshold: float = 0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = jnp.asarray(y_pred)
        says = y_pred if self.threshold is None else y_pred >= self.threshold
        super().update_state(y_true, says, sample_weight)


@register("metric")
class MeanIoU(IoU):
    """The mean IoU of all classes."""

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


@register("metric")
class OneHotIoU(IoU):
    """IoU of one-hot labels."""

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class: int | None = None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


@register("metric")
class OneHotMeanIoU(MeanIoU):
    """The mean IoU of all classes, for one-hot labels."""

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class: int | None = None, sparse_y_pred=False, axis=-1
    ):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)


# ---- F-scores

_AVERAGES = (None, "micro", "macro", "weighted")


@register("metric", "fbeta_score")
class FBetaScore(Metric):
    """`(1 + beta^2) * precision * recall / (beta^2 * precision + recall)` of each class.

    Args:
        average: None for one number a class; `"macro"` their mean, `"weighted"` by how often a class occurs,
            `"micro"` of all counts together.
        beta: how many times recall matters as much as precision.
        threshold: above what a prediction is a yes; None takes the most probable class.
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(dtype, name)
        if average not in _AVERAGES:
            choices = ", ".join(map(repr, _AVERAGES))
            raise ValueError(report("Invalid `average` argument value.", expected=choices, got=f"average={average!r}"))
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(report("Invalid `beta` argument value.", expected="a float > 0", got=f"beta={beta!r}"))
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            what, got = "Invalid `threshold` argument value.", f"threshold={threshold!r}"
            raise ValueError(report(what, expected="a float in (0, 1]", got=got))
        self.average, self.beta, self.threshold = average, beta, threshold

    def build(self, y_true, y_pred):
        shape = () if self.average == "micro" else (y_pred.shape[-1],)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, name="intermediate_weights")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = align(jnp.asarray(y_true, self.dtype), jnp.asarray(y_pred, self.dtype))
        if not y_true.ndim == y_pred.ndim == 2:
            what = f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim)."
            raise ValueError(report(what, got=f"y_true {y_true.shape}, y_pred {y_pred.shape}"))
        self.ensure_built(y_true, y_pred)
        if self.threshold is None:
            best = jnp.max(y_pred, -1, keepdims=True)
            says = ((y_pred >= best) & (jnp.abs(y_pred) > 1e-9)).astype(self.dtype)
        else:
            says = (y_pred > self.threshold).astype(self.dtype)
        weight = flat_weight(1.0 if sample_weight is None else sample_weight, y_true)
        axis = None if self.average == "micro" else 0
        self.true_positives.assign_add(jnp.sum(says * y_true * weight, axis))
        self.false_positives.assign_add(jnp.sum(says * (1 - y_true) * weight, axis))
        self.false_negatives.assign_add(jnp.sum((1 - says) * y_true * weight, axis))
        self.intermediate_weights.assign_add(jnp.sum(y_true * weight, axis))

    def result(self):
        if not self.built:
            return jnp.zeros((), self.dtype)
        tp, fp, fn = (v.raw() for v in (self.true_positives, self.false_positives, self.false_negatives))
        precision, recall = divide(tp, tp + fp), divide(tp, tp + fn)
        square = self.beta**2
        score = divide((1 + square) * precision * recall, square * precision + recall)
        if self.average == "macro":
            return jnp.mean(score)
        if self.average == "weighted":
            occurs = self.intermediate_weights.raw()
            return jnp.sum(score * divide(occurs, jnp.sum(occurs)))
        return score


@register("metric")
class F1Score(FBetaScore):
    """`2 * precision * recall / (precision + recall)` of each class."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, 1.0, threshold, name, dtype)
