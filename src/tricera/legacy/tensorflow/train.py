"""`tf.train`: values of variables kept in files from time to time."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tricera.engine import tracking
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.legacy.tensorflow import tensor


class Checkpoint:
    """Objects with variables, by name: layers, models, optimizers, variables."""

    def __init__(self, root: Any = None, **objects: Any):
        self._objects = {**({} if root is None else {"root": root}), **objects}
        self.save_counter = Variable(np.int32(0), trainable=False, name="save_counter")
        self.__dict__.update(objects)

    def _variables(self) -> dict[str, Variable]:
        found = {"save_counter": self.save_counter}
        for name, thing in self._objects.items():
            found.update((f"{name}/{i}", v) for i, v in enumerate(_variables_of(thing)))
        return found

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values into a new file, and note it as the latest of its folder; gives its name."""
        self.save_counter.assign_add(1)
        path = self.write(f"{os.fspath(file_prefix)}-{int(self.save_counter)}")
        (Path(path).parent / "checkpoint").write_text(Path(path).name, "utf-8")
        return path

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values into a file; gives its name, without the ending."""
        path = os.fspath(file_prefix)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        np.savez(f"{path}.npz", **{name: np.asarray(v.raw()) for name, v in self._variables().items()})
        return path

    def restore(self, save_path: Any, options: Any = None) -> "Status":
        """Give the variables the values in a file; of None, do nothing.

        Raises:
            ValueError: the file has other variables.
        """
        if save_path:
            with np.load(f"{os.fspath(save_path)}.npz", allow_pickle=False) as values:
                self._assign(os.fspath(save_path), {name: values[name] for name in values.files})
        return Status()

    read = restore

    def _assign(self, path: str, values: dict[str, Any]) -> None:
        variables = self._variables()
        if missing := sorted(values.keys() - variables.keys()):
            raise ValueError(
                report(
                    f"Checkpoint {path!r} holds variables that the objects do not have (yet).",
                    expected=", ".join(variables),
                    got=", ".join(missing),
                    fix="build models and optimizers first: call them on data, and `optimizer.build(variables)`.",
                )
            )
        for name, value in values.items():
            variables[name].assign(value)


class Status:
    """What `restore` gives: everything has been restored."""

    def expect_partial(self) -> "Status":
        """Says nothing here."""
        return self

    assert_consumed = assert_existing_objects_matched = expect_partial


class CheckpointManager:
    """Keeps the newest files of a checkpoint in a folder."""

    def __init__(self, checkpoint: Checkpoint, directory: Any, max_to_keep: int = 5, checkpoint_name: str = "ckpt"):
        self.checkpoint, self.directory = checkpoint, os.fspath(directory)
        self._most, self._prefix = max_to_keep, os.path.join(self.directory, checkpoint_name)
        latest = latest_checkpoint(directory)
        self.checkpoints: list[str] = [latest] if latest else []

    @property
    def latest_checkpoint(self) -> str | None:
        """The newest file."""
        return self.checkpoints[-1] if self.checkpoints else None

    def save(self, checkpoint_number: Any = None, **options: Any) -> str:
        """Write a file; forget the oldest."""
        self.checkpoints.append(self.checkpoint.save(self._prefix))
        while self._most and len(self.checkpoints) > self._most:
            Path(f"{self.checkpoints.pop(0)}.npz").unlink(missing_ok=True)
        return self.checkpoints[-1]

    def restore_or_initialize(self) -> str | None:
        """Restore the newest file, if there is one."""
        self.checkpoint.restore(self.latest_checkpoint)
        return self.latest_checkpoint


def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The file that was written last into a folder; None where there is none."""
    note = Path(checkpoint_dir) / (latest_filename or "checkpoint")
    path = note.parent / note.read_text("utf-8").strip() if note.is_file() else None
    return os.fspath(path) if path is not None and Path(f"{path}.npz").is_file() else None


def _variables_of(thing: Any) -> list[Variable]:
    if isinstance(thing, Variable):
        return [thing]
    return list(thing.variables) if hasattr(thing, "variables") else tracking.held(thing, "variable")


__getattr__ = tensor.missing("tensorflow.train", globals())
