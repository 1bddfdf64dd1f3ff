"""Crossentropies, divergences and margins as metrics."""

from tricera.engine.registry import register
from tricera.losses import classification, margin, regression
from tricera.metrics.reduction import MeanMetricWrapper


@register("metric", "bce", "BCE")
class BinaryCrossentropy(MeanMetricWrapper, fn=classification.binary_crossentropy, direction="down"):
    """The mean binary crossentropy."""

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(self.fn, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


@register("metric")
class CategoricalCrossentropy(MeanMetricWrapper, fn=classification.categorical_crossentropy, direction="down"):
    """The mean crossentropy for one-hot labels."""

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        super().__init__(self.fn, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


@register("metric")
class SparseCategoricalCrossentropy(
    MeanMetricWrapper, fn=classification.sparse_categorical_crossentropy, direction="down"
):
    """The mean crossentropy for labels that are whole numbers."""

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1
    ):
        super().__init__(self.fn, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)


@register("metric", "kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(MeanMetricWrapper, fn=classification.kl_divergence, direction="down"):
    """The mean of `sum(y_true * log(y_true / y_pred))`."""

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(self.fn, name, dtype)


@register("metric")
class Poisson(MeanMetricWrapper, fn=regression.poisson, direction="down"):
    """The mean of `y_pred - y_true * log(y_pred)`."""

    def __init__(self, name="poisson", dtype=None):
        super().__init__(self.fn, name, dtype)


@register("metric")
class Hinge(MeanMetricWrapper, fn=margin.hinge, direction="down"):
    """The mean of `max(1 - y_true * y_pred, 0)`."""

    def __init__(self, name="hinge", dtype=None):
        super().__init__(self.fn, name, dtype)


@register("metric")
class SquaredHinge(MeanMetricWrapper, fn=margin.squared_hinge, direction="down"):
    """The mean of `max(1 - y_true * y_pred, 0)^2`."""

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(self.fn, name, dtype)


@register("metric")
class CategoricalHinge(MeanMetricWrapper, fn=margin.categorical_hinge, direction="down"):
    """The mean of `max(1 + the highest wrong score - the right score, 0)`."""

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(self.fn, name, dtype)
