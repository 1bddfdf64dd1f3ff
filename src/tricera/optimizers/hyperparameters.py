"""Constructors of optimizers and schedules: their arguments are what `update` and `__call__` read."""

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tricera.engine.configured import Configured, parameters

Constructor = TypeVar("Constructor", bound=Callable)


class Parametric(Configured):
    """Base of what has its constructor's arguments as attributes."""

    if TYPE_CHECKING:  # `attributes` makes them

        def __getattr__(self, name: str) -> Any: ...


def attributes(init: Constructor, base: Callable | None = None) -> Constructor:
    """Decorator of a constructor: its arguments become attributes of the same names; then its body runs.

    Args:
        base: the constructor of a base class. Its arguments are taken too, and first given to the next constructor.
    """
    own, inherited = parameters(init), parameters(base) if base else {}
    more = [p for name, p in inherited.items() if name not in own]
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = inspect.Signature([this, *own.values(), *more])

    @functools.wraps(init)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        if base:
            owner = next(cls for cls in type(self).__mro__ if vars(cls).get("__init__") is construct)
            others = given.pop("kwargs")
            super(owner, self).__init__(**{name: given[name] for name in inherited if name in given}, **others)
        vars(self).update({name: given[name] for name in own if name not in inherited})
        init(self, **{name: given[name] for name in own})

    construct.__signature__ = signature  # type: ignore[attr-defined]
    return construct  # type: ignore[return-value]
