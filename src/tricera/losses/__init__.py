"""keras.losses: what training makes small."""

# ruff: noqa: F401
from typing import Any

from tricera import errors
from tricera.engine import registry
from tricera.losses.classification import (
    BCE,
    KLD,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    SparseCategoricalCrossentropy,
    bce,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    kld,
    kullback_leibler_divergence,
    sparse_categorical_crossentropy,
)
from tricera.losses.loss import FunctionLoss, Loss, LossFunctionWrapper
from tricera.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from tricera.losses.regression import (
    MAE,
    MAPE,
    MSE,
    MSLE,
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    cosine_similarity,
    huber,
    log_cosh,
    logcosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
)
from tricera.losses.structure import CTC, Circle, Dice, Tversky, circle, ctc, dice, tversky


def get(identifier: Any) -> Any:
    """The loss that a name (of a function, or of a class), a configuration, a class or a loss means."""
    return registry.resolve("loss", identifier)


def serialize(loss: Any) -> Any:
    """The plain form of a loss."""
    return registry.serialize(loss)


def deserialize(name: Any, custom_objects: Any = None) -> Any:
    """The loss of a plain form or a name."""
    return registry.deserialize(name, "loss", custom_objects)


__getattr__ = errors.missing(__name__, globals())
