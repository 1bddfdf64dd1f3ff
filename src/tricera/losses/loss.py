"""Loss: what training makes small; losses made from functions; weights, masks and reduction."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import tree_util

from tricera.engine import dtypes, graph, masking, naming, registry, scope
from tricera.engine.configured import Configured
from tricera.errors import report

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Configured):
    """Base of all losses: `loss(y_true, y_pred, sample_weight)` reduces what `call(y_true, y_pred)` gives.

    Args:
        reduction: `"sum_over_batch_size"` or `"mean"` divide the weighted sum by the number of values,
            `"mean_with_sample_weight"` by the sum of the weights; `"sum"` and `"none"` divide by nothing.
        dtype: in which dtype the values are computed.
    """

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None):
        if reduction not in REDUCTIONS:
            raise ValueError(
                report(
                    "Invalid value for argument `reduction`.",
                    expected=", ".join(map(repr, REDUCTIONS)),
                    got=f"reduction={reduction!r}",
                )
            )
        self.name = name or naming.auto_name(type(self))
        self.reduction = reduction
        self.dtype_policy = dtypes.get_policy(dtype or dtypes.standardize_dtype(None))

    @property
    def dtype(self) -> str:
        """The dtype that the values are computed in."""
        return self.dtype_policy.compute_dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The values: one for each example, or for each example and step."""
        raise NotImplementedError(
            report(
                f"Loss {type(self).__name__} does not have a `call()` method.",
                fix="define `call(self, y_true, y_pred)`.",
            )
        )

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if graph.any_symbolic(y_true, y_pred, sample_weight):
            return graph.record(graph.Operation(self, self.name), (y_true, y_pred, sample_weight), {})
        mask = _first_mask(y_pred)
        y_true, y_pred = (
            tree_util.tree_map(lambda x: jnp.asarray(x, self.dtype), y, is_leaf=_is_array) for y in (y_true, y_pred)
        )
        with scope.enter(masks={}):
            values = self.call(y_true, y_pred)
            masks = [m for m in (mask, masking.get_mask(values)) if m is not None]
        return reduce_weighted(values, sample_weight, masks, self.reduction, self.dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "dtype" or value is not None}


def _first_mask(y_pred: Any) -> Any:
    masks = map(masking.get_mask, tree_util.tree_leaves(y_pred))
    return next((mask for mask in masks if mask is not None), None)


def _is_array(x: Any) -> bool:
    return isinstance(x, list | tuple) and not any(hasattr(leaf, "shape") for leaf in tree_util.tree_leaves(x))


# ---- losses made from functions


def formula(*aliases: str) -> Callable[[Callable], Callable]:
    """Decorator: a loss function of `y_true, y_pred`, which come as float arrays of one dtype and of one rank."""

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Any:
            return function(*align(*as_floats(y_true, y_pred)), *args, **kwargs)

        return registry.register("loss", *aliases)(graph.lift(call))

    return decorate


def as_floats(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as arrays of `y_pred`'s dtype, or of `floatx` if that is not a float one."""
    y_pred = jnp.asarray(y_pred)
    if not dtypes.is_float(y_pred.dtype):
        y_pred = y_pred.astype(dtypes.standardize_dtype(None))
    return jnp.asarray(y_true, y_pred.dtype), y_pred


def align(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both with one rank: a last axis of size 1 that only one of them has is dropped; a vector gets one."""
    if y_true.ndim == y_pred.ndim + 1:
        return align(y_pred, y_true)[::-1]
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        return (y_true[:, None], y_pred) if y_true.ndim == 1 else (y_true, y_pred[..., 0])
    return y_true, y_pred


class FunctionLoss(Loss):
    """A loss whose values are those of a function: `class Huber(FunctionLoss, fn=huber)`.

    Args:
        options: further arguments for the function; attributes of the loss.
    """

    fn: Callable

    def __init_subclass__(cls, fn: Callable | None = None, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if fn is not None:
            cls.fn = staticmethod(fn)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ):
        super().__init__(name or naming.snake_case(type(self).__name__), reduction, dtype)
        self._options = tuple(options)
        self.__dict__.update(options)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if hasattr(y_true, "ndim") and hasattr(y_pred, "ndim"):
            y_true, y_pred = align(y_true, y_pred)
        return self.fn(y_true, y_pred, **{option: getattr(self, option) for option in self._options})


class LossFunctionWrapper(FunctionLoss):
    """Any function of `y_true, y_pred` as a loss."""

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(reduction, name or getattr(fn, "__name__", None), dtype, **kwargs)
        self.fn = fn

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return super().from_config({**config, "fn": registry.deserialize(config["fn"], "loss")})


# ---- weights, masks, reduction


def reduce_weighted(values: Any, sample_weight: Any, masks: list[Any], reduction: str | None, dtype: Any) -> Any:
    """The weighted values, reduced; a masked value weighs nothing and does not count."""
    values = jnp.asarray(values, dtype)
    weight = None if sample_weight is None else jnp.asarray(sample_weight, dtype)
    if weight is not None:
        if weight.ndim == 2 and values.ndim == 1 and weight.shape[-1] == 1:
            values = values[:, None]
        weight = spread(weight, values)
    if masks:
        mask = math.prod(spread(jnp.asarray(mask, dtype), values) for mask in masks)
        if reduction in ("mean", "sum_over_batch_size"):
            mask = mask * _divide(mask.size, jnp.sum(mask))
        weight = mask if weight is None else weight * mask
    if weight is not None:
        values = values * weight
    if reduction in ("none", None):
        return values
    total = jnp.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return _divide(total, jnp.sum(jnp.broadcast_to(weight, values.shape)))
    return total / max(values.size, 1)


def spread(weight: Any, values: Any) -> Any:
    """`weight` with the rank of `values`: one weight an example counts for all that the example has."""
    if weight.ndim == values.ndim + 1 and values.ndim and weight.shape[-1] == 1:
        return weight[..., 0]
    if 0 < weight.ndim < values.ndim and weight.shape == values.shape[: weight.ndim]:
        return weight.reshape(*weight.shape, *(1,) * (values.ndim - weight.ndim))
    return weight


def _divide(total: Any, count: Any) -> Any:
    return jnp.where(count == 0, 0, total / jnp.where(count == 0, 1, count))
