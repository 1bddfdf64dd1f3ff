"""Crossentropies, divergences and margins as metrics."""

from tricera import losses
from tricera.engine.registry import register
from tricera.metrics.reduction import FunctionMetric


@register("metric", "bce", "BCE")
class BinaryCrossentropy(
    FunctionMetric, fn=losses.binary_crossentropy, direction="down", from_logits=False, label_smoothing=0
):
    """The mean binary crossentropy."""


@register("metric")
class CategoricalCrossentropy(
    FunctionMetric,
    fn=losses.categorical_crossentropy,
    direction="down",
    from_logits=False,
    label_smoothing=0,
    axis=-1,
):
    """The mean crossentropy for one-hot labels."""


@register("metric")
class SparseCategoricalCrossentropy(
    FunctionMetric,
    fn=losses.sparse_categorical_crossentropy,
    direction="down",
    from_logits=False,
    ignore_class=None,
    axis=-1,
):
    """The mean crossentropy for labels that are whole numbers."""


@register("metric", "kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(FunctionMetric, fn=losses.kl_divergence, direction="down"):
    """The mean of `sum(y_true * log(y_true / y_pred))`."""


@register("metric")
class Poisson(FunctionMetric, fn=losses.poisson, direction="down"):
    """The mean of `y_pred - y_true * log(y_pred)`."""


@register("metric")
class Hinge(FunctionMetric, fn=losses.hinge, direction="down"):
    """The mean of `max(1 - y_true * y_pred, 0)`."""


@register("metric")
class SquaredHinge(FunctionMetric, fn=losses.squared_hinge, direction="down"):
    """The mean of `max(1 - y_true * y_pred, 0)^2`."""


@register("metric")
class CategoricalHinge(FunctionMetric, fn=losses.categorical_hinge, direction="down"):
    """The mean of `max(1 + the highest wrong score - the right score, 0)`."""
