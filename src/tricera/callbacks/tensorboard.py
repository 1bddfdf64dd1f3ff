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
        write_graph: accepted: no graph is written.
        write_images: whether weights are written as pictures, too, whenever their histograms are.
        write_steps_per_second: whether the speed is written too.
        update_freq: `"epoch"`, `"batch"`, or a number of batches after which their values are written.
        embeddings_freq: write what the projector shows every so many epochs: the weights, and `projector_config.pbtxt`,
            which names the tables of the Embedding layers; 0: never.
        embeddings_metadata: the file that names the rows of all tables, or such a file by the name of the layer.

    Raises:
        ValueError: `update_freq` is something else, or `embeddings_metadata` names no Embedding layer.
        NotImplementedError: a profile is asked for.
    """

    resumable = ("_step",)

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        if profile_batch:
            raise NotImplementedError(
                report(
                    "TensorBoard: `profile_batch` is not supported.", got=repr(profile_batch), fix="use `jax.profiler`."
                )
            )
        self.log_dir, self.histogram_freq = os.fspath(log_dir), histogram_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch" and (not isinstance(self.update_freq, int) or self.update_freq < 1):
            raise ValueError(
                report(
                    f"Unrecognized update_freq: {update_freq!r}.",
                    expected='"epoch", "batch", or a positive number of batches',
                )
            )
        self._writers: dict[str, EventWriter] = {}
        self._step, self._start, self._batch_start = 0, (0.0, 0), 0.0

    @property
    def every_batch(self):
        """Batches matter only where their values are written."""
        return self.update_freq != "epoch"

    def _writer(self, part: str) -> EventWriter:
        if part not in self._writers:
            self._writers[part] = EventWriter(Path(self.log_dir) / part)
        return self._writers[part]

    def set_model(self, model):
        super().set_model(model)
        if self.embeddings_freq:
            Path(self.log_dir).mkdir(parents=True, exist_ok=True)
            Path(self.log_dir, "projector_config.pbtxt").write_text(self._projector(model))

    def _projector(self, model: Any) -> str:
        """Where the projector finds the tables, and what names their rows, as text of a protocol buffer."""
        names = [layer.name for layer in model.layers if hasattr(layer, "embeddings")]
        metadata = self.embeddings_metadata or {}
        if isinstance(metadata, str):
            metadata = dict.fromkeys(names, metadata)
        if unknown := sorted(set(metadata) - set(names)):
            raise ValueError(
                report(
                    "Unrecognized `Embedding` layer names passed to `TensorBoard` as `embeddings_metadata`.",
                    expected=f"some of {names}",
                    got=unknown,
                )
            )
        tensor = "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"  # as in checkpoints of TensorFlow
        lines = []
        for name in names:
            lines += ["embeddings {", f'  tensor_name: "{tensor}"']
            lines += [f'  metadata_path: "{metadata[name]}"'] if name in metadata else []
            lines += ["}"]
        return "".join(f"{line}\n" for line in lines)

    def on_train_begin(self, logs=None):
        self._step = 0

    def on_train_batch_begin(self, batch, logs=None):
        self._batch_start = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._last = (time.monotonic(), self._step), -1

    def on_train_batch_end(self, batch, logs=None):
        self._step += batch - self._last
        self._last = batch
        if self.update_freq != "epoch" and self._step % self.update_freq == 0:
            values = dict(logs or {})
            if self.write_steps_per_second:
                values["steps_per_second"] = 1 / max(time.monotonic() - self._batch_start, 1e-9)
            self._write("train", "batch_", values, self._step)

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
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            folder = Path(self.log_dir) / "train"
            folder.mkdir(parents=True, exist_ok=True)
            self.model.save_weights(folder / f"keras_embedding.ckpt-{epoch}.weights.h5")

    def on_test_end(self, logs=None):
        iterations = getattr(getattr(self.model, "optimizer", None), "iterations", None)
        if iterations is not None:
            named = {f"{name}_vs_iterations": value for name, value in (logs or {}).items()}
            self._write("validation", "evaluation_", named, int(iterations))

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in self.model.weights:
            values = weight.numpy()
            writer.histogram(f"{weight.path}/histogram", values, epoch)
            if self.write_images:
                for index, pixels in enumerate(_pictures(values)):
                    writer.image(f"{weight.path}{f'/{index}' if index else ''}/image", pixels, epoch)
        writer.flush()

    def _write(self, part: str, prefix: str, logs: Any, step: int) -> None:
        for name, value in (logs or {}).items():
            self._writer(part).scalar(f"{prefix}{name}", float(value), step)
        if part in self._writers:
            self._writers[part].flush()

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()


def _pictures(values: np.ndarray) -> list[np.ndarray]:
    """At most three grey pictures of an array of one to three axes, from its lowest value, black, to its highest.

    Of three axes, the last one counts the pictures; axes of size 1 do not count.
    """
    values = np.squeeze(np.asarray(values, "float32"))
    if values.ndim == 2 and len(values) > values.shape[1]:
        values = values.T
    if not 1 <= values.ndim <= 3:
        return []
    planes = np.atleast_2d(values)[..., None] if values.ndim < 3 else values
    low, high = planes.min(), planes.max()
    grey = ((planes - low) * (255 / max(high - low, 1e-12))).astype("uint8")
    return [grey[..., index, None] for index in range(min(grey.shape[-1], 3))]
