"""Metric: a number gathered over batches, in variables that start at zero."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import initializers
from tricera.engine import dtypes, naming, scope, tracking
from tricera.engine.configured import Configured
from tricera.engine.pure import stateless
from tricera.engine.variable import Variable, standardize_shape
from tricera.errors import report


class Metric(Configured):
    """Base of all metrics: `update_state` adds a batch to the variables, `result` makes the number of them.

    A metric whose variables depend on the shapes of its inputs makes them in `build(y_true, y_pred)`, and calls
    `ensure_built` first in `update_state`.
    """

    tracked_as = "metric"
    _direction: str | None = None  # which way is better, "up" or "down", for callbacks that are not told

    def __new__(cls, *args: Any, **kwargs: Any):
        metric = super().__new__(cls)
        metric.__dict__["_variables"] = []
        metric.__dict__["built"] = cls.build is Metric.build
        return metric

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or naming.auto_name(type(self))
        self.dtype_policy = dtypes.get_policy(dtype or dtypes.standardize_dtype(None))

    @property
    def dtype(self) -> str:
        """The dtype of the variables."""
        return self.dtype_policy.variable_dtype

    @property
    def variables(self) -> list[Variable]:
        """The variables of this metric and of those that it holds."""
        inner = (variable for metric in tracking.held(self, "metric") for variable in metric.variables)
        return tracking.unique([*tracking.held(self, "variable"), *inner])

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable, zeros unless `initializer` says otherwise."""
        initializer = initializers.get("zeros" if initializer is None else initializer)
        with scope.enter(path=(self.name,), values=None):
            kind: dict[str, Any] = {"trainable": False, "autocast": False, "aggregation": aggregation, "name": name}
            variable = Variable(initializer, standardize_shape(shape), dtype or self.dtype, **kind)
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """`add_variable`, by its older name."""
        if isinstance(shape, str):  # Keras 2's order: name, shape
            shape, name = (() if initializer is None or isinstance(initializer, str) else initializer), shape
            initializer = None
        return self.add_variable(shape, initializer, dtype, name=name)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the variables that depend on the shapes of the inputs."""
        self.built = True

    def ensure_built(self, y_true: Any, y_pred: Any) -> None:
        """Make the variables that depend on shapes, if there are any and nobody has made them."""
        if not self.built:
            self.build(y_true, y_pred)
            self.built = True

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch."""
        what = f"Metric {type(self).__name__} does not have an `update_state()` method."
        raise NotImplementedError(report(what, fix="define it."))

    def result(self) -> Any:
        """The number (or a dict of numbers) of all batches since the last reset."""
        what = f"Metric {type(self).__name__} does not have a `result()` method."
        raise NotImplementedError(report(what, fix="define it."))

    def reset_state(self) -> None:
        """Set all variables to zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, jnp.dtype(variable.dtype)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    # ---- functions

    def stateless_update_state(self, metric_variables: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """The variables' values after the update of these values."""
        with self._holding(metric_variables) as table:
            self.update_state(*args, **kwargs)
            return [table[variable] for variable in self.variables]

    def stateless_result(self, metric_variables: Any) -> Any:
        """The result for these values of the variables."""
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The variables' values after a reset."""
        variables = self.variables
        with stateless(variables, [variable.raw() for variable in variables]) as table:
            self.reset_state()
        return [table[variable] for variable in variables]

    def _holding(self, values: Any) -> Any:
        variables = self.variables
        if len(values) != len(variables):
            what = f'Metric "{self.name}": argument `metric_variables` must have one value for each variable.'
            raise ValueError(report(what, expected=[v.path for v in variables], got=f"{len(values)} values"))
        return stateless(variables, values)

    # ---- configuration

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dtype": self.dtype}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def divide(total: Any, count: Any) -> Any:
    """`total / count`, 0 where nothing was counted."""
    return jnp.where(count == 0, 0, total / jnp.where(count == 0, 1, count))


def flat_weight(weight: Any, like: Any) -> jax.Array:
    """`weight` spread to the shape of `like`: weights of an example count for all that it has."""
    weight = jnp.asarray(weight)
    weight = weight.reshape(*weight.shape, *(1,) * (like.ndim - weight.ndim))
    return jnp.broadcast_to(weight, like.shape)
