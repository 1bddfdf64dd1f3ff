"""Losses, metrics and weights as TensorBoard shows them."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from tricera.callbacks.callback import Callback
from tricera.callbacks.events import EventWriter
from tricera.errors import report


class TensorBoard(Callback):
    """Write event files for TensorBoard: `epoch_*` and, where asked for, `batch_*` values, and histograms of weights.

    Args:
        log_dir: the folder; training writes into its folder `train`, validation into `validation`.
        histogram_freq: write histograms of all weights every so many epochs; 0: never.
        write_graph, write_images: accepted: only values and histograms are written.
        write_steps_per_second: whether the speed is written too.
        update_freq: `"epoch"`, `"batch"`, or a number of batches after which their values are written.

    Raises:
        ValueError: `update_freq` is something else.
        NotImplementedError: profiles or embeddings are asked for.
    """

    resumable = ("_step",)

    def __init__(
        self,
        log_dir="logs",
        histogram_freq: int = 0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        for name, value in (("profile_batch", profile_batch), ("embeddings_freq", embeddings_freq)):
            if value:
                raise NotImplementedError(
                    report(f"TensorBoard: `{name}` is not supported.", got=repr(value), fix="use `jax.profiler`.")
                )
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch" and (not isinstance(self.update_freq, int) or self.update_freq < 1):
            raise ValueError(
                report(
                    f"Unrecognized update_freq: {update_freq!r}.",
                    expected='"epoch", "batch", or a positive number of batches',
                )
            )
        self._writers: dict[str, EventWriter] = {}
        self._step, self._start = 0, (0.0, 0)

    @property
    def every_batch(self):
        """Batches matter only where their values are written."""
        return self.update_freq != "epoch"

    def _writer(self, part: str) -> EventWriter:
        if part not in self._writers:
            self._writers[part] = EventWriter(Path(self.log_dir) / part)
        return self._writers[part]

    def on_train_begin(self, logs=None):
        self._step = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._last = (time.monotonic(), self._step), -1

    def on_train_batch_end(self, batch, logs=None):
        self._step += batch - self._last
        self._last = batch
        if self.update_freq != "epoch" and self._step % self.update_freq == 0:
            self._write("train", "batch_", logs, self._step)

    def on_epoch_end(self, epoch, logs=None):
        values = {str(name): value for name, value in (logs or {}).items()}
        rate = getattr(getattr(self.model, "optimizer", None), "learning_rate", None)
        if rate is not None and "learning_rate" not in values:
            values["learning_rate"] = float(np.asarray(rate))
        if self.write_steps_per_second:
            start, step = self._start
            values["steps_per_second"] = (self._step - step) / max(time.monotonic() - start, 1e-9)
        validation = {name[4:]: value for name, value in values.items() if name.startswith("val_")}
        train = {name: value for name, value in values.items() if not name.startswith("val_")}
        self._write("train", "epoch_", train, epoch)
        self._write("validation", "epoch_", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for weight in self.model.weights:
                self._writer("train").histogram(f"{weight.path}/histogram", weight.numpy(), epoch)
            self._writer("train").flush()

    def _write(self, part: str, prefix: str, logs: Any, step: int) -> None:
        for name, value in (logs or {}).items():
            self._writer(part).scalar(f"{prefix}{name}", float(value), step)
        if part in self._writers:
            self._writers[part].flush()

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
