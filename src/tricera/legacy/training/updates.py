"""`get_updates` of Keras 1 and 2: a step as a list of changes, by Tricera's optimizers and by users' own."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from tricera.engine import graph, naming, scope
from tricera.engine.configured import parameters
from tricera.engine.graph import KerasTensor, Operation
from tricera.engine.pure import stateless
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.legacy import generation
from tricera.legacy.backend import arrays
from tricera.legacy.backend import graph as symbolic
from tricera.legacy.backend.graph import Update
from tricera.optimizers import Optimizer


def install() -> None:
    """Give optimizers both methods, and let those of users' classes train."""
    Optimizer.get_updates = get_updates  # type: ignore[attr-defined]
    Optimizer.get_gradients = get_gradients  # type: ignore[attr-defined]
    Optimizer.__init_subclass__ = classmethod(_prepared)  # type: ignore[assignment]
    Optimizer.build_slots = _building(Optimizer.build_slots)  # type: ignore[method-assign]
    Optimizer.update_all = _stepping(Optimizer.update_all)  # type: ignore[method-assign]
    Optimizer.get_config = _short(Optimizer.get_config)  # type: ignore[method-assign]


class Known:
    """Stands for the loss where the gradients are known already."""

    def __init__(self, grads: Sequence[Any], params: Sequence[Variable]):
        self._grads = dict(zip(map(id, params), grads, strict=True))

    def gradients(self, params: Sequence[Variable]) -> list[Any]:
        """The gradients by these variables, None by others."""
        return [self._grads.get(id(variable)) for variable in params]


def get_gradients(self: Optimizer, loss: Any, params: Sequence[Variable]) -> list[Any]:
    """The gradients of `loss` by `params`, within the limits of the optimizer.

    Raises:
        ValueError: `loss` does not depend on one of them.
    """
    grads = symbolic.gradients(loss, list(params))
    if any(grad is None for grad in grads):
        raise ValueError(
            report(
                "An operation has `None` for gradient.",
                got=[variable.path for variable, grad in zip(params, grads, strict=True) if grad is None],
                fix="leave out the variables that the loss does not depend on.",
            )
        )
    return grads if isinstance(loss, KerasTensor) and self._limits() == {} else _clipped(self, grads)


def _clipped(self: Optimizer, grads: list[Any]) -> list[Any]:
    if not any(isinstance(grad, KerasTensor) for grad in grads):
        return list(self._clip_gradients(grads))
    operation = Operation(lambda *values: self._clip_gradients(list(values)), naming.unique("clip"))
    return list(graph.record(operation, tuple(grads), {}))


def get_updates(self: Optimizer, *args: Any, **kwargs: Any) -> list[Update]:
    """What a step changes: `(loss, params)`, or `(params, constraints, loss)` as Keras 1 took them."""
    loss, params = _told(args, kwargs)
    self.build(params)
    variables = [*params, *self.variables]
    if isinstance(loss, KerasTensor):
        step = _Step(self, params, variables)
        values = graph.record(step, tuple(symbolic.gradients(loss, params)), {})
    else:
        values = _stepped(self, loss.gradients(params), params, variables)
    return [Update(variable, value) for variable, value in zip(variables, values, strict=True)]


def _told(args: tuple, kwargs: dict[str, Any]) -> tuple[Any, list[Variable]]:
    names = ("params", "constraints", "loss") if len(args) > 2 or generation.current() == 1 else ("loss", "params")
    if args and isinstance(args[0], KerasTensor | Known):
        names = ("loss", "params")
    told = {**dict(zip(names, args, strict=False)), **kwargs}
    return told["loss"], list(told["params"])


class _Step(Operation):
    """A step of an optimizer in a graph: new values of all that it changes, from gradients."""

    def __init__(self, optimizer: Optimizer, params: list[Variable], variables: list[Variable]):
        super().__init__(self._compute, naming.unique("step"))
        self.optimizer, self.params, self.variables = optimizer, params, variables

    def _compute(self, *grads: Any) -> list[Any]:
        return _stepped(self.optimizer, grads, self.params, self.variables)


