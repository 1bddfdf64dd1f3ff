"""The bridge between objects and functions: a call as a function of its variables' values."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
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


@contextlib.contextmanager
def stateless(variables: Sequence[Variable], values: Sequence[Any], **changes: Any) -> Iterator[dict[Variable, Any]]:
    """A block in which `variables` hold `values`; gives the table, which holds what the block assigned."""
    values = [value.raw() if isinstance(value, Variable) else value for value in values]
    table = {**(scope.current().values or {}), **dict(zip(variables, values, strict=True))}
    with scope.enter(values=table, masks={}, runs=[], **changes):
        yield table
