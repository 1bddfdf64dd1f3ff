"""Ending a training early."""

import math
from typing import Any

from tricera.callbacks import screen
from tricera.callbacks.callback import Callback
from tricera.callbacks.monitor import MonitorCallback
from tricera.engine.configured import Remembering


class EarlyStopping(MonitorCallback):
    """Stop when `monitor` has not improved for `patience` epochs.

    Args:
        monitor: the name of a loss or metric.
        min_delta: a change of at most this much is no improvement.
        patience: epochs to wait for an improvement.
        verbose: 1 says when it stops.
        mode: `"min"`, `"max"` or `"auto"`.
        baseline: an epoch that does not beat it counts as one without improvement.
        restore_best_weights: at the end give the model the weights of its best epoch, whether it stopped early or not.
        start_from_epoch: the first epoch that counts, from 0.

    Reference: Prechelt, 1998, "Early stopping - but when?".
    """

    resumable = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor="val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose=0,
        mode="auto",
        baseline: float | None = None,
        restore_best_weights=False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: Any = None
        self._has_complained = False

    def on_train_begin(self, logs=None):
        self._reset()

    def on_epoch_end(self, epoch, logs=None):
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            screen.say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                screen.say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs):
        """The monitored value, or None with a warning."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            self._complain(f"Early stopping conditioned on metric `{self.monitor}` which is not available.", logs)
        return value


class TerminateOnNaN(Callback, metaclass=Remembering):
    """Stop when the loss is NaN or infinite, after the batch or the chunk of batches that makes it so.

    Args:
        raise_error: raise instead of ending the training in order.

    Raises:
        RuntimeError: with `raise_error`.
    """

    every_batch = False

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error
        self._is_over = False

    def on_train_begin(self, logs=None):
        self._is_over = False

    def on_batch_end(self, batch, logs=None):
        self._check(f"batch {batch}", logs)

    def on_epoch_end(self, epoch, logs=None):
        self._check(f"epoch {epoch + 1}", logs)

    def _check(self, place: str, logs) -> None:
        loss = (logs or {}).get("loss")
        if self._is_over or loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at {place}. Loss value: {loss}. Terminating training immediately."
            )
        self._is_over = True
        screen.say(f"{place.capitalize()}: Invalid loss, terminating training")
        self.model.stop_training = True
