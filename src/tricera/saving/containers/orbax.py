"""Checkpoints of Orbax, as `keras.callbacks.OrbaxCheckpoint` writes them: a folder for each step, the latest counts."""

import json
import math
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tricera.disk import checkpoints
from tricera.errors import SafetyError, report
from tricera.saving import archive, budget
from tricera.saving.containers import assets, state

_MARKS = ("_CHECKPOINT_METADATA", "orbax.checkpoint")  # of a step
_STATE, _CONFIG, _ASSETS = "pytree", "model_config", "assets"


def checkpointables(model: Any, config: str | None) -> dict[str, Any]:
    """What a checkpoint of a model holds, in the parts that Orbax saves; weights alone without a `config` of it."""
    values = model.get_state_tree()
    if config is None:
        return {_STATE: {group: values[group] for group in state.WEIGHTS}}
    made = {_STATE: values, _CONFIG: {"config": config}}
    with tempfile.TemporaryDirectory(prefix="tricera-") as place:
        assets.write(model, Path(place))
        files: dict[str, Any] = {}
        for name in assets.listed(Path(place)):
            *path, last = name.split("/")[1:]
            inside = files
            for part in path:
                inside = inside.setdefault(part, {})
            inside[last] = np.frombuffer(Path(place, name).read_bytes(), "uint8")
    return made | ({_ASSETS: files} if files else {})


def step_of(path: str | os.PathLike) -> Path | None:
    """The folder of the latest step, where a folder is one or holds some."""
    place = Path(path)
    if not place.is_dir():
        return None
    if any((place / mark).exists() for mark in _MARKS):
        return place
    steps = [each for each in place.iterdir() if each.name.isdecimal() and any((each / m).exists() for m in _MARKS)]
    return max(steps, key=lambda each: int(each.name), default=None)


class Checkpoint:
    """What one step holds; it is read only when it has no links, and declares no more than it stores.

    Raises:
        ImportError: Orbax is not installed.
        SafetyError: the folder could do harm.
        ValueError: it is damaged, or no checkpoint of a model.
    """

    def __init__(self, path: Path):
        self.label, self._path = os.fspath(path), path.absolute()
        self._orbax = checkpoints.orbax()
        stored = _stored(path)
        self._parts = self._asked(lambda: self._orbax.checkpointables_metadata(self._path).metadata)
        if not isinstance(self._parts, Mapping) or _STATE not in self._parts:
            raise ValueError(report(f"{self.label} is no checkpoint of a model.", got=", ".join(self._parts or ())))
        arrays = [leaf for name in (_STATE, _ASSETS) for leaf in jax.tree.leaves(self._parts.get(name))]
        self.count, self.elements = len(arrays), sum(math.prod(leaf.shape) for leaf in arrays)
        if sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in arrays) > budget.allowed(stored):
            raise SafetyError(
                report(f"{self.label} declares far more than the {stored} bytes that it stores: it is not read.")
            )
        self._files = dict(state.flat(self._parts.get(_ASSETS) or {}, f"{assets.FOLDER}/"))
        self.assets = list(self._files)

    def config(self) -> dict[str, Any]:
        """The configuration of the model.

        Raises:
            ValueError: there is none.
        """
        if _CONFIG not in self._parts:
            raise ValueError(
                report(
                    f"{self.label}: Checkpoint does not contain model configuration.",
                    got="one that `save_weights_only=True` wrote",
                    fix="build the model in Python and `model.load_weights(folder)`.",
                )
            )
        form = self._load(_CONFIG, None)
        return archive.parse(form["config"] if isinstance(form, Mapping) else json.dumps(form), self.label)

    def state(self) -> dict[str, Any]:
        """All arrays, in the form of `get_state_tree`."""
        return self._load(_STATE, self._as_numpy(_STATE))

    def read(self, name: str) -> bytes:
        """The content of a file that a layer keeps."""
        value = self._load(_ASSETS, self._as_numpy(_ASSETS))
        for part in name.split("/")[1:]:
            value = value[part]
        return np.asarray(value, "uint8").tobytes()

    def _as_numpy(self, part: str) -> Any:
        """What asks Orbax for arrays of NumPy, whatever devices they came from."""
        return jax.tree.map(lambda leaf: np.broadcast_to(np.zeros((), leaf.dtype), leaf.shape), self._parts[part])

    def _load(self, part: str, form: Any) -> Any:
        return self._asked(lambda: self._orbax.load_checkpointables(self._path, {part: form})[part])

    def _asked(self, question: Any) -> Any:
        try:
            return question()
        except (MemoryError, ImportError):
            raise
        except Exception as error:
            raise ValueError(report(f"{self.label} is damaged: {str(error).splitlines()[0][:200]}.")) from error


def read(model: Any, checkpoint: Checkpoint, skip_mismatch: bool = False) -> None:
    """Set the model's variables to the arrays of a checkpoint; an optimizer that does not fit starts anew.

    Raises:
        ValueError: weights differ: every difference is named, and nothing is set.
    """
    values = checkpoint.state()
    pairs, wrong, missing = state.matched(model, {group: values.get(group, {}) for group in state.WEIGHTS})
    if lines := [*missing, *wrong]:
        text = report(
            "\n".join([f"{checkpoint.label}: checkpoint and model differ.", *(f"  {line}" for line in lines)]),
            fix="build the same model, with the same names of layers, or `load_weights(..., skip_mismatch=True)`.",
        )
        if not skip_mismatch:
            raise ValueError(text)
        warnings.warn(text, stacklevel=4)
    for variable, value in pairs:
        variable.assign(value)
    for group in ("optimizer_variables", "metrics_variables"):
        try:
            state.assign(model, {group: values.get(group, {})})
        except ValueError as error:
            warnings.warn(f"{checkpoint.label}: {group} start anew: {str(error).splitlines()[0]}", stacklevel=4)


def _stored(path: Path) -> int:
    """The bytes of all files; links are refused."""
    size = 0
    for root, folders, names in os.walk(path):
        for each in (Path(root, name) for name in (*folders, *names)):
            if each.is_symlink():
                raise SafetyError(report(f"{path}: {each.name!r} is a link to elsewhere: the folder is not read."))
            size += each.stat().st_size if each.is_file() else 0
    return size
