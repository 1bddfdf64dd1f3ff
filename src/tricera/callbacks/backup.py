"""Going on with a training whose process ended, however it ended."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tricera.callbacks import screen
from tricera.callbacks.callback import Callback
from tricera.callbacks.checkpoint import Frequency
from tricera.disk import atomic
from tricera.engine.configured import Remembering
from tricera.errors import report

_FACTS = "facts.json"


class BackupAndRestore(Callback, metaclass=Remembering):
    """Keep a backup of the training; `fit` of a new process goes on where it was made, in the middle of an epoch too.

    A backup holds weights, the optimizer's variables, seeds, metrics, the place in the epoch and its order of samples,
    the history, and what other callbacks remember of earlier epochs (`Callback.resumable`). Arrays go on exactly; a
    generator or data set is read from its beginning to the place, so it must give the same batches again.

    Args:
        backup_dir: a folder for this training alone; it is made.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: keep the backup before the last, too, for a disk that breaks.
        delete_checkpoint: remove the backup when training ends well.

    Raises:
        ValueError: `backup_dir` is empty, `save_freq` is something else, or the backup is one of another training.
    """

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if backup_dir is None or not os.fspath(backup_dir):
            raise ValueError(report("Empty `backup_dir` argument passed.", expected="the path of a folder"))
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._frequency = Frequency(save_freq, "Invalid value for argument `save_freq`")
        self._latest, self._previous = (Path(self.backup_dir) / name for name in ("latest.zip", "previous.zip"))
        self._current_epoch, self._last_batch_seen = 0, 0

    @property
    def every_batch(self):
        """Batches matter only where their number says when to save."""
        return self._frequency.by_batches

    def on_train_begin(self, logs=None):
        for path in (self._latest, self._previous):
            if (backup := _read(path)) is not None:
                self.model._under_way.resume_from(*backup, label=f"the backup {os.fspath(path)!r}")
                break

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._last_batch_seen = batch
        if self._frequency.is_due(batch):
            self._write("on_train_batch_end", batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._current_epoch = epoch + 1
        if not self._frequency.by_batches:
            self._write("on_epoch_end", epoch, logs)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            for path in (self._latest, self._previous):
                path.unlink(missing_ok=True)
            folder = Path(self.backup_dir)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _write(self, hook: str, index: int, logs: Any) -> None:
        facts, arrays = self.model._under_way.captured(self, hook, index, logs)
        self._latest.parent.mkdir(parents=True, exist_ok=True)
        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        with atomic.replacing(self._latest) as fresh, zipfile.ZipFile(fresh, "w") as members:
            members.writestr(_FACTS, json.dumps(facts))
            for name, array in arrays.items():
                with members.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]] | None:
    """The facts and arrays of a backup; None, with a word, where a broken disk left none."""
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as members:
            names = [name for name in members.namelist() if name != _FACTS]
            facts = json.loads(members.read(_FACTS))
            return facts, {name.removesuffix(".npy"): _array(members, name) for name in names}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        screen.say(f"BackupAndRestore: {os.fspath(path)!r} cannot be read and is left alone: {error}")
        return None


def _array(members: zipfile.ZipFile, name: str) -> Any:
    with members.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
