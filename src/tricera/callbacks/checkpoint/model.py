"""Saving the model while it trains, to files."""

import os
from pathlib import Path

from tricera.callbacks import screen
from tricera.callbacks.checkpoint.frequency import Frequency
from tricera.callbacks.logs import Logs, floats
from tricera.callbacks.monitor import MonitorCallback
from tricera.errors import did_you_mean, report


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after each epoch, after a number of batches, or whenever it is the best so far.

    Args:
        filepath: the file; `{epoch:02d}`, `{batch}` and names of logs, `{val_loss:.2f}`, are filled in, epoch and
            batch counted from 1. Its folder is made.
        monitor: the value that says which model is the best.
        verbose: 1 says what is saved.
        save_best_only: save only where `monitor` improves.
        save_weights_only: call `model.save_weights`, not `model.save`.
        mode: `"min"`, `"max"` or `"auto"`.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: with `save_best_only`, the value that the first saved model must beat.

    Raises:
        ValueError: `save_freq` is something else.
        KeyError: `filepath` names a value that there is none of.
        IsADirectoryError: `filepath` is a folder.
    """

    resumable = ("best",)

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._frequency = Frequency(save_freq, "Unrecognized save_freq")

    @property
    def every_batch(self):
        """Batches matter only where their number says when to save."""
        return self._frequency.by_batches

    def on_train_begin(self, logs=None):
        self._has_complained = False

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if not self._frequency.by_batches:
            self._save(epoch, None, logs)

    def on_train_batch_end(self, batch, logs=None):
        if self._frequency.is_due(batch):
            self._save(self._epoch, batch, logs)

    def _save(self, epoch: int, batch: int | None, logs) -> None:
        logs = Logs(logs or {}) if batch is None else floats(logs)
        path = self._path(epoch, batch, logs)
        if not self._is_wanted(epoch, path, logs):
            return
        if Path(path).is_dir():
            raise IsADirectoryError(
                report(
                    "Please specify a non-directory filepath for ModelCheckpoint.",
                    got=f"the folder {path!r}",
                    fix='name a file in it, as `"{epoch:02d}.keras"`.',
                )
            )
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        values = Logs({**({} if batch is None else {"batch": batch + 1}), **logs, "epoch": epoch + 1})
        try:
            return self.filepath.format_map(values)
        except KeyError as error:
            hint = did_you_mean(error.args[0], values) or f"there are {', '.join(values)}"
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}; {hint}'
            ) from None

    def _is_wanted(self, epoch: int, path: str, logs: Logs) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None:
            self._complain(f"Can save best model only with {self.monitor} available.", logs)
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(value, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self.best = value
        self._say(epoch, f"{self.monitor} improved from {best} to {value:.5f}, saving model to {path}")
        return True

    def _say(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            screen.say(f"Epoch {epoch + 1}: {text}")
