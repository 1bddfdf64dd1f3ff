"""The one context of a call: state table, training, name path, autocast, losses, custom objects."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from tricera import config


@dataclass(frozen=True)
class Scope:
    """What the code that runs now may ask of its surroundings. Frozen: `enter` makes a changed one.

    Args:
        values: the state table of a pure call, `Variable -> array`; None outside of one.
        training: whether layers behave as in training; None where nobody said.
        path: the names of the layers around, outermost first.
        autocast: the dtype that float variables are read in; None for their own.
        losses: collects `(layer, loss)` of `add_loss` and activity regularizers; None outside of a call.
        masks: the masks of traced arrays, by identity, while the outermost call runs.
        custom_objects: names that win over the registry's.
        safe: whether files and configurations may make no code; None where nobody said.
        copying: whether what is made plain is for a copy in this program, which keeps its own functions as they are.
        allowance: what may still be made of a file that is being read; None where nobody limits it.
        shared: what may stand in a file several times: by identity while it is written, by number while it is read.
        remat: calls the layers that are made here, as `remat.call(layer, args, kwargs)`; None for a plain call.
        inferring: while shapes are inferred, and nothing real is computed: the sizes for an unknown batch and others.
        runs: what the graphs that run here compute, by the identity of tensors: the innermost last.
        watch: told of each variable that is read, and of its value.
    """

    values: MutableMapping[Any, Any] | None = None
    training: bool | None = None
    path: tuple[str, ...] = ()
    autocast: str | None = None
    losses: list[tuple[Any, Any]] | None = None
    masks: dict[int, tuple[Any, Any]] | None = None
    custom_objects: Mapping[str, Any] = field(default_factory=dict)
    inferring: tuple[Any, Any] | None = None
    runs: list[dict[int, Any]] | None = None
    safe: bool | None = None
    copying: bool = False
    allowance: Any = None
    shared: dict[Any, Any] | None = None
    remat: Any = None
    watch: Callable[[Any, Any], None] | None = None


_current: ContextVar[Scope] = ContextVar("tricera_scope")
_outermost = Scope()


def current() -> Scope:
    """The scope of the code that runs now."""
    return _current.get(_outermost)


def spend(what: str, size: int = 0, steps: int = 0) -> None:
    """Take bytes, and steps to trace, from the allowance here, where there is one: SafetyError if it has less."""
    if (allowance := current().allowance) is not None:
        allowance.spend(what, size, steps)


@contextmanager
def enter(**changes: Any) -> Iterator[Scope]:
    """Run a block in the current scope with `changes`."""
    scope = replace(current(), **changes)
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


@contextmanager
def guarded(safe: bool | None) -> Iterator[Scope]:
    """Run a block that is safe, or, if `safe` is False, need not be: a safe call around it keeps it safe."""
    around = current().safe
    with enter(safe=around if around or safe is None else safe) as scope:
        yield scope


def is_safe() -> bool:
    """Whether code in a configuration is refused here: always, unless the caller said otherwise."""
    safe = current().safe
    return not config.is_unsafe_deserialization_enabled() if safe is None else safe


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Run a block with `name` added to the path that names variables."""
    with enter(path=(*current().path, name)) as scope:
        yield "/".join(scope.path)
