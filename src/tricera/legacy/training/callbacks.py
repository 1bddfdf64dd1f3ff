"""Callbacks as Keras 1 and 2 made them: arguments that today's no longer take."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tricera.callbacks import Callback, ModelCheckpoint, ProgbarLogger, TensorBoard
from tricera.legacy import generation, spellings

# By class: arguments that say nothing today.
SILENT = {
    ProgbarLogger: ("count_mode", "stateful_metrics"),
    TensorBoard: ("batch_size", "embeddings_data", "embeddings_layer_names", "write_grads"),
}
_PROJECTOR = "embedding_projector(...)"


class BaseLogger(Callback):
    """Averaged the logs of an epoch in Keras 1 and 2, which `fit` does."""


def install() -> None:
    """Let today's callbacks take the arguments of Keras 1 and 2."""
    for cls, names in SILENT.items():
        cls.__init__ = _without(cls.__init__, names)  # type: ignore[method-assign]
    ModelCheckpoint.__init__ = _with_period(ModelCheckpoint.__init__)  # type: ignore[method-assign]
    ModelCheckpoint.on_epoch_end = _in_period(ModelCheckpoint.on_epoch_end)  # type: ignore[method-assign]


def _without(init: Callable, names: tuple[str, ...]) -> Callable:
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if "embeddings_data" in kwargs or (kwargs.get("embeddings_freq") and generation.current() < generation.NEWEST):
            spellings.note("embeddings_freq=", _PROJECTOR)
            kwargs = {name: value for name, value in kwargs.items() if not name.startswith("embeddings_")}
        for name in (name for name in names if name in kwargs):
            spellings.note(f"{name}=", None)
        init(self, *args, **{name: value for name, value in kwargs.items() if name not in names})

    return _taking(wrapper, names)


def _taking(init: Any, names: tuple[str, ...]) -> Callable:
    """The constructor, whose signature has these arguments too."""
    signature = inspect.signature(init)
    more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in names]
    init.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])
    return init


def _with_period(init: Callable) -> Callable:
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, period: int = 1, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._period, self._waited = period, 0

    return _taking(wrapper, ("period",))


def _in_period(on_epoch_end: Callable) -> Callable:
    """The hook, called once in as many epochs as `period` says."""

    @functools.wraps(on_epoch_end)
    def wrapper(self: Any, epoch: int, logs: Any = None) -> None:
        self._waited += 1
        if self._waited >= self._period:
            self._waited = 0
            on_epoch_end(self, epoch, logs)

    return wrapper
