"""Watching one quantity: when it is better than before, and what to say where it is missing."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tricera import ops
from tricera.callbacks.callback import Callback
from tricera.callbacks.logs import twin
from tricera.engine.configured import Remembering
from tricera.errors import did_you_mean, report


class MonitorCallback(Callback, metaclass=Remembering):
    """Base of callbacks that ask whether the value named `monitor` improves.

    Args:
        monitor: the name of a loss or metric; `val_` stands before those of the validation.
        mode: whether lower (`"min"`) or higher (`"max"`) is better; `"auto"`: as the metric says, losses lower.
        baseline: the value to beat; None: the first one that is seen.
        min_delta: a change of at most this much is no improvement.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            text = f"{type(self).__name__} mode {mode!r} is unknown, fallback to auto mode."
            warnings.warn(report(text, fix=did_you_mean(str(mode), ("auto", "min", "max"))), stacklevel=4)
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], Any] | None = None
        self._has_complained = False

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        if self.monitor_op is None:
            self._set_monitor_op()
        if reference is None:
            return True
        margin = self.min_delta if self.monitor_op in (ops.less, np.less) else -self.min_delta
        # In single precision, so that the rounding of `value + margin` is no change.
        return bool(self.monitor_op(np.float32(value + margin), np.float32(reference)))  # type: ignore[misc]

    def _set_monitor_op(self) -> None:
        higher = self._is_higher_better()
        if higher is None:
            raise ValueError(
                report(
                    f"{type(self).__name__} callback received monitor={self.monitor}, but Keras isn't able to "
                    "automatically determine whether that metric should be maximized or minimized.",
                    fix='pass `mode="max"` if its highest value is the best, or `mode="min"` if its lowest is.',
                )
            )
        self.monitor_op = ops.greater if higher else ops.less

    def _is_higher_better(self) -> bool | None:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return False
        directions = {metric.name: getattr(metric, "_direction", None) for metric in _metrics(self.model)}
        for own in (name, twin(name)):
            # With many outputs, the name of the output stands before that of the metric.
            for metric, direction in directions.items():
                if direction and own and (own == metric or own.endswith(f"_{metric}")):
                    return direction == "up"
        return True if name.endswith(("acc", "accuracy")) else None

    def _complain(self, what: str, logs: Mapping[str, float]) -> None:
        """Warn, once in a training, that there is nothing to monitor."""
        if self._has_complained:
            return
        self._has_complained = True
        names = list(logs)
        fix = did_you_mean(self.monitor, names)
        if self.monitor.startswith("val_") and not any(name.startswith("val_") for name in names):
            fix = "pass `validation_data` or `validation_split` to `fit`, or monitor a value of the training."
        warnings.warn(report(f"{what} Available metrics are: {','.join(names)}.", fix=fix), stacklevel=4)


def _metrics(model: Any) -> list[Any]:
    metrics = list(getattr(model, "metrics", ()))
    return metrics + [inner for metric in metrics for inner in getattr(metric, "metrics", ())]
