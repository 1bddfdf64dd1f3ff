"""compile, fit, evaluate, predict, and the same for single batches."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera import callbacks as callbacks_module
from tricera import config
from tricera.callbacks import screen
from tricera.errors import report
from tricera.train import checks
from tricera.train.batches import Batches, floats
from tricera.train.coach import say as coach
from tricera.train.coach.nan import Watch
from tricera.train.data import Arrays
from tricera.train.interrupt import interruptible
from tricera.train.loop import Runner, steps_of, stop_of
from tricera.train.plan import choose
from tricera.train.resume import Training
from tricera.train.stream import closed, source_of, validation_of


class Trainer(Batches):
    """What makes a model trainable. A model inherits it beside `Layer`."""

    # ---- fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        **kwargs: Any,
    ) -> Any:
        """Train for `epochs` passes over the data, and return the History.

        Args:
            x: arrays (or lists or dicts of them), a generator, a PyDataset, or any iterable of batches.
            y: the targets, where `x` is arrays.
            batch_size: samples in a step; 32 by default.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch.
            validation_split: the last share of the arrays, kept out of training.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or anything that `x` may be.
            shuffle: whether each epoch draws a new order; `"batch"` only within batches.
            class_weight: how much the samples of each class count.
            initial_epoch: the epoch to begin with, to go on with an earlier run.
            validation_freq: validate every so many epochs, or after the listed ones.

        Raises:
            ValueError: data that do not fit the model, before any training.
            RuntimeError: not compiled.
        """
        self._require_compiled("fit")
        checks.check_arguments(self, Trainer.fit, kwargs, epochs=epochs, validation_split=validation_split)
        batch_size = None if batch_size is ... else batch_size
        source = source_of(x, y, sample_weight, batch_size, steps_per_epoch, shuffle)
        epochs = _at_most(config.max_epochs(), epochs, epochs, "epochs")
        validation = validation_of(validation_data, validation_batch_size or batch_size, validation_steps)
        if validation_split and validation is None:
            if not isinstance(source, Arrays):
                raise ValueError(
                    report("Argument `validation_split` is only supported for arrays.", fix="use `validation_data`.")
                )
            source, held = source.split(validation_split)
            validation = Arrays(*held.data, validation_batch_size or batch_size, validation_steps)
        if class_weight is not None:
            source = source.weighted(class_weight)
        steps_per_epoch = _limited(source, steps_per_epoch)
        with closed(source, validation):
            if self._ready(source, training=True) and isinstance(source, Arrays):
                source.peek_order(shuffle)
            coach.on_fit(self, source, validation)
            return self._train(
                source,
                validation,
                _callback_list(self, callbacks, verbose, epochs, steps_of(source, steps_per_epoch), history=True),
                range(initial_epoch, epochs),
                shuffle,
                steps_per_epoch,
                validation_steps,
                validation_freq,
            )

    def _train(
        self,
        source: Any,
        validation: Any,
        callbacks: Any,
        epochs: range,
        shuffle: Any,
        steps_per_epoch: int | None,
        validation_steps: int | None,
        validation_freq: Any,
    ) -> Any:
        every_batch = callbacks.overrides_batch_hooks
        plan = choose(self, source, every_batch)
        runner = Runner(self, source, "train", plan, shown=_is_shown(callbacks))
        validate = self._validator(validation, validation_steps)
        self.stop_training = False
        training = self._under_way = Training(self, runner, callbacks, epochs.start)
        callbacks.on_train_begin()
        training.begin(shuffle)
        logs: dict[str, Any] = {}
        watch = Watch(self, runner)
        try:
            with interruptible() as interrupted:
                for epoch_index in range(training.epoch, 0 if self.stop_training else epochs.stop):
                    training.epoch = epoch_index
                    callbacks.on_epoch_begin(epoch_index)
                    watch.begin()
                    logs = self._train_epoch(runner, callbacks, shuffle, steps_per_epoch, every_batch, interrupted)
                    if validate is not None and _due(epoch_index, validation_freq):
                        logs.update(validate(callbacks))
                    callbacks.on_epoch_end(epoch_index, logs)
                    watch.end(epoch_index, logs)
                    self._train_plan = runner.plan
                    if self.stop_training or not logs:
                        break
        except BaseException:
            screen.keep()  # what is said of it stands below the bar
            raise
        finally:
            self._under_way = None
        self._finish()
        callbacks.on_train_end(logs)
        coach.on_end(self.history)
        return self.history

    def check(self, x: Any, y: Any = None, validation_data: Any = None, batch_size: int | None = None) -> list[str]:
        """What is likely to be a mistake in the model and these data, a line each; nothing is trained.

        Args:
            x, y, validation_data, batch_size: as `fit` takes them.

        Raises:
            ValueError: data that do not fit the model at all, or a model that is not compiled.
        """
        self._require_compiled("check")
        source = source_of(x, y, None, batch_size, None, False)
        validation = validation_of(validation_data, batch_size, None)
        with closed(source, validation):
            self._ready(source, training=False)
            return coach.all_notes(self, source, validation)

    def _train_epoch(
        self, runner: Runner, callbacks: Any, shuffle: Any, limit: int | None, every_batch: bool, interrupted: Any
    ) -> dict[str, Any]:
        """One pass over the data: the logs at its end. The variables hold what was reached, whatever happens."""
        told, every = _teller(runner, every_batch), self.steps_per_execution if every_batch else 1

        def before(step: int) -> None:
            if step % every == 0:
                told(callbacks.on_train_batch_begin, step)

        done, logs = runner.made, self.get_metrics_result() if runner.made else None
        runner.begin()
        try:
            for done, logs in _executions(runner.epoch(shuffle, limit, before), every):
                told(callbacks.on_train_batch_end, done - 1, logs)
                if interrupted():
                    raise KeyboardInterrupt
                if self.stop_training:
                    break
        finally:
            runner.put()
        return floats(logs) if done else {}

    def _finish(self) -> None:
        if hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_variables)

    def _validator(self, source: Any, steps: int | None) -> Any:
        if source is None:
            return None
        self._ready(source, training=False)
        steps = _limited(source, steps)
        made: list[Runner] = []

        def validate(callbacks: Any) -> dict[str, Any]:
            if not made:
                plan = choose(self, source, callbacks.overrides_test_batch_hooks)
                made.append(Runner(self, source, "test", plan, shown=False))
            logs = self._test(made[0], callbacks, steps)
            return {f"val_{name}": value for name, value in logs.items()}

        return validate

    # ---- evaluate

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics over the data: a number, a list in the order of `metrics`, or a dict."""
        self._require_compiled("evaluate")
        checks.check_arguments(self, Trainer.evaluate, kwargs)
        source = source_of(x, y, sample_weight, batch_size, steps)
        with closed(source):
            self._ready(source, training=False)
            steps = _limited(source, steps)
            callbacks = _callback_list(self, callbacks, verbose, 1, steps_of(source, steps))
            plan = choose(self, source, callbacks.overrides_test_batch_hooks)
            runner = Runner(self, source, "test", plan, shown=_is_shown(callbacks))
            logs = self._test(runner, callbacks, steps)
        if return_dict:
            return logs
        values = self._in_order(logs)
        return values[0] if len(values) == 1 else values

    def _test(self, runner: Runner, callbacks: Any, steps: int | None) -> dict[str, Any]:
        callbacks.on_test_begin()
        done, logs = 0, None
        self.stop_evaluating = False
        watched = callbacks.overrides_test_batch_hooks
        told, every = _teller(runner, watched), self.steps_per_execution if watched else 1

        def before(step: int) -> None:
            if step % every == 0:
                told(callbacks.on_test_batch_begin, step)

        runner.begin()
        for done, logs in _executions(runner.epoch(False, steps, before), every):
            told(callbacks.on_test_batch_end, done - 1, logs)
            if self.stop_evaluating:
                break
        runner.put()
        found = floats(logs) if done else {}
        callbacks.on_test_end(found)
        return found

    # ---- predict

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for all samples, as NumPy arrays."""
        source = source_of(x, None, None, batch_size, steps)
        with closed(source):
            parts = self._predicted(source, steps, verbose, callbacks)
        return tree_util.tree_map(lambda *arrays: np.concatenate(arrays), *parts)

    def _predicted(self, source: Any, steps: int | None, verbose: Any, callbacks: Any) -> list[Any]:
        """The outputs for each batch."""
        self._outputs_for(source.example()[0])  # builds, and refuses what does not fit
        checks.check_inputs(self, source, source.example())
        steps = _limited(source, steps)
        callbacks = _callback_list(self, callbacks, verbose, 1, steps_of(source, steps))
        callbacks.on_predict_begin()
        parts: list[Any] = []
        watched = callbacks.overrides_predict_batch_hooks
        every = self.steps_per_execution if watched else 1

        def inputs() -> Iterator[Any]:
            for index, (x, _, _) in enumerate(itertools.islice(source.batches(), stop_of(source, steps))):
                if index % every == 0:
                    callbacks.on_predict_batch_begin(index)
                yield x

        def numbered() -> Iterator[tuple[int, Any]]:
            for outputs in self._predictions(inputs(), watched):
                parts.append(outputs)
                yield len(parts), outputs
                if len(parts) > _UNDER_WAY:
                    parts[-1 - _UNDER_WAY] = jax.device_get(parts[-1 - _UNDER_WAY])

        self.stop_predicting, told = False, 0
        for done, outputs in _executions(numbered(), every):
            if done - told > 1:
                outputs = tree_util.tree_map(lambda *each: np.concatenate(each), *parts[told:])
            callbacks.on_predict_batch_end(done - 1, {"outputs": outputs})
            told = done
            if self.stop_predicting:
                break
        callbacks.on_predict_end()
        return [tree_util.tree_map(np.asarray, jax.device_get(part)) for part in parts]


_UNDER_WAY = 8  # batches of predictions that wait on the device


# ---- small parts of a run


def _teller(runner: Runner, watched: bool) -> Callable:
    """What calls a hook; where callbacks see every batch, they may read and set the variables."""

    def told(hook: Any, step: int, logs: Any = None) -> None:
        if watched:
            runner.put()
        try:
            hook(step, logs)
        finally:
            if watched:
                runner.take()

    return told


def _executions(progress: Iterator[tuple[int, Any]], every: int) -> Iterator[tuple[int, Any]]:
    """Of the steps of an epoch those that end an execution of so many, and the last."""
    last = None
    for last in progress:
        if last[0] % every == 0:
            yield last
            last = None
    if last is not None:
        yield last


def _limited(source: Any, steps: int | None) -> int | None:
    """The steps that were asked for, or as many as the process allows."""
    return _at_most(config.max_steps_per_epoch(), steps, steps_of(source, steps), "steps_per_epoch")


def _at_most(most: int | None, asked: Any, there: int | None, what: str) -> Any:
    if most is None or (there is not None and there <= most):
        return asked
    warnings.warn(report(f"Limiting {what} to {most}", fix=f"`keras.config.set_max_{what}(None)`."), stacklevel=4)
    return most


def _callback_list(
    model: Any, callbacks: Any, verbose: Any, epochs: int, steps: int | None, history: bool = False
) -> Any:
    if isinstance(callbacks, callbacks_module.CallbackList):
        return callbacks
    verbose = 1 if verbose == "auto" else int(verbose)
    return callbacks_module.CallbackList(
        callbacks,
        add_history=history,
        add_progbar=verbose != 0,
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=steps,
    )


def _is_shown(callbacks: Any) -> bool:
    return callbacks.params.get("verbose", 0) == 1 and screen.is_live()


def _due(epoch_index: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch_index + 1) % frequency == 0
    return epoch_index + 1 in frequency
