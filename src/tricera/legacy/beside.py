"""`import tensorflow`: a stand-in where TensorFlow is not installed, or a program needs no more than that has.

TensorFlow itself cannot compute with Tricera's layers, and takes many seconds to import. Where it is installed it is
let in only if the program uses names of it that the stand-in does not have, and not before it does.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from tricera.legacy import paths

NAME = "tensorflow"
_STAND_IN = "tricera.legacy.tensorflow"


class Finder(MetaPathFinder, Loader):
    """Finds `tensorflow` and its modules, but for those of Keras.

    Args:
        program: the text of the program; where it is not known, TensorFlow is let in if it is installed.
    """

    def __init__(self) -> None:
        self.program: str | None = None
        self._let_in: bool | None = None  # not known before somebody imports it

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None):
        if name.partition(".")[0] != NAME or paths.below_keras(name) is not None:
            return None
        if self._let_in is None:
            self._let_in = PathFinder.find_spec(NAME) is not None and not covers(self.program)
        if not self._let_in or (name == NAME and NAME not in sys.modules and not _Lazy.is_loading):
            return ModuleSpec(name, self, is_package=True)
        if isinstance(sys.modules.get(NAME), _Lazy):  # a module within it
            _Lazy.load()
            return importlib.util.find_spec(name)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if self._let_in:
            return _Lazy(NAME)
        module = importlib.import_module(_STAND_IN)
        for part in spec.name.split(".")[1:]:
            module = getattr(module, part, None)
        if not isinstance(module, ModuleType):
            raise ModuleNotFoundError(f"No module named {spec.name!r} in Tricera's stand-in for TensorFlow.")
        spec.loader_state = module.__spec__  # which importing writes over
        return module

    def exec_module(self, module: ModuleType) -> None:
        if not isinstance(module, _Lazy):
            module.__spec__ = module.__spec__.loader_state  # type: ignore[union-attr]


class _Lazy(ModuleType):
    """TensorFlow itself, which is imported when something is asked of it that is not Keras."""

    is_loading = False

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return metadata.version(NAME)
        if name == "keras":
            return sys.modules["tricera"]
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.load(), name)

    @staticmethod
    def load() -> ModuleType:
        """The real one, which takes this one's place."""
        del sys.modules[NAME]
        _Lazy.is_loading = True
        try:
            real = importlib.import_module(NAME)
        finally:
            _Lazy.is_loading = False
        real.keras = sys.modules["tricera"]  # type: ignore[attr-defined]
        return real


def covers(program: str | None) -> bool:
    """Whether the stand-in has every name of TensorFlow that a program uses; False for a program that is not known."""
    if program is None:
        return False
    stand_in = importlib.import_module(_STAND_IN)
    return all(_has(stand_in, name.split(".")[1:]) for name in used(program))


def _has(thing: Any, parts: list[str]) -> bool:
    """Whether the first parts of a dotted name are there: what follows a class or a function is not looked at."""
    if not parts or parts[0] == "keras":
        return True
    if isinstance(thing, ModuleType):
        return hasattr(thing, parts[0]) and _has(getattr(thing, parts[0]), parts[1:])
    return True


def used(program: str) -> Iterator[str]:
    """The dotted names of TensorFlow in a program: of what it imports, and of attributes of that."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):  # Python says it when the program runs
        return
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == NAME:
                    known[each.asname or NAME] = each.name if each.asname else NAME
                    yield each.name
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == NAME and not node.level:
            for each in node.names:
                known[each.asname or each.name] = f"{node.module}.{each.name}"
                yield f"{node.module}.{each.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node, known)) is not None:
            yield name


def _dotted(node: ast.expr, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value, known)) is not None:
        return f"{owner}.{node.attr}"
    return None