def _stepped(optimizer: Optimizer, grads: Any, params: list[Variable], variables: list[Variable]) -> list[Any]:
    with stateless(variables, [variable.value for variable in variables]) as table:
        optimizer.apply(grads, params)
    return [table[variable] for variable in variables]


# ---- optimizers that users wrote: `get_updates` is asked once to build, then at each tracing of a step


def _is_users(cls: type) -> bool:
    return cls.get_updates is not get_updates  # type: ignore[attr-defined]


def _prepared(cls: type, **kwargs: Any) -> None:
    """Let a class's own `get_updates` be asked for a graph, as well as for the values of one step."""
    super(Optimizer, cls).__init_subclass__(**kwargs)
    if "get_updates" in vars(cls):
        cls.get_updates = _of_user(cls.get_updates)  # type: ignore[attr-defined]


def _of_user(own: Callable) -> Callable:
    @functools.wraps(own)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        loss, _ = _told(args, kwargs)
        return (get_updates if isinstance(loss, KerasTensor) else own)(self, *args, **kwargs)

    return wrapper


def _changes(self: Any, grads: Sequence[Any], params: list[Variable]) -> list[Update]:
    """What the user's method answers, whose variables are made once; what it left in attributes is taken back."""
    before = dict(vars(self))
    first = "_made" not in before
    if first:
        self._made = arrays.Made()
    told = {"loss": Known(grads, params), "params": params, "constraints": {}}
    takes = parameters(type(self).get_updates)
    with self._made.again(), symbolic.collecting():
        found = self.get_updates(**{name: told[name] for name in told if name in takes or name != "constraints"})
    if not first:
        vars(self).update(before)
    self.updates = []
    return [each if isinstance(each, Update) else Update(*each) for each in found or ()]


def _building(build_slots: Callable) -> Callable:
    """Make the user's variables: by asking for a step with gradients of zero."""

    @functools.wraps(build_slots)
    def wrapper(self: Any) -> None:
        build_slots(self)
        if _is_users(type(self)):
            params = self._trainable_variables
            with scope.enter(values=None):
                changes = _changes(self, [jnp.zeros(v.shape, v.dtype) for v in params], params)
            known = {id(v) for v in [*params, *self.variables]}
            self._made.variables += [c.variable for c in changes if id(c.variable) not in known]
            self._kept_for_user = self._made.variables

    return wrapper


def _stepping(update_all: Callable) -> Callable:
    @functools.wraps(update_all)
    def wrapper(self: Any, grads: list[Any], variables: list[Variable], rate: Any) -> None:
        if not _is_users(type(self)) or _asks_itself(self):
            update_all(self, grads, variables, rate)
            return
        changes = [
            (c.variable, c.how(c.variable.raw(), symbolic._value(c.value))) for c in _asked(self, grads, variables)
        ]
        for variable, new in changes:
            if variable is self._iterations:
                new = new - 1  # which is counted after each step
            variable.assign(jnp.asarray(new, variable.raw().dtype).reshape(variable.shape))

    return wrapper


def _asks_itself(self: Any) -> bool:
    return bool(vars(self).get("_asking"))


def _asked(self: Any, grads: list[Any], variables: list[Variable]) -> list[Update]:
    self._asking = True  # a method that calls that of its base means the base's step
    try:
        return _changes(self, grads, variables)
    finally:
        self._asking = False


def _short(get_config: Callable) -> Callable:
    """A user's class of that time knows no other arguments than these."""

    @functools.wraps(get_config)
    def wrapper(self: Any) -> dict[str, Any]:
        return self._limits() if _is_users(type(self)) else get_config(self)

    return wrapper


def _limits(self: Any) -> dict[str, Any]:
    return {name: vars(self)[name] for name in ("clipnorm", "clipvalue") if vars(self).get(name) is not None}


Optimizer._limits = _limits  # type: ignore[attr-defined]
