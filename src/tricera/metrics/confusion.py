"""Metrics of yes-or-no predictions at thresholds: formulas over the four counts of a confusion matrix."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tricera.engine import scope
from tricera.engine.registry import register
from tricera.errors import report
from tricera.losses.loss import align
from tricera.metrics.metric import Metric, divide, flat_weight

COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_SHARES = {
    "precision": ("true_positives", "false_positives"),
    "recall": ("true_positives", "false_negatives"),
    "sensitivity": ("true_positives", "false_negatives"),
    "specificity": ("true_negatives", "false_positives"),
}


def count(
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    sample_weight: Any = None,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: Any = None,
) -> dict[str, Any]:
    """The weighted counts of a batch: each `(thresholds,)`, or `(thresholds, labels)` if `by_label`."""
    y_true, y_pred = align(jnp.asarray(y_true, "float32"), jnp.asarray(y_pred, "float32"))
    weight = flat_weight(1.0 if sample_weight is None else sample_weight, y_pred)
    if label_weights is not None:
        weight = weight * jnp.asarray(label_weights)
    if top_k is not None:
        highest = jax.nn.one_hot(lax.top_k(y_pred, top_k)[1], y_pred.shape[-1], dtype=bool).any(-2)
        y_pred = jnp.where(highest, y_pred, -jnp.inf)
    if class_id is not None:
        if y_pred.ndim < 2:
            what = "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes)."
            raise ValueError(report(what, got=f"shape {y_pred.shape}"))
        y_true, y_pred, weight = (x[..., class_id] for x in (y_true, y_pred, weight))
    shape = (-1, y_pred.shape[-1]) if by_label else (-1,)
    y_true, y_pred, weight = (x.reshape(shape) for x in (y_true, y_pred, weight))
    thresholds = jnp.asarray(thresholds, "float32").reshape(-1, *(1,) * y_pred.ndim)
    says, positive = y_pred > thresholds, y_true.astype(bool)
    parts = (says & positive, says & ~positive, ~says & ~positive, ~says & positive)
    return {name: jnp.sum(jnp.where(part, weight, 0), axis=1) for name, part in zip(COUNTS, parts, strict=True)}


class ConfusionMetric(Metric):
    """Base: counts what `counted` names, at `self._thresholds`."""

    counted: Sequence[str] = COUNTS

    def _start(self, thresholds: Any, shape: tuple[int, ...] | None = None) -> None:
        self._thresholds = np.asarray(thresholds, "float64")
        for name in self.counted:
            setattr(self, name, self.add_variable(shape or self._thresholds.shape, name=name))

    def _add(self, found: dict[str, Any]) -> None:
        for name in self.counted:
            getattr(self, name).assign_add(found[name])

    def _read(self) -> list[Any]:
        return [getattr(self, name).raw() for name in self.counted]

    def _share(self, one: str, other: str) -> Any:
        """The first of two counts, divided by both."""
        first, second = getattr(self, one).raw(), getattr(self, other).raw()
        return divide(first, first + second)

    @property
    def thresholds(self) -> list[float]:
        """Above what a prediction counts as yes."""
        return self._thresholds.tolist()


def checked(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list.

    Raises:
        ValueError: one is not in [0, 1].
    """
    found = [default] if thresholds is None else np.atleast_1d(thresholds).tolist()
    outside = [t for t in found if not 0 <= t <= 1] if thresholds is not None else []
    if outside:
        raise ValueError(report("Threshold values must be in [0, 1].", got=outside))
    return found


def _scalar(x: Any) -> Any:
    return x[0] if x.shape == (1,) else x


