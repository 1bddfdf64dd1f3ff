"""compile, fit, evaluate, predict, and the same for single batches."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera import callbacks as callbacks_module
from tricera import metrics as metrics_module
from tricera import optimizers
from tricera.callbacks import screen
from tricera.engine import graph
from tricera.engine.graph import KerasTensor
from tricera.engine.inputs import where
from tricera.errors import report
from tricera.train import checks, structure
from tricera.train.batches import Batches, floats
from tricera.train.compiled import CompiledLoss, CompiledMetrics
from tricera.train.data import Arrays
from tricera.train.interrupt import interruptible
from tricera.train.loop import Runner, steps_of
from tricera.train.plan import Plan, choose
from tricera.train.stream import Stream, source_of, validation_of


class Trainer(Batches):
    """What makes a model trainable. A model inherits it beside `Layer`."""

    compiled = False
    stop_training = False
    run_eagerly = False
    steps_per_execution = 1
    optimizer: Any = None
    loss: Any = None
    history: Any = None
    _compile_loss: CompiledLoss | None = None
    _compile_metrics: CompiledMetrics | None = None
    _loss_tracker: Any = None
    _train_plan: Plan | None = None

    # ---- compile

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model learns.

        Args:
            optimizer: a name, a class, an object or its configuration.
            loss: a name, a function, an object; a list or dict of them for several outputs.
            loss_weights: how much each output's loss counts.
            metrics: names, functions or objects, or lists of them by output.
            weighted_metrics: the same, for metrics that respect sample and class weights.
            run_eagerly: compute operation by operation, to look at values with a debugger.
            steps_per_execution: how many batches a callback waits for.
            jit_compile: accepted for Keras' sake: everything is compiled, but for `run_eagerly`.
            auto_scale_loss: scale the loss where the policy computes in float16.

        Raises:
            ValueError: an unknown name; the nearest one is suggested.
        """
        names = getattr(self, "output_names", None)
        self._compile_loss = CompiledLoss(loss, loss_weights, names) if loss is not None else None
        self._compile_metrics = (
            CompiledMetrics(metrics, weighted_metrics, names) if metrics or weighted_metrics else None
        )
        self.optimizer = self._scaled(optimizers.get(optimizer), auto_scale_loss)
        self.loss, self.loss_weights = loss, loss_weights
        self._compile_config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self.run_eagerly, self.steps_per_execution, self.jit_compile = run_eagerly, steps_per_execution, jit_compile
        self._loss_tracker = metrics_module.Mean(name="loss")
        self.compiled, self.stop_training = True, False
        self._program_token = object()

    def _scaled(self, optimizer: Any, auto_scale_loss: bool) -> Any:
        float16 = getattr(self, "dtype_policy", None) is not None and self.dtype_policy.name == "mixed_float16"
        if auto_scale_loss and float16 and not isinstance(optimizer, optimizers.LossScaleOptimizer):
            return optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
        return optimizer

    # ---- metrics

    @property
    def metrics(self) -> list[Any]:
        """The running mean of the loss, the compiled metrics, and those that layers hold."""
        found = [self._loss_tracker] if self._loss_tracker is not None else []
        if self._compile_metrics is not None:
            found.append(self._compile_metrics)
        if self._compile_loss is not None:
            found.extend(self._compile_loss.metrics)
        return [*found, *self._held_metrics()]  # type: ignore[attr-defined]

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [metric.name for metric in self.metrics]

    @property
    def metrics_variables(self) -> list[Any]:
        """The states of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def reset_metrics(self) -> None:
        """Forget what the metrics saw."""
        for metric in self.metrics:
            metric.reset_state()

    @property
    def train_plan(self) -> str:
        """How the last `fit` computed, in one sentence, and why."""
        return str(self._train_plan) if self._train_plan else "Not trained yet."

    # ---- preparation

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                report(
                    f"{where(self)}: You must call `compile()` before calling `{method}()`.",
                    fix=f"model.compile(optimizer='adam', loss='mse') before model.{method}(...).",
                )
            )

    def _ready(self, source: Any, training: bool) -> bool:
        """Check the data; build model, losses, metrics and optimizer for them. Whether anything had to be built."""
        batch = x, y, _ = source.example()
        outputs = self._outputs_for(x)
        parts = [part for part in (self._compile_loss, self._compile_metrics) if part is not None]
        parts += [self.optimizer] if training else []
        fresh = not all(part.built for part in parts)
        checks.check_data(self, source, batch, outputs)
        if self._compile_loss is not None:
            self._compile_loss.build(outputs)
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.build(y, outputs)
        if training and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        return fresh

    def _outputs_for(self, x: Any) -> Any:
        """The symbolic outputs for a batch of unknown size; builds what is not built."""
        symbolic = tree_util.tree_map(lambda a: KerasTensor((None, *a.shape[1:]), a.dtype), x)
        return graph.infer(self, (symbolic,))

    def _program_key(self, kind: str) -> Any:
        """What the model's programs depend on: shared by models of equal structure, if nothing in it is the user's."""
        names = tuple(self._compile_loss.names) if self._compile_loss is not None else ()
        try:
            parts: tuple = (structure.key(self),)
            if kind != "predict":
                parts += (structure.key(self._compile_loss), structure.key(self._compile_metrics))
                parts += (structure.key(self._held_metrics()), names if len(names) > 1 else ())
            if kind == "train":
                parts += (structure.key(self.optimizer),)
        except structure.Unshared:
            flags = tuple((v.trainable, v.shape, v.dtype) for v in self.variables)  # type: ignore[attr-defined]
            layers = tuple(layer.trainable for layer in self._flatten_layers())  # type: ignore[attr-defined]
            parts = (self.__dict__.setdefault("_program_token", object()), flags, layers)
        return (kind, *parts)

    # ---- state

    def _take(self, kind: str) -> tuple[list[Any], ...]:
        """The values of all variables, for programs; those of training are given away: `_put` brings them back."""
        groups = self._groups(kind)
        if kind == "train":
            return tuple([v.take() for v in group] for group in groups)
        return tuple([v.raw() for v in group] for group in groups)

    def _groups(self, kind: str) -> tuple[list[Any], ...]:
        optimizer = [list(self.optimizer.variables)] if kind == "train" else []
        metrics = [self.metrics_variables] if kind != "predict" else []
        return (self.trainable_variables, self.non_trainable_variables, *optimizer, *metrics)

    def _put(self, kind: str, state: tuple[list[Any], ...]) -> None:
        for variables, values in zip(self._groups(kind), state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.put(value)

    # ---- fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
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
        source = source_of(x, y, sample_weight, batch_size)
        validation = validation_of(validation_data, validation_batch_size or batch_size)
        if validation_split and validation is None:
            if not isinstance(source, Arrays):
                raise ValueError(
                    report("Argument `validation_split` is only supported for arrays.", fix="use `validation_data`.")
                )
            source, validation = source.split(validation_split)
            validation.batch_size = min(validation_batch_size or source.batch_size, validation.samples)
            validation.steps = -(-validation.samples // validation.batch_size)
        if class_weight is not None:
            source = source.weighted(class_weight)
        if self._ready(source, training=True) and isinstance(source, Arrays):
            source.peek_order(shuffle)
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
        runner = Runner(self, source, "train", self._program_key("train"), plan, shown=_is_shown(callbacks))
        validate = self._validator(validation, validation_steps)
        self.stop_training = False
        callbacks.on_train_begin()
        logs: dict[str, Any] = {}
        with interruptible() as interrupted:
            for epoch_index in epochs:
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch_index)
                logs = self._train_epoch(runner, callbacks, shuffle, steps_per_epoch, every_batch, interrupted)
                if validate is not None and _due(epoch_index, validation_freq):
                    logs.update(validate(callbacks))
                callbacks.on_epoch_end(epoch_index, logs)
                self._train_plan = runner.plan
                if self.stop_training or not logs:
                    break
        if isinstance(source, Stream):
            source.close()
        self._finish()
        callbacks.on_train_end(logs)
        return self.history

    def _train_epoch(
        self, runner: Runner, callbacks: Any, shuffle: Any, limit: int | None, every_batch: bool, interrupted: Any
    ) -> dict[str, Any]:
        """One pass over the data: the logs at its end. The variables hold what was reached, whatever happens."""
        state = self._take("train")
        done, logs = 0, None
        steps = runner.epoch(state, shuffle, limit)
        try:
            if every_batch:
                self._put("train", state)
            callbacks.on_train_batch_begin(0)
            for done, logs, state in steps:
                if every_batch:
                    self._put("train", state)
                callbacks.on_train_batch_end(done - 1, logs)
                if interrupted():
                    raise KeyboardInterrupt
                if self.stop_training:
                    break
                callbacks.on_train_batch_begin(done)
                if every_batch:
                    self._take_into(state)
        finally:
            self._put("train", state)
        return floats(logs) if done else {}

    def _take_into(self, state: tuple[list[Any], ...]) -> None:
        """Refresh a state in place from the variables, which a callback may have read or set."""
        for group, values in zip(state, self._take("train"), strict=True):
            group[:] = values

    def _finish(self) -> None:
        if hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_variables)

    def _validator(self, source: Any, steps: int | None) -> Any:
        if source is None:
            return None
        self._ready(source, training=False)
        made: list[Runner] = []

        def validate(callbacks: Any) -> dict[str, Any]:
            if not made:
                plan = choose(self, source, callbacks.overrides_test_batch_hooks)
                made.append(Runner(self, source, "test", self._program_key("test"), plan, shown=False))
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
        source = source_of(x, y, sample_weight, batch_size)
        self._ready(source, training=False)
        callbacks = _callback_list(self, callbacks, verbose, 1, steps_of(source, steps))
        plan = choose(self, source, callbacks.overrides_test_batch_hooks)
        runner = Runner(self, source, "test", self._program_key("test"), plan, shown=_is_shown(callbacks))
        logs = self._test(runner, callbacks, steps)
        if return_dict:
            return logs
        values = self._in_order(logs)
        return values[0] if len(values) == 1 else values

    def _test(self, runner: Runner, callbacks: Any, steps: int | None) -> dict[str, Any]:
        self.reset_metrics()
        callbacks.on_test_begin()
        callbacks.on_test_batch_begin(0)
        done, logs, state = 0, None, self._take("test")
        epoch_steps = runner.epoch(state, False, steps)
        for done, logs, state in epoch_steps:  # noqa: B007
            callbacks.on_test_batch_end(done - 1, logs)
            callbacks.on_test_batch_begin(done)
        self._put("test", state)
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
        source = source_of(x, None, None, batch_size)
        self._outputs_for(source.example()[0])  # builds, and refuses what does not fit
        callbacks = _callback_list(self, callbacks, verbose, 1, steps_of(source, steps))
        callbacks.on_predict_begin()
        parts: list[Any] = []
        for index, batch in enumerate(self._limited(source, steps)):
            callbacks.on_predict_batch_begin(index)
            parts.append(self._predict_batch(batch))
            callbacks.on_predict_batch_end(index, {"outputs": parts[-1]})
            if index >= 8:
                parts[index - 8] = jax.device_get(parts[index - 8])
        callbacks.on_predict_end()
        parts = [tree_util.tree_map(np.asarray, jax.device_get(part)) for part in parts]
        return tree_util.tree_map(lambda *arrays: np.concatenate(arrays), *parts)

    def _limited(self, source: Any, steps: int | None) -> Iterator[Any]:
        for index, batch in enumerate(source.batches()):
            if steps is not None and index >= steps:
                return
            yield batch


# ---- small parts of a run


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
