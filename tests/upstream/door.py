"""`keras.src` for the tests in Keras' wheel: its modules hold Tricera's public objects under Keras' private paths.

Of the wheel itself only the test files and what they lean on, `keras.src.testing` and formulas of shapes, are read and
run.
"""

import importlib
import importlib.util
import pkgutil
import sys
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import tricera
from tests.upstream import operations, shims
from tricera import alias

# What pytest looks for in packages.
_PYTEST = ("pytest", "collect_ignore", "setUp", "setup_", "tearDown", "teardown_")
_RUN = (
    "keras.src.testing",
    "keras.src.testing.test_case",
    "keras.src.testing.test_utils",
    "keras.src.backend.common.backend_utils",
)


@cache
def wheel() -> Path:
    """The folder of the installed Keras."""
    spec = PathFinder.find_spec("keras", [entry for entry in sys.path if entry])
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("Keras is not installed: `pip install '.[test]'`")
    return Path(spec.submodule_search_locations[0])


def _file(name: str) -> Path | None:
    """The source of a module of the wheel; None where there is none."""
    place = wheel().joinpath(*name.split(".")[1:])
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


class _Facade(ModuleType):
    """A module of Keras that has what Tricera has under its names."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", *_PYTEST)):
            raise AttributeError(name)
        value = _found(self.__name__, name)
        setattr(self, name, value)
        return value


class _Missing:
    """What Tricera has not: only the cases that use it fail."""

    def __init__(self, name: str):
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Tricera has nothing for {self._name!r}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Missing(f"{self._name}.{name}")


def _found(module: str, name: str) -> Any:
    """What `module.name` stands for: a shim, a public object of the module that stands for this one, or of any."""
    path = module.removeprefix("keras.").removeprefix("src").removeprefix(".")
    if (shim := shims.find(path, name)) is not None:
        return shim
    stand_in = _stand_in(module)
    value = getattr(stand_in, name, None) if stand_in is not None else None
    inner = f"{module}.{name}"
    if _file(inner) is not None and (value is None or isinstance(value, ModuleType)):
        return importlib.import_module(inner)
    if value is None and path.partition(".")[0] == "ops":
        known = name in tricera.ops.__all__
        value = getattr(tricera.ops, name) if known else operations.make(name, wheel() / "src" / "ops")
    if value is None and name in _everything():
        value = _everything()[name]
    return value if value is not None else _Missing(inner)


@cache
def _stand_in(module: str) -> ModuleType | None:
    try:
        return alias.stand_in(module)
    except ModuleNotFoundError:
        return None


@cache
def _everything() -> dict[str, Any]:
    """All public objects of Tricera by their names, the namespaces further down first."""
    found: dict[str, Any] = {}
    namespaces = [tricera, *(v for v in vars(tricera).values() if isinstance(v, ModuleType))]
    for module in [m for m in namespaces for m in (m, *_public_modules(m))]:
        for name in getattr(module, "__all__", None) or dir(module):
            value = getattr(module, name, None)
            if not name.startswith("_") and not isinstance(value, ModuleType):
                found.setdefault(name, value)
    return found


def _public_modules(module: ModuleType) -> list[ModuleType]:
    names = [info.name for info in pkgutil.iter_modules(getattr(module, "__path__", ()))]
    return [vars(module)[name] for name in names if isinstance(vars(module).get(name), ModuleType)]


class Door(MetaPathFinder, Loader):
    """Finds `keras` and all below it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.split(".")[0] != "keras":
            return None
        file = _file(name)
        if name in _RUN or name.endswith("_test"):
            return importlib.util.spec_from_file_location(name, file) if file else None
        if file is None:
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Facade(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A facade has nothing to run."""


def open() -> None:
    """From now on `import keras` gives the facades."""
    sys.meta_path.insert(0, Door())
    importlib.import_module("keras.src.testing.test_case").get_seed_generators = shims.seed_generators
    shims.show_private_attributes()
