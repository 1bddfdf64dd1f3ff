"""Changing the learning rate between epochs."""

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from tricera.callbacks import screen
from tricera.callbacks.callback import Callback
from tricera.callbacks.monitor import MonitorCallback
from tricera.engine.configured import Remembering, argument_names, unknown_argument
from tricera.errors import ArgumentError, report


def _optimizers(model: Any) -> Iterator[tuple[str, Any]]:
    """The optimizers of a model with their names; one alone needs no name."""
    inner = getattr(model.optimizer, "optimizers", None)
    yield from [("", model.optimizer)] if inner is None else [(each.name, each) for each in inner]


def _log_rates(model: Any, logs: dict | None) -> None:
    if logs is None:
        return
    for name, optimizer in _optimizers(model):
        logs[f"learning_rate_{name}" if name else "learning_rate"] = float(optimizer.learning_rate)


class LearningRateScheduler(Callback, metaclass=Remembering):
    """Before each epoch set the learning rate to `schedule(epoch, rate)`; it is recorded as `learning_rate`.

    Args:
        schedule: a function of the epoch, from 0, and of the present rate; one of the epoch alone works too.
        verbose: 1 says each rate.

    Raises:
        ValueError: the function returns no number, or the optimizer has no learning rate.
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        for name, optimizer in _optimizers(self.model):
            if not hasattr(optimizer, "learning_rate"):
                raise ValueError(
                    report('Optimizer must have a "learning_rate" attribute.', got=type(optimizer).__name__)
                )
            rate = self._next(epoch, optimizer)
            optimizer.learning_rate = rate
            if self.verbose > 0:
                whose = f"{name} learning rate" if name else "learning rate"
                screen.say(f"Epoch {epoch + 1}: LearningRateScheduler setting {whose} to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        _log_rates(self.model, logs)

    def _next(self, epoch: int, optimizer: Any) -> float:
        takes_rate = _takes_two(self.schedule)
        rate = self.schedule(epoch, float(optimizer.learning_rate)) if takes_rate else self.schedule(epoch)
        if rate is None or isinstance(rate, bool | str) or np.ndim(rate):
            raise ValueError(
                report(
                    "The output of the `schedule` function should be a float.",
                    got=repr(rate),
                    fix="return the new rate, or the one that was given to keep it.",
                )
            )
        return float(rate)


def _takes_two(function: Any) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a function of another language says nothing about itself
        return True
    return True


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when `monitor` has not improved for `patience` epochs.

    Args:
        monitor: the name of a loss or metric.
        factor: below 1.
        patience: epochs to wait for an improvement.
        verbose: 1 says each new rate.
        mode: `"min"`, `"max"` or `"auto"`.
        min_delta: a change of at most this much is no improvement; `epsilon` is its older name.
        cooldown: epochs after a reduction before waiting starts again.
        min_lr: the lowest rate.

    Raises:
        ValueError: `factor` is 1 or more.
    """

    resumable = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor="val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose=0,
        mode="auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs,
    ):
        super().__init__(monitor, mode, min_delta=kwargs.pop("epsilon", min_delta))
        if kwargs:
            raise ArgumentError(unknown_argument(type(self), next(iter(kwargs)), argument_names(type(self))))
        if factor >= 1.0:
            raise ValueError(
                report("ReduceLROnPlateau does not support a factor >= 1.0.", got=factor, fix="pass one below 1.")
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self):
        """Whether epochs of rest are left."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs=None):
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0
        self._has_complained = False

    def on_epoch_end(self, epoch, logs=None):
        _log_rates(self.model, logs)
        value = (logs or {}).get(self.monitor)
        if value is None:
            what = f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available."
            self._complain(what, logs or {})
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch: int) -> bool:
        """Whether a rate could still be lowered."""
        lowered = False
        for name, optimizer in _optimizers(self.model):
            old = float(optimizer.learning_rate)
            if old > np.float32(self.min_lr):
                optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
                lowered = True
                if self.verbose > 0:
                    whose = f"{name} learning rate" if name else "learning rate"
                    screen.say(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing {whose} to {new}.")
        return lowered
