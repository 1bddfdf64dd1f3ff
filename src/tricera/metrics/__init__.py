"""keras.metrics: numbers that tell how well a model does."""

# ruff: noqa: F401
from typing import Any

from tricera import errors
from tricera.engine import registry
from tricera.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from tricera.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from tricera.metrics.area import AUC
from tricera.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from tricera.metrics.metric import Metric
from tricera.metrics.overlap import BinaryIoU, F1Score, FBetaScore, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from tricera.metrics.probability import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from tricera.metrics.reduction import Mean, MeanMetricWrapper, Sum
from tricera.metrics.regression import (
    ConcordanceCorrelation,
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    PearsonCorrelation,
    R2Score,
    RootMeanSquaredError,
    concordance_correlation,
    pearson_correlation,
)


def get(identifier: Any) -> Any:
    """The metric that a name, a configuration, a class, a function or a metric means."""
    return registry.resolve("metric", identifier)


def serialize(metric: Any) -> Any:
    """The plain form of a metric."""
    return registry.serialize(metric)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The metric of a plain form or a name."""
    return registry.deserialize(config, "metric", custom_objects)


__getattr__ = errors.missing(__name__, globals())
