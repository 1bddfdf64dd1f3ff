"""MultiOptimizer: different optimizers for different variables of one model."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tricera import expressions
from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.optimizers.optimizer import Optimizer


def _optimizer(what: str, thing: Any, error: type[Exception]) -> Optimizer:
    if not isinstance(thing, Optimizer):
        raise error(report(f"{what} must be a Keras Optimizer instance.", got=repr(thing)))
    return thing


@register("optimizer")
class OptimizerMap(Configured):
    """Paths of variables, or regular expressions for whole paths, with the optimizer of each; a default for the others.

    Raises:
        ValueError: a key is no string or is there already, or an optimizer is none.
    """

    def __init__(self, default_optimizer: Any, optimizer_map: dict[str, Optimizer] | None = None):
        self.default_optimizer = _optimizer("default_optimizer", default_optimizer, TypeError)
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(report("optimizer_map must be a dictionary.", got=repr(optimizer_map)))
        self.optimizer_map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __call__(self, variable: Variable) -> Optimizer:
        return self[variable.path]

    def __getitem__(self, path: str) -> Optimizer:
        if path in self.optimizer_map:
            return self.optimizer_map[path]
        found = [optimizer for key, optimizer in self.optimizer_map.items() if expressions.fullmatch(key, path)]
        if len(found) > 1:
            what = f"Multiple optimizers assigned to variable {path}."
            raise ValueError(report(what, fix="make the keys exclusive."))
        return found[0] if found else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(report("key must be a string.", expected="a regular expression", got=repr(key)))
        if key in self.optimizer_map:
            what = f"{key!r} already exists in the OptimizerMap."
            raise ValueError(report(what, fix="delete the key before setting it anew."))
        self.optimizer_map[key] = _optimizer("optimizer", optimizer, ValueError)

    def __delitem__(self, key: str) -> None:
        del self.optimizer_map[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.optimizer_map)

    def __len__(self) -> int:
        return len(self.optimizer_map)

    keys: Any = Mapping.keys
    values: Any = Mapping.values
    items: Any = Mapping.items
    get: Any = Mapping.get


@register("optimizer", "multioptimizer")
class MultiOptimizer(Optimizer):
    """One step of several optimizers, each with the variables that `optimizer_map` gives it.

    Args:
        optimizer_map: an `OptimizerMap`, or any function that returns the optimizer of a variable.
        loss_scale_factor: that of all `optimizers`, whatever they had.

    Raises:
        AttributeError: the learning rate is asked for: each inner optimizer has its own.
        ValueError: `optimizer_map` returns no optimizer.
    """

    def __init__(self, optimizer_map: Callable, loss_scale_factor: float | None = None, name: str | None = None):
        self.optimizer_map = optimizer_map
        self.optimizers: list[Optimizer] = []
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        if isinstance(optimizer_map, OptimizerMap):
            self._take([*optimizer_map.values(), optimizer_map.default_optimizer])

    def _take(self, optimizers: Iterable[Optimizer]) -> None:
        """Add those that are not there yet; have all of them divide the one factor out."""
        self.optimizers = list(dict.fromkeys([*self.optimizers, *optimizers]))
        self.use_ema = any(optimizer.use_ema for optimizer in self.optimizers)
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = self.loss_scale_factor

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.built, self._trainable_variables = True, list(variables)
        self._index = {v: i for i, v in enumerate(variables)}
        self._chosen = {
            v: _optimizer(f"The optimizer of {v.path}", self.optimizer_map(v), ValueError) for v in variables
        }
        self._take(self._chosen.values())
        for optimizer, own in self._parts(variables):
            optimizer.build(own)

    def _parts(self, variables: Sequence[Variable]) -> list[tuple[Optimizer, list[Variable]]]:
        """The optimizers, each with its own ones of these variables."""
        return [(each, [v for v in variables if self._chosen[v] is each]) for each in self.optimizers]

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the inner optimizers."""
        inner = [optimizer.variables for optimizer in self.optimizers] if self.built else []
        return [*self._variables, *(v for variables in inner for v in variables)]

    @property
    def averages(self) -> list[tuple[Variable, Variable]]:
        """Those of the inner optimizers."""
        return [pair for optimizer in self.optimizers for pair in optimizer.averages]

    @property
    def loss_scale_factor(self) -> float | None:
        """That of the inner optimizers, which divide it out."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, factor: float | None) -> None:
        self._loss_scale_factor = factor
        self._take([])

    @property
    def learning_rate(self) -> Any:
        """None: each inner optimizer has its own."""
        raise AttributeError(_no_rate("accessed"))

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        raise AttributeError(_no_rate("set"))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        grads = list(grads)
        variables = self._matching(grads, trainable_variables)
        given = dict(zip(variables, grads, strict=True))
        for optimizer, own in self._parts(variables):
            optimizer.apply([given[v] for v in own], own)
        self._iterations.assign(self._iterations.raw() + 1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        for optimizer, own in self._parts([v for v in var_list if v in self._chosen]):
            optimizer.finalize_variable_values(own)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"loss_scale_factor": self.loss_scale_factor}
        return {name: config[name] for name in ("optimizer_map", "loss_scale_factor", "name")}


def _no_rate(what: str) -> str:
    fix = "use the learning rates of the inner optimizers."
    return report(f"Learning rate cannot be {what} on a MultiOptimizer.", fix=fix)
