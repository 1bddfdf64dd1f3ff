"""Single batches: train, test and predict on one, and the order in which results are listed."""

import sys
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera.train import epoch, programs
from tricera.train.data import Arrays, class_weighted, to_arrays
from tricera.train.trainable import Trainable


class Batches(Trainable):
    """The methods of a model that take one batch."""

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One training step; the loss and the metrics of this batch alone."""
        self._require_compiled("train_on_batch")
        if class_weight is not None:
            sample_weight = class_weighted(y, sample_weight, class_weight)
        source = Arrays(x, y, sample_weight, batch_size=sys.maxsize)
        self._ready(source, training=True)
        self.reset_metrics()
        program = programs.program((self._program_key("train"), "batch", ()), "train_batch", epoch.train_batch, (0,))
        state = self._take("train")
        try:
            step = self.train_step if self.run_eagerly else lambda s, b: program(self, s, b)
            logs, state = step(state, source.data)
        finally:
            self._put("train", state)
        return self._as_asked(logs, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and the metrics of one batch."""
        self._require_compiled("test_on_batch")
        source = Arrays(x, y, sample_weight, batch_size=sys.maxsize)
        self._ready(source, training=False)
        self.reset_metrics()
        program = programs.program((self._program_key("test"), "batch", ()), "test_batch", epoch.test_batch)
        step = self.test_step if self.run_eagerly else lambda s, b: program(self, s, b)
        logs, state = step(self._take("test"), source.data)
        self._put("test", state)
        return self._as_asked(logs, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        batch = (to_arrays(x, "x"), None, None)
        if not self.built:
            self._outputs_for(batch[0])
        return tree_util.tree_map(np.asarray, self._predict_batch(batch))

    def _predict_batch(self, batch: Any) -> Any:
        if self.run_eagerly:
            return self.predict_step(self._take("predict"), (batch[0],))[0]
        program = programs.program(self._program_key("predict"), "predict", epoch.predict_batch)
        return program(self, self._take("predict"), (batch[0],))

    def _in_order(self, logs: dict[str, Any]) -> list[Any]:
        """The values of logs as `evaluate` lists them: the loss, each output's loss, then the metrics."""
        trackers = [metric.name for metric in self._compile_loss.metrics] if self._compile_loss else []
        labels = self._compile_metrics.labels if self._compile_metrics else []
        first = [name for name in ("loss", *trackers, *labels) if name in logs]
        return [logs[name] for name in (*first, *(name for name in logs if name not in first))]

    def _as_asked(self, logs: Any, return_dict: bool) -> Any:
        logs = floats(logs)
        if return_dict:
            return logs
        values = self._in_order(logs)
        return values[0] if len(values) == 1 else values


def floats(logs: Any) -> dict[str, Any]:
    """Logs read from the device at once; scalars as Python's floats, sorted by name as Keras does."""
    read = jax.device_get(dict(logs))
    return {name: float(read[name]) if np.ndim(read[name]) == 0 else read[name] for name in sorted(read)}