class _Count(ConfusionMetric):
    """One of the four counts."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None):
        super().__init__(dtype, name)
        self._thresholds = np.asarray(checked(thresholds, 0.5))
        self.accumulator = self.add_variable(self._thresholds.shape, name="accumulator")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.accumulator.assign_add(count(y_true, y_pred, self._thresholds, sample_weight)[self.counted[0]])

    def result(self):
        return _scalar(self.accumulator.raw())


@register("metric")
class TruePositives(_Count):
    """How often yes was right."""

    counted = ("true_positives",)


@register("metric")
class FalsePositives(_Count):
    """How often yes was wrong."""

    counted = ("false_positives",)


@register("metric")
class TrueNegatives(_Count):
    """How often no was right."""

    counted = ("true_negatives",)


@register("metric")
class FalseNegatives(_Count):
    """How often no was wrong."""

    counted = ("false_negatives",)


class _Share(ConfusionMetric):
    """The first of two counts, divided by both.

    Args:
        thresholds: above what a prediction is a yes: one number or several; 0.5 by default.
        top_k: count only the `k` highest predictions of an example as yes.
        class_id: the only class to look at.
    """

    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(dtype, name)
        self.top_k, self.class_id = top_k, class_id
        self._start(checked(thresholds, 0.5 if top_k is None else -1e10))

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._add(count(y_true, y_pred, self._thresholds, sample_weight, self.top_k, self.class_id))

    def result(self):
        return _scalar(self._share(*self.counted))


@register("metric")
class Precision(_Share):
    """`true positives / (true positives + false positives)`: how much of what was found is right."""

    counted = _SHARES["precision"]


@register("metric")
class Recall(_Share):
    """`true positives / (true positives + false negatives)`: how much of what is right was found."""

    counted = _SHARES["recall"]


# ---- one number at the best of many thresholds


class _Best(ConfusionMetric):
    """The highest share `wanted` among the thresholds whose share `bound` is at least a value; 0 if there is none.

    Args:
        num_thresholds: how many evenly spaced thresholds to try.
        class_id: the only class to look at.
    """

    wanted: str
    bound: str

    _direction = "up"

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any):
        super().__init__(dtype, name)
        if not 0 <= value <= 1:
            what = f"Argument `{self.bound}` must be in the range [0, 1]."
            raise ValueError(report(what, got=f"{self.bound}={value}"))
        if num_thresholds <= 0:
            what = "Argument `num_thresholds` must be an integer > 0."
            raise ValueError(report(what, got=f"num_thresholds={num_thresholds}"))
        setattr(self, self.bound, value)
        self.num_thresholds, self.class_id = num_thresholds, class_id
        scope.spend(f"{type(self).__name__} {self.name!r}", 8 * num_thresholds)
        self._start(np.linspace(0, 1, num_thresholds) if num_thresholds > 1 else [0.5])

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._add(count(y_true, y_pred, self._thresholds, sample_weight, class_id=self.class_id))

    def result(self):
        bounded, wanted = (self._share(*_SHARES[name]) for name in (self.bound, self.wanted))
        return jnp.max(jnp.where(bounded >= getattr(self, self.bound), wanted, 0))


@register("metric")
class SensitivityAtSpecificity(_Best):
    """The best `tp / (tp + fn)` where `tn / (tn + fp) >= specificity`."""

    wanted, bound = "sensitivity", "specificity"

    def __init__(self, specificity, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


@register("metric")
class SpecificityAtSensitivity(_Best):
    """The best `tn / (tn + fp)` where `tp / (tp + fn) >= sensitivity`."""

    wanted, bound = "specificity", "sensitivity"

    def __init__(self, sensitivity, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


@register("metric")
class PrecisionAtRecall(_Best):
    """The best `tp / (tp + fp)` where `tp / (tp + fn) >= recall`."""

    wanted, bound = "precision", "recall"

    def __init__(self, recall, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


@register("metric")
class RecallAtPrecision(_Best):
    """The best `tp / (tp + fn)` where `tp / (tp + fp) >= precision`."""

    wanted, bound = "recall", "precision"

    def __init__(self, precision, num_thresholds: int = 200, class_id: int | None = None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
