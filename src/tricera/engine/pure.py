"""The bridge between objects and functions: a call as a function of its variables' values."""

from collections.abc import Callable, Sequence
from typing import Any

from tricera.engine import scope
from tricera.engine.variable import Variable


def pure(call: Callable, variables: Sequence[Variable], training: bool | None = None) -> Callable:
    """`(values, *args) -> (outputs, new values)` of a call that reads and writes `variables`.

    What JAX's transformations may be applied to. `values` is in the order of `variables`; no cell is written.
    """

    def run(values: Sequence[Any], *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
        with stateless(variables, values, training=training) as table:
            outputs = call(*args, **kwargs)
        return outputs, [table[variable] for variable in variables]

    return run


class stateless:
    """A block in which `variables` hold `values`; gives the table, which holds what the block assigned."""

    def __init__(self, variables: Sequence[Variable], values: Sequence[Any], **changes: Any):
        given = [value.raw() if isinstance(value, Variable) else value for value in values]
        self.table = {**(scope.current().values or {}), **dict(zip(variables, given, strict=True))}
        self._scope = scope.enter(values=self.table, masks={}, runs=[], **changes)

    def __enter__(self) -> dict[Variable, Any]:
        self._scope.__enter__()
        return self.table

    def __exit__(self, *exc: Any) -> None:
        self._scope.__exit__(*exc)
