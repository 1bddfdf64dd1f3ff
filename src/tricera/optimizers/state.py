"""What an optimizer keeps: its variables, and the learning rate among them."""

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from tricera.engine import registry, scope, tracking
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.optimizers.hyperparameters import Parametric
from tricera.optimizers.schedules.schedule import LearningRateSchedule


class OptimizerState(Parametric):
    """The variables of an optimizer: iteration, learning rate, then what it keeps for each trained variable."""

    def _begin(self, name: str, learning_rate: Any) -> None:
        self.name = name
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        self._learning_rate: Any = None
        self._set_learning_rate(learning_rate)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer; `initializer` may be a number, too."""
        if initializer == "zeros":
            initializer = 0
        if isinstance(initializer, int | float):
            initializer = np.full(shape, initializer)  # on the host: nothing to compile
        with scope.enter(path=(self.name,)):
            variable = Variable(
                initializer, shape, dtype or "float32", trainable=False, aggregation=aggregation, name=name
            )
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable of the optimizer with the shape and dtype of another one."""
        path = reference_variable.path.replace("/", "_")
        name = f"{path}_{name}" if name else path
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=name)

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """New variables, one for each of `trainable_variables`; for several names, one list for each name."""
        several = not isinstance(name, str)
        names = list(name) if several else [name]
        initializers = initializer if isinstance(initializer, list | tuple) else [initializer] * len(names)
        lists: list[list[Variable | None]] = [[] for _ in names]
        for variable in trainable_variables:
            for found, each, start in zip(lists, names, initializers, strict=True):
                keep = not variable.overwrite_with_gradient or each == "gradient_accumulator"
                found.append(self.add_variable_from_reference(variable, each, start) if keep else None)
        return tuple(lists) if several else lists[0]

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration, learning rate, then what it keeps for each variable."""
        others = {id(v) for v in self._trainable_variables}
        held = [v for v in tracking.held(self, "variable") if id(v) not in others]
        return tracking.unique([*self._variables, *held])

    @property
    def iterations(self) -> Any:
        """The number of steps made."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @iterations.setter
    def iterations(self, variable: Variable) -> None:
        if self.built:
            raise RuntimeError(report("Cannot set `iterations` to a new Variable after the Optimizer weights exist."))
        self._variables[self._variables.index(self._iterations)] = variable
        self._iterations = variable

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[variable]

    def assign(self, variable: Variable, value: Any) -> None:
        """`variable = value`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """`variable += value`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """`variable -= value`."""
        variable.assign_sub(value)

    # ---- learning rate

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: a variable, unless a schedule or a callable gives it."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            count = self.iterations
            return self._learning_rate(count.value if isinstance(count, Variable) else count)
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if callable(rate) or isinstance(self._learning_rate, Variable):
            self._set_learning_rate(rate)
            return
        what = "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
        what += "argument, hence its learning rate is not settable."
        fix = "instantiate the optimizer with a float `learning_rate`, or set another schedule."
        raise TypeError(report(what, fix=fix))

    def _set_learning_rate(self, rate: Any) -> None:
        old = self._learning_rate
        if isinstance(rate, dict):
            rate = registry.deserialize(rate, "schedule")
        if callable(rate) and not isinstance(rate, Variable):
            self._learning_rate = rate
            self._variables = [v for v in self._variables if v is not old]
        elif isinstance(old, Variable):
            old.assign(rate)
        elif isinstance(rate, int | float | np.generic | np.ndarray | jax.Array | Variable):
            self._learning_rate = self.add_variable((), float(rate), name="learning_rate")
        else:
            expected = "a float, a LearningRateSchedule, or a callable without arguments"
            raise ValueError(
                report("Argument `learning_rate` is not a learning rate.", expected=expected, got=repr(rate))
            )

    def _get_current_learning_rate(self) -> Any:
        rate = self.learning_rate
        return rate.value if isinstance(rate, Variable) else rate

    # ---- weights

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign an array to each of `variables`."""
        if not self.built:
            raise ValueError(unbuilt("You are calling `set_weights()` on an optimizer that has not yet been built."))
        assign_each(self.variables, weights)

    def save_own_variables(self, store: Any) -> None:
        """Put each variable's array into `store`, under its number."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = np.asarray(variable.raw())

    def load_own_variables(self, store: Any) -> None:
        """Assign the arrays that `save_own_variables` stored; another number of them is skipped with a warning."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            what = f"Skipping variable loading for optimizer '{self.name}'."
            expected, got = (f"{len(each)} variables" for each in (variables, store.keys()))
            warnings.warn(report(what, expected=expected, got=got), stacklevel=2)
            return
        assign_each(variables, [store[str(i)] for i in range(len(variables))])


def assign_each(variables: Sequence[Variable], values: Sequence[Any]) -> None:
    """Give each variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def unbuilt(what: str) -> str:
    """The message for what needs `build` first."""
    return report(what, fix="call `optimizer.build(trainable_variables)` first.")
