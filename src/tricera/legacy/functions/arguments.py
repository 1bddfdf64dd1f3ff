"""What functions of Keras 1 and 2 called their arguments, where today's call them otherwise."""

import functools
import importlib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from tricera import optimizers, utils
from tricera.layers import merge as merge_module
from tricera.legacy import spellings
from tricera.legacy.layers.merge import merge
from tricera.optimizers import adam, sgd

_ORDERED = {"dim_ordering": "data_format"}
# By path below `tricera`: old name of an argument -> today's.
ARGUMENTS: dict[str, dict[str, str]] = {
    "activations.relu": {"alpha": "negative_slope"},
    "backend.set_epsilon": {"e": "value"},
    "backend.set_floatx": {"floatx": "value"},
    "datasets.imdb.load_data": {"nb_words": "num_words"},
    "datasets.reuters.load_data": {"nb_words": "num_words"},
    "preprocessing.image.array_to_img": _ORDERED,
    "preprocessing.image.img_to_array": _ORDERED,
    "preprocessing.image.random_channel_shift": {"intensity": "intensity_range"},
    "utils.normalize": {"a": "x"},
    "utils.to_categorical": {"nb_classes": "num_classes", "y": "x"},
}
_VALUES = {"th": "channels_first", "tf": "channels_last", "default": None}


def of(name: str) -> dict[str, str]:
    """The old names of the arguments of the function of this name, and today's."""
    return next((renamed for path, renamed in ARGUMENTS.items() if path.rpartition(".")[2] == name), {})


def install() -> None:
    """Let these functions understand the old names, and modules that bear the name of a function be called."""
    callable_too(merge_module, merge)
    callable_too(sgd, optimizers.SGD)
    callable_too(adam, optimizers.Adam)
    utils.to_categorical = _typed(utils.to_categorical)
    for path, renamed in ARGUMENTS.items():
        module, _, name = path.rpartition(".")
        home = importlib.import_module(f"tricera.{module}")
        setattr(home, name, _understanding(getattr(home, name), renamed))


def _typed(to_categorical: Callable) -> Callable:
    """Keras 2's `to_categorical` was told the dtype of its rows."""

    @functools.wraps(to_categorical)
    def call(x: Any, num_classes: int | None = None, dtype: Any = None) -> Any:
        made = to_categorical(x, num_classes)
        return made if dtype is None else made.astype(dtype)

    call.__signature__ = inspect.signature(call, follow_wrapped=False)  # type: ignore[attr-defined]
    return call


def _understanding(function: Callable, renamed: dict[str, str]) -> Callable:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for old in set(renamed) & set(kwargs):
            value = kwargs.pop(old)
            kwargs[renamed[old]] = _VALUES.get(value, value) if old == "dim_ordering" else value
            spellings.note(f"{old}=", f"{renamed[old]}=")
        return function(*args, **kwargs)

    return call


def callable_too(module: ModuleType, function: Callable) -> None:
    """Let a module be called as the function that old code knows by its name."""

    class Module(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

    module.__class__ = Module
