"""`keras.legacy.interfaces` of Keras 2: decorators that understood Keras 1, which everything here does by itself."""

from collections.abc import Callable
from typing import Any

from tricera.errors import MissingAttribute


def generate_legacy_interface(*args: Any, **kwargs: Any) -> Callable:
    """A decorator that changes nothing."""
    return _unchanged


def raise_duplicate_arg_error(old_arg, new_arg):
    """Raise TypeError: an argument was given by both its names."""
    raise TypeError(f"For the `{new_arg}` argument, the legacy name `{old_arg}` was given, too: give one of them.")


def _unchanged(function: Callable) -> Callable:
    return function


def __getattr__(name: str) -> Callable:
    if name.startswith("legacy_") or name == "recurrent_args":
        return _unchanged
    raise MissingAttribute(f"module {__name__!r}", name, lambda: globals())
