"""Optimizers as Keras 1 and 2 had them: `lr`, which may be set, `decay`, and their weights."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tricera.legacy import spellings
from tricera.optimizers import Optimizer, past

_DECAYING = {cls.__name__.removesuffix("V2"): cls for cls in vars(past).values() if hasattr(cls, "decay_of")}


def install() -> None:
    """Give optimizers these arguments and attributes."""
    Optimizer.__new__ = _decaying  # type: ignore[method-assign,assignment]
    Optimizer.__init__ = _told(Optimizer.__init__)  # type: ignore[method-assign]
    Optimizer._get_current_learning_rate = _decayed(Optimizer._get_current_learning_rate)  # type: ignore[method-assign]
    Optimizer.get_config = _asked_by_old_names(Optimizer.get_config)  # type: ignore[method-assign]
    Optimizer.set_weights = _either(Optimizer.set_weights)  # type: ignore[method-assign]
    Optimizer.lr = property(_rate, _set_rate)  # type: ignore[attr-defined]
    Optimizer.weights = property(_weights, _set_weights)  # type: ignore[attr-defined]
    Optimizer.get_weights = get_weights  # type: ignore[attr-defined]
    Optimizer.decay = 0.0  # type: ignore[attr-defined]


def _decaying(cls: type, *args: Any, decay: float = 0.0, schedule_decay: float | None = None, **kwargs: Any) -> Any:
    """An optimizer whose rate decays is of a class that says so in files, too."""
    own = cls.__module__.startswith("tricera.") and (decay or schedule_decay is not None)
    return object.__new__(_DECAYING.get(cls.__name__, cls) if own else cls)


def _told(init: Callable) -> Callable:
    """`Optimizer.__init__` for subclasses that users wrote: `lr`, `decay`, and no rate where they keep one."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, lr: Any = None, decay: float | None = None, **kwargs: Any) -> None:
        given = args[:1] or (kwargs.pop("learning_rate", 0.001),)
        init(self, *(given if lr is None else (lr,)), *args[1:], **kwargs)
        if decay is not None:
            self.decay = decay

    return wrapper


def _decayed(current: Callable) -> Callable:
    @functools.wraps(current)
    def wrapper(self: Any) -> Any:
        rate = current(self)
        if isinstance(self, past._Decaying) or not isinstance(decay := vars(self).get("decay"), int | float):
            return rate
        return rate / (1 + decay * self.iterations)

    return wrapper


def _rate(self: Optimizer) -> Any:
    spellings.note("optimizer.lr", "optimizer.learning_rate")
    return self.learning_rate


def _set_rate(self: Optimizer, rate: Any) -> None:
    spellings.note("optimizer.lr", "optimizer.learning_rate")
    self._set_learning_rate(rate)


class Config(dict):
    """The configuration of an optimizer, where `lr` and `decay` are found if they are asked for."""

    def __missing__(self, name: str) -> Any:
        if name == "lr":
            return self["learning_rate"]
        if name == "decay":
            return 0.0
        raise KeyError(name)


def _asked_by_old_names(get_config: Callable) -> Callable:
    @functools.wraps(get_config)
    def wrapper(self: Any) -> dict[str, Any]:
        return Config(get_config(self))

    return wrapper


def _weights(self: Optimizer) -> list[Any]:
    """The count of steps, and what is kept for each trained variable."""
    return vars(self).get("_told_weights") or [v for v in self.variables if v is not self._learning_rate]


def _set_weights(self: Optimizer, variables: Sequence[Any]) -> None:
    vars(self)["_told_weights"] = list(variables)


def get_weights(self: Optimizer) -> list[np.ndarray]:
    """The arrays of `weights`."""
    return [np.array(variable) for variable in self.weights]  # type: ignore[attr-defined]


def _either(set_weights: Callable) -> Callable:
    """Take what `get_weights` gave, too."""

    @functools.wraps(set_weights)
    def wrapper(self: Any, weights: Sequence[Any]) -> None:
        own = self.weights
        if len(weights) == len(own) < len(self.variables):
            for variable, weight in zip(own, weights, strict=True):
                variable.assign(weight)
        else:
            set_weights(self, weights)

    return wrapper
