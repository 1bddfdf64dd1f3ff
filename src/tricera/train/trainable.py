"""compile, and what every way of training stands on: metrics, checks, program keys, the state."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from jax import tree_util

from tricera import metrics as metrics_module
from tricera import optimizers
from tricera.engine import graph
from tricera.engine.graph import KerasTensor
from tricera.engine.inputs import where
from tricera.errors import report
from tricera.train import checks, structure
from tricera.train.coach import say as coach
from tricera.train.compiled import CompiledLoss, CompiledMetrics
from tricera.train.data import Arrays
from tricera.train.plan import Plan
from tricera.train.step import State, Steps


class Cells:
    """The variables of a model in the groups of a state.

    Args:
        kind: `"train"`: trainable, others, optimizer's, metrics'; `"test"`: without the optimizer's;
            `"predict"`: trainable and others alone.
        beside: variables that count among the others, if they are none of the model's.
    """

    def __init__(self, model: Any, kind: str, beside: Sequence[Any] = ()):
        self._model, self._kind = model, kind
        self._metrics = model.metrics if kind != "predict" else []
        optimizer = [list(model.optimizer.variables)] if kind == "train" else []
        metrics = [[v for metric in self._metrics for v in metric.variables]] if kind != "predict" else []
        self.groups = [model.trainable_variables, model.non_trainable_variables, *optimizer, *metrics]
        known = set(self.variables)
        self.groups[1] = [*self.groups[1], *(v for v in beside if v not in known)]

    @property
    def variables(self) -> list[Any]:
        """All of them, group after group."""
        return [v for group in self.groups for v in group]

    def take(self) -> State:
        """The values, for a program; those of training are given away, so that it may reuse their memory."""
        if self._kind == "train":
            return tuple([v.take() for v in group] for group in self.groups)
        return tuple([v.raw() for v in group] for group in self.groups)

    def put(self, state: State) -> None:
        """Give the variables their values back."""
        for variables, values in zip(self.groups, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.put(value)

    def reset_metrics(self) -> None:
        """Forget what the metrics saw."""
        if "reset_metrics" in vars(type(self._model)):
            self._model.reset_metrics()
            return
        for metric in self._metrics:
            metric.reset_state()


class Trainable(Steps):
    """What `compile` says, what the programs of a model depend on, and the values that they take and give."""

    # What a layer gives.
    dtype_policy: Any
    built: bool
    trainable: Any
    variables: list[Any]
    _flatten_layers: Callable
    _held_metrics: Callable
    __call__: Callable

    compiled = False
    stop_training = stop_evaluating = stop_predicting = False
    run_eagerly = False
    steps_per_execution = 1
    optimizer: Any = None
    loss: Any = None
    history: Any = None
    _compile_loss: CompiledLoss | None = None
    _compile_metrics: CompiledMetrics | None = None
    _loss_tracker: Any = None
    _train_plan: Plan | None = None
    _program_token: Any = None
    _under_way: Any = None  # the run under way, for callbacks that keep it

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
            CompiledMetrics(metrics, weighted_metrics, names, self._compile_loss)
            if metrics or weighted_metrics
            else None
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
        coach.on_compile(self)

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
        return [*found, *self._held_metrics()]

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [metric.name for metric in self.metrics]

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
            self._build_loss(batch, outputs)
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.build(y, outputs)
        if training and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        return fresh

    def _build_loss(self, batch: Any, outputs: Any) -> None:
        """Pair the losses with the outputs, or with what a `compute_loss` of the user's makes of them."""
        try:
            self._compile_loss.build(outputs)  # type: ignore[union-attr]
        except ValueError:
            if type(self).compute_loss is Steps.compute_loss:
                raise
            x, y, sample_weight = (self._symbolic(part) for part in batch)
            graph.infer(self.compute_loss, (), {"x": x, "y": y, "y_pred": outputs, "sample_weight": sample_weight})

    def _ready_for(self, data: Any, training: bool) -> None:
        """The same for a single batch, whose checks are made once for batches of the same shapes."""
        signature = tree_util.tree_map(lambda a: (a.shape, a.dtype), data)
        key = (repr(signature), training, self._program_token, self.trainable)
        if self.__dict__.get("_ready_key") != key:
            x, y, sample_weight = data
            self._ready(Arrays(x, y, sample_weight, sys.maxsize), training)
            self.__dict__["_ready_key"] = key

    def _outputs_for(self, x: Any) -> Any:
        """The symbolic outputs for a batch of unknown size; builds what is not built."""

        name = "outputs", repr(tree_util.tree_map(lambda a: (a.shape[1:], a.dtype), x))
        return self._keep(name, lambda: graph.infer(self, (self._symbolic(x),)))

    def _symbolic(self, arrays: Any) -> Any:
        """A nesting of arrays as symbolic tensors of unknown batch."""
        return tree_util.tree_map(lambda a: KerasTensor((self._batch(), *a.shape[1:]), a.dtype), arrays)

    def _batch(self) -> int | None:
        """The only size of a batch that the model takes; None where it takes any, or where nobody knows yet."""
        try:
            tensors = tree_util.tree_leaves(self.inputs)  # type: ignore[attr-defined]
        except (AttributeError, ValueError):  # not built, or no graph
            return None
        sizes = {tensor.shape[0] for tensor in tensors if isinstance(tensor, KerasTensor)}
        return sizes.pop() if len(sizes) == 1 else None

    def _keep(self, name: Any, make: Callable[[], Any]) -> Any:
        """What `make` derives from the model, made once for as long as nothing in the model changes."""
        return self.__dict__.setdefault("_kept", structure.Kept()).get(self, name, make)

    def _at_hand(self, kind: str) -> tuple[Any, Cells]:
        """The key and the variables of the model's programs of a kind."""
        return self._keep(kind, lambda: (self._program_key(kind), Cells(self, kind, self._beside(kind))))

    def _beside(self, kind: str) -> Sequence[Any]:
        """The variables that a step of this kind uses, and that need not be the model's: whoever traced it knows."""
        return self.__dict__.get("_variables_beside", {}).get(kind, ())

    def _program_key(self, kind: str) -> Any:
        """What the model's programs depend on: shared by models of equal structure, if nothing in it is the user's."""
        names = tuple(self._compile_loss.names) if self._compile_loss is not None else ()
        added = [loss for layer in self._flatten_layers() for loss in layer._losses]
        try:
            if any(callable(loss) or graph.any_symbolic(loss) for loss in added):
                raise structure.Unshared("losses that were added by hand")
            parts: tuple = (structure.key(self),)
            if kind != "predict":
                parts += (structure.key(self._compile_loss), structure.key(self._compile_metrics))
                parts += (structure.key(self._held_metrics()), names if len(names) > 1 else ())
            if kind == "train":
                parts += (structure.key(self.optimizer),)
        except structure.Unshared:
            flags = tuple((v.trainable, v.shape, v.dtype) for v in self.variables)
            layers = tuple(layer.trainable for layer in self._flatten_layers())
            parts = (self.__dict__.setdefault("_program_token", object()), flags, layers, len(added))
        return (kind, *parts)
