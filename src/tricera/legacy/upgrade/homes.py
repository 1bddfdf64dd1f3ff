"""Where Keras 3 has what a program of an older Keras names by its path below `keras`."""

import inspect
import sys
from typing import Any, NamedTuple

from tricera.legacy import names, paths

# Modules and names of Keras 2 that Tricera has and Keras 3 has not.
_BEYOND = ("wrappers.scikit_learn", "preprocessing.text", "preprocessing.image.ImageDataGenerator")


class Home(NamedTuple):
    """Today's path below `keras`, the object there, and whether Keras 3 has it too."""

    path: str
    thing: Any
    kept: bool


def home(path: str) -> Home:
    """Today's home of a path: "layers.core.Dense" has its home at "layers.Dense"."""
    module, rest = _module(path.split(".") if path else [])
    new = module
    if rest:
        first = names.today(module, rest[0]) or f"{module}.{rest[0]}".lstrip(".")
        new = ".".join([first, *rest[1:]])
    found, thing = _public(new)
    return Home(new.replace("legacy.engine", "engine"), thing, found and not new.startswith(_BEYOND))


def _module(parts: list[str]) -> tuple[str, list[str]]:
    """The module of today that a path begins with, and what of the path is not in it."""
    for length in range(len(parts), 0, -1):
        path = ".".join(parts[:length])
        if path in paths.MOVED:
            return paths.MOVED[path], parts[length:]
        if length < len(parts) and inspect.ismodule(_public(path)[1]):
            return path, parts[length:]
    return "", parts


def _public(path: str) -> tuple[bool, Any]:
    """Whether a public module of Tricera holds the path, and what is there."""
    thing: Any = sys.modules["tricera"]
    for part in filter(None, path.split(".")):
        if inspect.ismodule(thing) and part not in vars(thing):
            thing = sys.modules.get(f"{thing.__name__}.{part}")
        else:
            thing = getattr(thing, part, None)
        if thing is None:
            return False, None
    return True, thing
