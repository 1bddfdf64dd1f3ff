"""Sums and means over batches, and metrics that are the mean of a function's values."""

import inspect
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from tricera.engine import masking, naming, registry, scope
from tricera.engine.registry import register
from tricera.losses.loss import spread
from tricera.metrics.metric import Metric, divide


@register("metric")
class Sum(Metric):
    """The weighted sum of all values."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values, sample_weight=None):
        totals, _ = by_example(values, sample_weight, masking.get_mask(values), self.dtype, jnp.sum)
        self.total.assign_add(jnp.sum(totals))

    def result(self):
        return self.total.raw()


@register("metric")
class Mean(Metric):
    """The weighted mean of all examples; an example with several values counts by their mean."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def update_state(self, values, sample_weight=None):
        self._add(values, sample_weight, masking.get_mask(values))

    def _add(self, values: Any, sample_weight: Any, mask: Any) -> None:
        means, weights = by_example(values, sample_weight, mask, self.dtype, jnp.mean)
        self.total.assign_add(jnp.sum(means))
        self.count.assign_add(means.size if weights is None else jnp.sum(weights))

    def result(self):
        return divide(self.total.raw(), self.count.raw())


def by_example(values: Any, weight: Any, mask: Any, dtype: Any, reduce: Callable) -> tuple[Any, Any]:
    """The weighted values and the weights, both reduced to one number an example; None where nothing weighs."""
    values = jnp.asarray(values, dtype)
    weight = None if weight is None else jnp.asarray(weight, dtype)
    if mask is not None:
        mask = spread(jnp.asarray(mask, dtype), weight) if weight is not None else jnp.asarray(mask, dtype)
        weight = mask if weight is None else _spread_to(weight, mask) * mask
    if weight is not None:
        if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        values = reduce(values, axis=tuple(range(weight.ndim, values.ndim))) if weight.ndim else values
        weight = jnp.broadcast_to(weight, values.shape)
        values = values * weight
        weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
    return reduce(values, axis=tuple(range(1, values.ndim))), weight


def _spread_to(weight: Any, mask: Any) -> Any:
    return weight.reshape(*weight.shape, *(1,) * (mask.ndim - weight.ndim))


@register("metric")
class MeanMetricWrapper(Mean):
    """The mean of `fn(y_true, y_pred)`.

    Args:
        kwargs: further arguments for the function; attributes of the metric.
    """

    fn: Callable

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        if fn is not getattr(type(self), "fn", None):
            self.fn = fn
        self._options = tuple(kwargs)
        self.__dict__.update(kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        mask = masking.get_mask(y_pred)
        with scope.enter(masks={}):  # the function may mask values too: `ignore_class`
            values = self.fn(y_true, y_pred, **{option: getattr(self, option) for option in self._options})
            own = masking.get_mask(values)
        self._add(values, sample_weight, mask if own is None else own)

    @classmethod
    def from_config(cls, config):
        if isinstance(config.get("fn"), str):
            config = {**config, "fn": registry.find("metric_function", config["fn"], registry.names("loss"))}
        return super().from_config(config)


class FunctionMetric(MeanMetricWrapper):
    """The mean of a function, as a class: `class Name(FunctionMetric, fn=function)`.

    Its constructor is `Name(name="name", dtype=None)`, unless it defines one; further keywords of the class are further
    arguments for the function, with their defaults.
    """

    def __init_subclass__(cls, fn: Callable | None = None, direction: str | None = None, **defaults: Any):
        super().__init_subclass__()
        if fn is not None:
            cls.fn, cls._direction = staticmethod(fn), direction
            if "__init__" not in vars(cls):
                cls.__init__ = _constructor({"name": naming.snake_case(cls.__name__), "dtype": None} | defaults)

    def __init__(self, name=None, dtype=None, **options):
        super().__init__(self.fn, name, dtype, **options)


def _constructor(defaults: dict[str, Any]) -> Callable:
    """The constructor of a `FunctionMetric` whose arguments have these defaults."""
    place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    arguments = [inspect.Parameter(name, place, default=default) for name, default in defaults.items()]
    signature = inspect.Signature([inspect.Parameter("self", place), *arguments])

    def __init__(*args: Any, **kwargs: Any) -> None:
        FunctionMetric.__init__(**{**defaults, **signature.bind(*args, **kwargs).arguments})

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__
