"""Constructors of optimizers and schedules: their arguments are what `update` and `__call__` read."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tricera.engine.configured import parameters


def attributes(init: Callable, base: Callable | None = None) -> Callable:
    """Decorator of a constructor: its arguments become attributes of the same names; then its body runs.

    Args:
        base: the constructor of a base class. Its arguments are taken too, and it runs last, with all that are its.
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
        vars(self).update({name: given[name] for name in own if name not in inherited})
        init(self, **{name: given[name] for name in own})
        if base:
            unknown = given.pop("kwargs")
            base(self, **{name: value for name, value in given.items() if name in inherited}, **unknown)

    construct.__signature__ = signature  # type: ignore[attr-defined]
    return construct
