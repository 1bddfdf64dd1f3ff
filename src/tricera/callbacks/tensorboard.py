"""Losses, metrics, weights, embeddings and profiles as TensorBoard shows them."""

import io
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tricera.callbacks.callback import Callback
from tricera.callbacks.events import EventWriter
from tricera.disk import atomic
from tricera.engine import registry
from tricera.errors import did_you_mean, report

_MOST_IMAGES = 16  # of one weight


class TensorBoard(Callback):
    """Write event files for TensorBoard: `epoch_*`, `evaluation_*_vs_iterations` and, where asked for, more.

    Args:
        log_dir: the folder; training writes into its folder `train`, evaluation into `validation`.
        histogram_freq: write histograms of all weights every so many epochs; 0: never.
        write_graph: accepted: graphs are not written, `utils.plot_model` draws them.
        write_images: whether, as often as histograms, weights are written as pictures, the largest number white.
        write_steps_per_second: whether the speed is written too, of batches where their values are.
        update_freq: `"epoch"`, `"batch"`, or a number of batches after which their values are written.
        profile_batch: the batch, counted from 1, or the first and the last of those that XLA's profiler watches;
            0: none.
        embeddings_freq: write the rows of all Embedding layers for the projector every so many epochs; 0: never.
        embeddings_metadata: a file of labels of the rows, line by line, as a path in `log_dir`, or such paths by the
            layers' names.

    Raises:
        ValueError: `update_freq` or `profile_batch` is something else, `embeddings_metadata` names no Embedding.
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
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._profiled = _batches(profile_batch)
        self._is_profiling = False
        self._writers: dict[str, EventWriter] = {}
        self._step, self._start = 0, (0.0, 0)

    @property
    def every_batch(self):
        """Batches matter only where their values are written, or some are watched."""
        return self.update_freq != "epoch" or self._profiled is not None

    def _writer(self, part: str) -> EventWriter:
        if part not in self._writers:
            self._writers[part] = EventWriter(Path(self.log_dir) / part)
        return self._writers[part]

    def on_train_begin(self, logs=None):
        self._step = 0
        if self.embeddings_freq:
            self._describe_embeddings()

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._last = (time.monotonic(), self._step), -1

    def on_train_batch_begin(self, batch, logs=None):
        self._batch_start = time.monotonic()
        if self._profiled is not None and self._step + 1 == self._profiled[0]:
            jax.profiler.start_trace(self.log_dir)
            self._is_profiling = True

    def on_train_batch_end(self, batch, logs=None):
        self._step += batch - self._last
        self._last = batch
        if self._is_profiling and self._step >= self._profiled[1]:
            jax.block_until_ready([weight.raw() for weight in self.model.weights])
            self._end_profile()
        if self.update_freq != "epoch" and self._step % self.update_freq == 0:
            values = dict(logs or {})
            if self.write_steps_per_second:
                values["steps_per_second"] = 1 / max(time.monotonic() - self._batch_start, 1e-9)
            self._write("train", "batch_", values, self._step)

    def on_test_end(self, logs=None):
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None:
            values = {f"{name}_vs_iterations": value for name, value in (logs or {}).items()}
            self._write("validation", "evaluation_", values, int(np.asarray(optimizer.iterations)))

    def on_epoch_end(self, epoch, logs=None):
        values = _rates(getattr(self.model, "optimizer", None))
        values |= {str(name): value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            start, step = self._start
            values["steps_per_second"] = (self._step - step) / max(time.monotonic() - start, 1e-9)
        validation = {name[4:]: value for name, value in values.items() if name.startswith("val_")}
        train = {name: value for name, value in values.items() if not name.startswith("val_")}
        self._write("train", "epoch_", train, epoch)
        self._write("validation", "epoch_", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()

    def _write(self, part: str, prefix: str, logs: Any, step: int) -> None:
        for name, value in (logs or {}).items():
            self._writer(part).scalar(f"{prefix}{name}", float(value), step)
        if part in self._writers:
            self._writers[part].flush()

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in self.model.weights:
            values = weight.numpy()
            writer.histogram(f"{weight.path}/histogram", values, epoch)
            if self.write_images and (planes := _planes(values)) is not None:
                height, width = planes.shape[1:3]
                writer.images(f"{weight.path}/image", list(map(_png, planes)), height, width, epoch)
        writer.flush()

    def on_train_end(self, logs=None):
        if self._is_profiling:
            self._end_profile()
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _end_profile(self) -> None:
        jax.profiler.stop_trace()
        self._is_profiling = False

    # ---- embeddings

    def _embeddings(self) -> dict[str, Any]:
        """The Embedding layers by the files of their rows, whose names are not the layers'."""
        cls = registry.find("layer", "Embedding")
        found = [layer for layer in self.model._flatten_layers() if isinstance(layer, cls)]
        return {f"embedding_{i}.tsv": layer for i, layer in enumerate(found)}

    def _describe_embeddings(self) -> None:
        found, labels = self._embeddings(), self.embeddings_metadata
        names = [layer.name for layer in found.values()]
        of_layers = labels if isinstance(labels, Mapping) else dict.fromkeys(names, labels)
        for name in of_layers:
            if name not in names:
                what = f"TensorBoard: `embeddings_metadata` names an Embedding layer that is not there: {name!r}."
                raise ValueError(report(what, expected=f"some of {names}", fix=did_you_mean(name, names)))
        lines = []
        for file, layer in found.items():
            lines += ["embeddings {", f"  tensor_name: {json.dumps(layer.name)}", f"  tensor_path: {json.dumps(file)}"]
            labelled = of_layers.get(layer.name)
            lines += [f"  metadata_path: {json.dumps(os.fspath(labelled))}"] if labelled else []
            lines += ["}"]
        _write_text(Path(self.log_dir) / "projector_config.pbtxt", lines)

    def _write_embeddings(self) -> None:
        for file, layer in self._embeddings().items():
            rows = np.asarray(layer.embeddings)
            _write_text(Path(self.log_dir) / file, ["\t".join(f"{x:.6g}" for x in row) for row in rows])


