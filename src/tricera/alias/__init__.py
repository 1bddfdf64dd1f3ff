"""`import keras` of any generation, by any path that it ever had, gives Tricera's own modules."""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from tricera.errors import did_you_mean, report
from tricera.legacy import beside, habits, paths, spellings

_EAGER = [path for path in paths.MOVED if path.startswith("engine")]


class _Door(MetaPathFinder, Loader):
    """Finds the modules of Keras, and gives for each the one of Tricera that stands for it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None):
        below = paths.below_keras(name)
        return None if below is None else ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = stand_in(spec.name)
        spellings.note_module(spec.name)
        spec.loader_state = module.__spec__  # which importing writes over
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = module.__spec__.loader_state  # type: ignore[union-attr]


class _Beside(MetaPathFinder, Loader):
    """Finds what old code imports beside Keras, where it is not installed: asked last of all."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None):
        return ModuleSpec(name, self) if name in paths.BESIDE else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(f"tricera.{paths.BESIDE[spec.name]}")
        spec.loader_state = module.__spec__
        return module

    exec_module = _Door.exec_module


def stand_in(name: str) -> ModuleType:
    """The module of Tricera that stands for the module `name` of Keras.

    Raises:
        ModuleNotFoundError: none does.
    """
    for candidate in paths.candidates(paths.below_keras(name) or ""):
        full = f"tricera.{candidate}".rstrip(".")
        try:
            return importlib.import_module(full)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{full}.".startswith(f"{error.name}."):
                raise  # another package is missing
    raise ModuleNotFoundError(_unknown(name), name=name)


def _unknown(name: str) -> str:
    own = (module.removeprefix("tricera.") for module in sys.modules if module.startswith("tricera."))
    return report(
        f"No module named {name!r}: Tricera has nothing that stands for it.",
        fix=did_you_mean(paths.below_keras(name) or name, [*paths.MOVED, *own]),
    )


_door, _tensorflow = _Door(), beside.Finder()


def install(generation: int | None = None, quiet: bool = False, program: str | None = None) -> None:
    """Bind `keras`, `tf_keras` and `tensorflow.keras`, with all their modules, to Tricera, in this process.

    `tensorflow` itself is a stand-in, with what scripts for Keras use of it, where TensorFlow is not installed.

    Calling it again changes nothing but the generation. When the process ends, the old spellings that the program used
    are told once, with what they are called today.

    Args:
        generation: 1, 2 or 3, the Keras whose habits hold where they differ; 3 unless an earlier call chose another.
        quiet: do not tell the old spellings.
        program: the text of the program, if it is known: where TensorFlow is installed, the stand-in is still taken
            if it has all that the program uses.

    Raises:
        ImportError: Keras itself has been imported.
    """
    real = sys.modules.get("keras")
    if real is not None and real is not sys.modules["tricera"]:
        raise ImportError(
            report(
                "Keras itself has been imported already, and two libraries cannot have one name.",
                got=getattr(real, "__file__", None),
                fix="call `tricera.install()` before anything imports keras, or run `python -m tricera script.py`.",
            )
        )
    habits.take_up(generation, quiet)
    _tensorflow.program = _tensorflow.program if program is None else program
    if _door in sys.meta_path:
        return
    sys.meta_path[:0] = [_door, _tensorflow]
    sys.meta_path.append(_Beside())
    for root in ("keras", "tf_keras"):
        sys.modules[root] = sys.modules["tricera"]
        for path in _EAGER:  # Tricera has an `engine` of its own, which importing would write over
            sys.modules[f"{root}.{path}"] = stand_in(f"keras.{path}")
