"""Single batches: train, test and predict on one, and the order in which results are listed."""

from collections.abc import Iterable, Iterator
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera.train import epoch, programs
from tricera.train.data import class_weighted, pack, to_arrays
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
        return self._as_asked(self._on_batch("train", x, y, sample_weight), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and the metrics of one batch."""
        self._require_compiled("test_on_batch")
        return self._as_asked(self._on_batch("test", x, y, sample_weight), return_dict)

    def _on_batch(self, kind: str, x: Any, y: Any, sample_weight: Any) -> Any:
        batch = to_arrays(x, "x"), to_arrays(y, "y"), to_arrays(sample_weight, "sample_weight")
        self._ready_for(batch, training=kind == "train")
        key, cells = self._at_hand(kind)
        function, donate = (epoch.train_first, (0,)) if kind == "train" else (epoch.test_first, ())
        state = cells.take()
        try:
            if self.run_eagerly:
                logs, state = function(self, state, batch)
            else:
                program = programs.program((key, "first", ()), f"{kind}_batch", function, donate)
                logs, state = program(self, state, batch)
        finally:
            cells.put(state)
        return logs

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        x = to_arrays(x, "x")
        if not self.built:
            self._outputs_for(x)
        return tree_util.tree_map(np.asarray, next(self._predictions([x])))

    def _predictions(self, inputs: Iterable[Any], watched: bool = False) -> Iterator[Any]:
        """The outputs for each batch of inputs; what layers keep from batch to batch goes on, and stays.

        Args:
            watched: whether somebody may set variables between two batches.
        """
        key, cells = self._at_hand("predict")
        trainable, others = cells.take()
        program = programs.program(key, "predict", epoch.predict_batch)
        for x in inputs:
            if watched:
                trainable, others = cells.take()
            data = pack((x, None, None))
            if self.run_eagerly:
                outputs, others = self.predict_step((trainable, others), data)
            else:
                outputs, others = program(self, (trainable, others), data)
            cells.put((trainable, others))
            yield outputs

    def _in_order(self, logs: dict[str, Any]) -> list[Any]:
        """The values of logs as Keras lists them: the loss, each output's, the metrics, of many outputs by name."""
        trackers = [metric.name for metric in self._compile_loss.metrics] if self._compile_loss else []
        metrics = self._compile_metrics
        labels = metrics.labels if metrics is not None and len(metrics.names) == 1 else []
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