def _batches(profile_batch: Any) -> tuple[int, int] | None:
    """The first and the last batch to watch; None for none."""
    text = profile_batch.split(",") if isinstance(profile_batch, str) else profile_batch
    try:
        ends = [int(end) for end in (text if isinstance(text, list | tuple) else [text or 0])] or [-1]
    except (TypeError, ValueError):
        ends = [-1]
    first, last = ends[0], ends[-1]
    if not 1 <= len(ends) <= 2 or first < min(last, 1) or last < max(first, 0):
        what = "TensorBoard: `profile_batch` is no batch, and no first and last batch."
        raise ValueError(report(what, expected="a number counted from 1, two of them, or 0", got=repr(profile_batch)))
    return (first, last) if last else None


def _rates(optimizer: Any) -> dict[str, float]:
    """The learning rate; of several optimizers in one those of each, by its name."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if several := getattr(optimizer, "optimizers", None):
        return {f"learning_rate_{each.name}": float(np.asarray(each.learning_rate)) for each in several}
    rate = getattr(optimizer, "learning_rate", None)
    return {} if rate is None else {"learning_rate": float(np.asarray(rate))}


def _write_text(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(path) as fresh:
        fresh.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _planes(weight: np.ndarray) -> np.ndarray | None:
    """A weight as pictures in grey, shape `(images, height, width)`; None where it is none."""
    x = np.squeeze(weight)
    if x.dtype.kind != "f" or not 1 <= x.ndim <= 3:
        return None
    if x.ndim < 3:
        x = np.atleast_2d(x)
        x = x.T if x.shape[0] > x.shape[1] else x
        return x[None]
    return np.moveaxis(x, -1, 0)[:_MOST_IMAGES]  # of filters, the last axis


def _png(plane: np.ndarray) -> bytes:
    from PIL import Image

    low, high = plane.min(), plane.max()
    grey = (plane - low) / max(high - low, 1e-12) * 255
    Image.fromarray(grey.round().astype("uint8")).save(file := io.BytesIO(), "png")
    return file.getvalue()
