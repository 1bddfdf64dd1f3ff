"""Losses between numbers."""

from typing import Any

import jax
import jax.numpy as jnp

from tricera import config
from tricera.engine.registry import register
from tricera.losses.loss import FunctionLoss, formula


@formula("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((y_true - y_pred)^2)` over the last axis."""
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


@formula("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)` over the last axis."""
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


@formula("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 * mean(|(y_true - y_pred) / y_true|)` over the last axis."""
    return 100 * jnp.mean(jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), config.epsilon())), axis=-1)


@formula("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((log(1 + y_true) - log(1 + y_pred))^2)` over the last axis; negative numbers count as zero."""
    log_true, log_pred = (jnp.log(jnp.maximum(y, config.epsilon()) + 1) for y in (y_true, y_pred))
    return jnp.mean(jnp.square(log_true - log_pred), axis=-1)


@formula()
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """The mean of `e^2 / 2` where `|e| <= delta`, else of `delta * |e| - delta^2 / 2`.

    Reference: Huber, 1964, "Robust estimation of a location parameter".
    """
    e = jnp.abs(y_true - y_pred)
    return jnp.mean(jnp.where(e <= delta, 0.5 * e**2, delta * e - 0.5 * delta**2), axis=-1)


@formula("logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """`mean(log(cosh(y_pred - y_true)))` over the last axis."""
    e = y_pred - y_true
    return jnp.mean(e + jax.nn.softplus(-2 * e) - jnp.log(2.0).astype(e.dtype), axis=-1)


@formula("cosine_proximity")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between both: -1 for the same direction."""
    return -jnp.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


@formula()
def poisson(y_true: Any, y_pred: Any) -> Any:
    """`mean(y_pred - y_true * log(y_pred))`: minus the log likelihood of counts, up to a constant."""
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + config.epsilon()), axis=-1)


def unit(x: Any, axis: int) -> Any:
    """`x` with a norm of 1 along `axis`; zeros stay zeros."""
    return x / jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(x), axis=axis, keepdims=True), 1e-12))


@register("loss")
class MeanSquaredError(FunctionLoss, fn=mean_squared_error):
    """`mean((y_true - y_pred)^2)`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class MeanAbsoluteError(FunctionLoss, fn=mean_absolute_error):
    """`mean(|y_true - y_pred|)`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class MeanAbsolutePercentageError(FunctionLoss, fn=mean_absolute_percentage_error):
    """`100 * mean(|(y_true - y_pred) / y_true|)`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class MeanSquaredLogarithmicError(FunctionLoss, fn=mean_squared_logarithmic_error):
    """`mean((log(1 + y_true) - log(1 + y_pred))^2)`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class Huber(FunctionLoss, fn=huber):
    """Squared for errors up to `delta`, linear above."""

    def __init__(self, delta: float = 1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(reduction, name, dtype, delta=delta)


@register("loss")
class LogCosh(FunctionLoss, fn=log_cosh):
    """`mean(log(cosh(y_pred - y_true)))`: squared for small errors, linear for large ones."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(reduction, name, dtype)


@register("loss")
class CosineSimilarity(FunctionLoss, fn=cosine_similarity):
    """Minus the cosine of the angle between both, along `axis`."""

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(reduction, name, dtype, axis=axis)


@register("loss")
class Poisson(FunctionLoss, fn=poisson):
    """`mean(y_pred - y_true * log(y_pred))`."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(reduction, name, dtype)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
logcosh = log_cosh
