"""The variables that code uses, of which nobody has a list."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import jax

from tricera.engine import scope
from tricera.engine.variable import Variable


def touched(call: Callable, *args: Any) -> list[Variable]:
    """The variables that `call` makes, reads or assigns, found by tracing it; none of them is changed."""
    table = _Touched()
    with scope.enter(values=table, losses=None, masks=None):
        jax.eval_shape(call, *args)
    return list(table.seen)


class _Touched(MutableMapping):
    """A state table that has every variable, and remembers which were asked for."""

    def __init__(self) -> None:
        self.seen: dict[Variable, Any] = {}

    def __contains__(self, variable: object) -> bool:
        return True

    def __getitem__(self, variable: Variable) -> Any:
        if variable not in self.seen:
            with scope.enter(values=None, autocast=None, watch=None):
                self.seen[variable] = variable.value
        return self.seen[variable]

    def __setitem__(self, variable: Variable, value: Any) -> None:
        self.seen[variable] = value

    def __delitem__(self, variable: Variable) -> None:
        del self.seen[variable]

    def __iter__(self) -> Iterator[Variable]:
        return iter(list(self.seen))

    def __len__(self) -> int:
        return len(self.seen)
