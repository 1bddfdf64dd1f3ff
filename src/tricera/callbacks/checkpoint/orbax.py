"""Checkpoints that are written beside the training, by Orbax."""

import os

import jax
from jax.experimental import multihost_utils

from tricera.callbacks import screen
from tricera.callbacks.checkpoint.frequency import Frequency
from tricera.callbacks.logs import floats
from tricera.callbacks.monitor import MonitorCallback
from tricera.disk import checkpoints


class OrbaxCheckpoint(MonitorCallback):
    """Save the model in the format of Orbax, each time to a folder of its own, while training goes on.

    `keras.models.load_model(directory)` opens the latest one, with the optimizer's state, and
    `model.load_weights(directory)` reads its weights. On several machines each writes what it holds.

    Args:
        directory: where the folders stand; their names are the numbers of epochs from 0, or, with a `save_freq` of
            batches, those of the optimizer's steps.
        monitor: the value that says which model is the best.
        verbose: 1 says what is saved.
        save_best_only: save only where `monitor` improves.
        mode: `"min"`, `"max"` or `"auto"`.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: with `save_best_only`, the value that the first saved model must beat.
        max_to_keep: how many of the latest are kept; None: all.
        save_on_background: whether training goes on meanwhile.
        save_weights_only: leave out the configuration and the optimizer's state.

    Raises:
        ImportError: Orbax is not installed.
        ValueError: `save_freq` is something else.
    """

    resumable = ("best",)

    def __init__(
        self,
        directory,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
        max_to_keep=1,
        save_on_background=True,
        save_weights_only=False,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        checkpoints.orbax()
        self.directory = os.fspath(directory)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self.checkpointer = None
        self._frequency = Frequency(save_freq, "Unrecognized save_freq")
        self._under_way = []

    @property
    def every_batch(self):
        """Batches matter only where their number says when to save."""
        return self._frequency.by_batches

    def is_multihost_enabled(self):
        """Whether several processes train together."""
        return jax.process_count() > 1

    def is_primary_host(self):
        """Whether this process is the first of them."""
        return jax.process_index() == 0

    def wait_until_finished(self):
        """Wait until all that was to be saved is on disk, on every machine.

        Raises:
            Exception: what kept a checkpoint from being written.
        """
        while self._under_way:
            self._under_way.pop(0).result()
        if self.is_multihost_enabled():
            multihost_utils.sync_global_devices("OrbaxCheckpoint")

    def on_train_begin(self, logs=None):
        self._has_complained = False
        orbax = checkpoints.orbax()
        kept = None if self.max_to_keep is None else orbax.training.preservation_policies.LatestN(self.max_to_keep)
        self.checkpointer = orbax.training.Checkpointer(
            self.directory if "://" in self.directory else os.path.abspath(self.directory),
            preservation_policy=kept,
            save_decision_policy=orbax.training.save_decision_policies.FixedIntervalPolicy(1),
        )

    def on_train_batch_end(self, batch, logs=None):
        if self._frequency.is_due(batch):
            self._save(int(self.model.optimizer.iterations), floats(logs), f"batch {batch}")

    def on_epoch_end(self, epoch, logs=None):
        if not self._frequency.by_batches:
            self._save(epoch, logs or {}, f"epoch {epoch}")

    def on_train_end(self, logs=None):
        self.wait_until_finished()
        self.checkpointer.close()

    def _save(self, step, logs, when):
        if not self._is_wanted(logs, when):
            return
        parts = self.model._checkpointables(self.save_weights_only)
        if self.verbose > 0:
            screen.say(f"{when.capitalize()}: saving checkpoint {os.path.join(self.directory, str(step))}")
        if self.save_on_background:
            # Orbax copies the arrays before it returns: the next step of training may have their memory.
            self._under_way.append(self.checkpointer.save_checkpointables_async(step, parts))
        else:
            self.checkpointer.save_checkpointables(step, parts)

    def _is_wanted(self, logs, when):
        if not self.save_best_only:
            return True
        value = logs.get(self.monitor)
        if value is None:
            self._complain(f"Can save best model only with {self.monitor} available, skipping save at {when}.", logs)
            return False
        if not self._is_improvement(value, self.best):
            return False
        self.best = value
        return True
