"""Errors and correlations of numbers."""

from typing import Any

import jax.numpy as jnp

from tricera.engine import graph
from tricera.engine.registry import register
from tricera.errors import report
from tricera.losses import regression
from tricera.losses.loss import align, as_floats
from tricera.metrics.metric import Metric, divide, flat_weight
from tricera.metrics.reduction import FunctionMetric, Mean


@register("metric", "mse", "MSE")
class MeanSquaredError(FunctionMetric, fn=regression.mean_squared_error, direction="down"):
    """The mean of `(y_true - y_pred)^2`."""


@register("metric", "rmse", "RMSE")
class RootMeanSquaredError(Mean):
    """The root of the mean of `(y_true - y_pred)^2`."""

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = align(*as_floats(y_true, y_pred))
        super().update_state(jnp.square(y_pred - y_true), sample_weight)

    def result(self):
        return jnp.sqrt(super().result())


@register("metric", "mae", "MAE")
class MeanAbsoluteError(FunctionMetric, fn=regression.mean_absolute_error, direction="down"):
    """The mean of `|y_true - y_pred|`."""


@register("metric", "mape", "MAPE")
class MeanAbsolutePercentageError(FunctionMetric, fn=regression.mean_absolute_percentage_error, direction="down"):
    """The mean of `100 * |(y_true - y_pred) / y_true|`."""


@register("metric", "msle", "MSLE")
class MeanSquaredLogarithmicError(FunctionMetric, fn=regression.mean_squared_logarithmic_error, direction="down"):
    """The mean of `(log(1 + y_true) - log(1 + y_pred))^2`."""


@register("metric", "logcosh", "log_cosh")
class LogCoshError(FunctionMetric, fn=regression.log_cosh, direction="down", name="logcosh"):
    """The mean of `log(cosh(y_pred - y_true))`."""


def _cosine(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    return -regression.cosine_similarity(y_true, y_pred, axis)


@register("metric", "cosine_proximity")
class CosineSimilarity(FunctionMetric, fn=_cosine, direction="up", axis=-1):
    """The mean cosine of the angle between both; 1 for the same direction."""


# ---- correlations


@register("metric_function")
@graph.lift
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """`cov(y_true, y_pred) / (std(y_true) * std(y_pred))` along `axis`."""
    dt, dp = (y - jnp.mean(y, axis, keepdims=True) for y in align(*as_floats(y_true, y_pred)))
    dt, dp = (regression.unit(d, axis) for d in (dt, dp))
    return jnp.sum(dt * dp, axis)


@register("metric_function")
@graph.lift
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """`2 cov / (var(y_true) + var(y_pred) + (mean(y_true) - mean(y_pred))^2)` along `axis`.

    Reference: Lin, 1989, "A concordance correlation coefficient to evaluate reproducibility".
    """
    y_true, y_pred = align(*as_floats(y_true, y_pred))
    mt, mp = (jnp.mean(y, axis, keepdims=True) for y in (y_true, y_pred))
    covariance = jnp.mean((y_true - mt) * (y_pred - mp), axis)
    apart = jnp.squeeze(jnp.square(mt - mp), axis)
    return 2 * covariance / (jnp.var(y_true, axis) + jnp.var(y_pred, axis) + apart + 1e-7)


@register("metric")
class PearsonCorrelation(FunctionMetric, fn=pearson_correlation, direction="up", axis=-1):
    """The mean correlation along `axis`."""


@register("metric")
class ConcordanceCorrelation(FunctionMetric, fn=concordance_correlation, direction="up", axis=-1):
    """The mean concordance along `axis`: 1 only where both agree, not where one is a multiple of the other."""


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@register("metric")
class R2Score(Metric):
    """`1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2)`, for each output.

    Args:
        class_aggregation: None for one number an output, or how to average them.
        num_regressors: the number of features, for the adjusted score.
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(dtype, name)
        if class_aggregation not in _AGGREGATIONS:
            what, choices = "Invalid value for argument `class_aggregation`.", ", ".join(map(repr, _AGGREGATIONS))
            raise ValueError(report(what, expected=choices, got=f"class_aggregation={class_aggregation!r}"))
        if num_regressors < 0:
            what, got = "Invalid value for argument `num_regressors`.", f"num_regressors={num_regressors}"
            raise ValueError(report(what, expected="a value >= 0", got=got))
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def build(self, y_true, y_pred):
        outputs = y_pred.shape[-1]
        self.squared_sum = self.add_variable((outputs,), name="squared_sum")
        self.sum = self.add_variable((outputs,), name="sum")
        self.total_mse = self.add_variable((outputs,), name="residual")
        self.count = self.add_variable((outputs,), name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = align(*as_floats(y_true, y_pred))
        self.ensure_built(y_true, y_pred)
        weight = flat_weight(1.0 if sample_weight is None else sample_weight, y_true)
        self.sum.assign_add(jnp.sum(weight * y_true, 0))
        self.squared_sum.assign_add(jnp.sum(weight * y_true**2, 0))
        self.total_mse.assign_add(jnp.sum(weight * (y_true - y_pred) ** 2, 0))
        self.count.assign_add(jnp.sum(weight, 0))
        self.num_samples.assign_add(y_true.size)  # all outputs count, as in Keras

    def result(self):
        n, count = self.num_samples.raw(), self.count.raw()
        total = self.squared_sum.raw() - self.sum.raw() * divide(self.sum.raw(), count)
        score = 1 - self.total_mse.raw() / total
        score = jnp.where(jnp.isinf(score), 0, score)
        if self.class_aggregation == "uniform_average":
            score = jnp.mean(score)
        if self.class_aggregation == "variance_weighted_average":
            score = jnp.sum(score * total) / jnp.sum(total)
        if self.num_regressors:
            free = n - self.num_regressors - 1
            score = jnp.where(free > 0, 1 - (1 - score) * (n - 1) / jnp.where(free > 0, free, 1), score)
        return score
