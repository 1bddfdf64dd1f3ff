"""What a compiled program depends on, as a hashable key: equal keys, equal programs."""

import inspect
import operator
import weakref
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from tricera.engine.configured import Configured
from tricera.engine.dtypes import DTypePolicy
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable


class Unshared(Exception):
    """The thing may compute anything: its programs are its own."""


# Arguments that a program does not depend on: they say where variables begin, or what things are called.
_IRRELEVANT = {"name", "seed", "dtype", "input_shape", "batch_input_shape", "batch_shape"}


def key(thing: Any) -> Any:
    """The structure of a value.

    Raises:
        Unshared: the value holds code or state of the user's, which may change.
    """
    if thing is None or isinstance(thing, str | int | float | bool | complex):
        return (type(thing).__name__, thing)
    if isinstance(thing, list | tuple):
        return (type(thing).__name__, *map(key, thing))
    if isinstance(thing, dict):
        return ("dict", *((name, key(value)) for name, value in thing.items()))
    if isinstance(thing, np.ndarray) and thing.size <= 4096:
        return ("array", thing.dtype.str, thing.shape, thing.tobytes())
    if isinstance(thing, np.generic):
        return ("number", thing.dtype.str, thing.item())
    if isinstance(thing, DTypePolicy):
        return ("policy", thing.name)
    if isinstance(thing, Variable):
        return ("variable", thing.shape, thing.dtype, thing.trainable, key(thing.regularizer), key(thing.constraint))
    if hasattr(type(thing), "structure"):
        return thing.structure()
    if _is_ours(type(thing)) and isinstance(thing, Configured):
        return _of_configured(thing)
    if inspect.isfunction(thing):
        return ("function", weakref.ref(thing))
    raise Unshared(repr(thing))


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith("tricera.")


def _of_configured(thing: Configured) -> tuple:
    cls = type(thing)
    if any(callable(getattr(cls, name, None)) for name in vars(thing)):
        raise Unshared(f"{thing!r} has a method of its own")
    arguments = [
        (name, key(value))
        for name, value in thing.arguments().items()
        if name not in _IRRELEVANT and not name.endswith("initializer")
    ]
    return (cls, *arguments, *(_of_layer(thing) if isinstance(thing, Layer) else ()))


def _of_layer(layer: Layer) -> tuple:
    """What a layer computes with beside its arguments: flags, plain attributes, variables, the layers inside."""
    remat = layer._remat
    flags = (
        remat and remat.structure(),
        layer.trainable,
        layer.built,
        layer.autocast,
        layer.supports_masking,
        key(layer.dtype_policy),
    )
    plain = [
        (name, key(value))
        for name, value in vars(layer).items()
        if isinstance(value, bool | int | float | str) and name not in _IRRELEVANT and not name.startswith("_")
    ]
    inside = map(key, [*layer._own(), *layer._sublayers()])
    return (flags, remat and remat.structure(), key(layer.activity_regularizer), *plain, *inside)


_PLAIN = {type(None), bool, int, float, str}


class Kept:
    """What was derived from an object's attributes, for as long as none of them changes; never copied or pickled."""

    # Attributes that change from call to call, and that nothing is derived from.
    _PASSING = ("_kept", "_ready_key", "_losses", "history", "stop_training", "_train_plan", "_under_way")

    def __init__(self) -> None:
        self._seen: list[Any] = []
        self._values: dict[Hashable, Any] = {}

    def get(self, owner: Any, name: Hashable, make: Callable[[], Any]) -> Any:
        """The value of this name: as it was, or made anew."""
        seen = self._snapshot(owner)
        if len(seen) != len(self._seen) or not all(map(operator.is_, seen, self._seen)):
            self._seen, self._values = seen, {}
        if name not in self._values:
            self._values[name] = make()
        return self._values[name]

    def _snapshot(self, owner: Any) -> list[Any]:
        """All that `owner` holds in attributes at any depth, but for the values of variables."""
        found: list[Any] = []
        todo: list[Any] = [owner]
        visited: set[int] = set()
        while todo:
            thing = todo.pop()
            found.append(thing)
            kind = type(thing)
            if kind in _PLAIN or id(thing) in visited:
                continue
            visited.add(id(thing))
            if issubclass(kind, Variable):
                todo += (thing.trainable, thing.regularizer, thing.constraint)
            elif issubclass(kind, dict):
                todo += thing.values()
            elif issubclass(kind, (list, tuple, set)):
                todo += thing
            elif issubclass(kind, Configured):
                todo += [value for name, value in vars(thing).items() if name not in self._PASSING]
        return found

    def __reduce__(self) -> Any:
        return Kept, ()
