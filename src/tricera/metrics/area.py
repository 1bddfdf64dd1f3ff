"""AUC: the area under a curve of two shares, drawn by the threshold."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import config
from tricera.engine import scope
from tricera.engine.registry import register
from tricera.errors import report
from tricera.metrics.confusion import ConfusionMetric, checked, count
from tricera.metrics.metric import divide

_CURVES = ("PR", "ROC", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


@register("metric", "AUC")
class AUC(ConfusionMetric):
    """The area under the curve that the thresholds draw; 0.5 (ROC) is chance, 1 is perfect.

    Args:
        curve: `"ROC"`: recall over false positive rate; `"PR"`: precision over recall; `"PRGAIN"`: their gains.
        summation_method: what an interval counts: its mean height, the higher or the lower end.
        thresholds: thresholds between 0 and 1, instead of `num_thresholds` evenly spaced ones.
        multi_label: whether each column is a label with a curve of its own; `label_weights` weigh their mean.
        from_logits: whether predictions are before the sigmoid.

    Reference: Davis and Goadrich, 2006 (interpolation of PR); Flach and Kull, 2015 (gains).
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        super().__init__(dtype, name)
        self.curve = _one_of("AUC curve", curve, _CURVES)
        self.summation_method = _one_of("AUC summation method", summation_method, _METHODS)
        if thresholds is None and num_thresholds <= 1:
            what = "Argument `num_thresholds` must be an integer > 1."
            raise ValueError(report(what, got=f"num_thresholds={num_thresholds}"))
        if thresholds is None:
            scope.spend(f"AUC {self.name!r}", 8 * num_thresholds)
        inner = np.linspace(0, 1, num_thresholds)[1:-1] if thresholds is None else sorted(checked(thresholds, 0.5))
        self.num_thresholds = len(inner) + 2
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = label_weights
        self._thresholds = np.array([-config.epsilon(), *inner, 1 + config.epsilon()])
        if not multi_label:
            self._start(self._thresholds)
        elif num_labels:
            self._start(self._thresholds, (self.num_thresholds, num_labels))
        self.built = not multi_label or bool(num_labels)

    def build(self, y_true, y_pred):
        self._start(self._thresholds, (self.num_thresholds, y_pred.shape[-1]))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = jnp.asarray(y_pred)
        self.ensure_built(y_true, y_pred)
        y_pred = jax.nn.sigmoid(y_pred) if self.from_logits else y_pred
        weights = None if self.multi_label else self.label_weights
        how = {"by_label": self.multi_label, "label_weights": weights}
        self._add(count(y_true, y_pred, self._thresholds, sample_weight, **how))

    def result(self):
        if not self.built:
            return jnp.zeros((), self.dtype)
        areas = self._areas(*self._read())
        if not self.multi_label:
            return jnp.sum(areas)
        areas = jnp.sum(areas, 0)
        if self.label_weights is None:
            return jnp.mean(areas)
        weights = jnp.asarray(self.label_weights, self.dtype)
        return divide(jnp.sum(areas * weights), jnp.sum(weights))

    def _areas(self, tp: Any, fp: Any, tn: Any, fn: Any) -> Any:
        """The area of each interval between two thresholds."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated(tp, fp, fn)
        if self.curve == "ROC":
            x, y = divide(fp, fp + tn), divide(tp, tp + fn)
        elif self.curve == "PR":
            x, y = divide(tp, tp + fn), divide(tp, tp + fp)
        else:
            odds = divide(tp + fn, fp + tn)
            x, y = (1 - odds * divide(wrong, tp) for wrong in (fn, fp))
            x = jnp.where(tp > 0, jnp.maximum(x, 0), 0)
        heights = {"interpolation": (y[:-1] + y[1:]) / 2, "majoring": jnp.maximum(y[:-1], y[1:])}
        return (x[:-1] - x[1:]) * heights.get(self.summation_method, jnp.minimum(y[:-1], y[1:]))


def _interpolated(tp: Any, fp: Any, fn: Any) -> Any:
    """Areas under the PR curve, true positives linear in all positives: `slope * (d tp + intercept * log(p1 / p2))`."""
    p = tp + fp
    d_tp = tp[:-1] - tp[1:]
    slope = divide(d_tp, jnp.maximum(p[:-1] - p[1:], 0))
    intercept = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    ratio = jnp.where(both, divide(p[:-1], jnp.maximum(p[1:], 0)), 1)
    return divide(slope * (d_tp + intercept * jnp.log(ratio)), jnp.maximum(tp[1:] + fn[1:], 0))


def _one_of(what: str, value: str, choices: tuple[str, ...]) -> str:
    found = {choice.lower(): choice for choice in choices}.get(str(value).lower())
    if found is None:
        raise ValueError(report(f'Invalid {what} value: "{value}".', expected=", ".join(choices)))
    return found
