"""Records of training: the history, a table on disk."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tricera.callbacks.callback import Callback
from tricera.callbacks.logs import Logs
from tricera.engine.configured import Remembering


class History(Callback):
    """What `fit` returns: `history` maps each name to its values by epoch, `epoch` lists the epochs.

    `history["acc"]` finds `accuracy`, and the reverse.
    """

    resumable = ("history", "epoch")

    def __init__(self):
        super().__init__()
        self.history = Logs()
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self


class CSVLogger(Callback, metaclass=Remembering):
    """Write one row an epoch to a table: `epoch`, then the names that the first epoch has, in alphabetical order.

    Where the first epoch has no validation, columns for it are added; a value that an epoch lacks is `NA`.

    Args:
        filename: the file; its folder is made.
        append: go on with an existing file.
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.append_header = True
        self.keys: list[str] | None = None
        self.csv_file: Any = None

    def on_train_begin(self, logs=None):
        path = Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.append_header = not (self.append and path.exists() and path.stat().st_size)
        self._close()
        self.csv_file = path.open("a" if self.append else "w", newline="")
        self.keys = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        rows = csv.writer(self.csv_file, delimiter=self.sep)
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(name.startswith("val_") for name in self.keys):
                self.keys += [f"val_{name}" for name in self.keys]
            if self.append_header:
                rows.writerow(["epoch", *self.keys])
        rows.writerow([epoch, *(_cell(logs.get(name, "NA")) for name in self.keys)])
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()


def _cell(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str) and np.ndim(value):
        return f'"[{", ".join(map(str, value))}]"'
    return value
