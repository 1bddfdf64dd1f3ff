"""What compiled models of Keras 1 and 2 held as tensors and functions: the loss, targets, metrics, one step."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import tree_util

from tricera import metrics
from tricera.engine import graph, naming
from tricera.engine.graph import KerasTensor, Operation
from tricera.engine.layer import Layer
from tricera.legacy import generation
from tricera.legacy.backend import symbols
from tricera.legacy.backend.graph import placeholder
from tricera.losses import SparseCategoricalCrossentropy
from tricera.models import Functional, Model, Sequential
from tricera.train.structure import Unshared


def install() -> None:
    """Give models these attributes."""
    for name, made in {"targets": _targets, "sample_weights": _sample_weights, "total_loss": _total_loss}.items():
        setattr(Model, name, property(functools.partial(_kept, name, made)))
    for kind, run in {"train": _train, "test": _test, "predict": _predict}.items():
        setattr(Model, f"{kind}_function", property(functools.partial(_function, run)))
        setattr(Model, f"_make_{kind}_function", lambda self: None)
        setattr(Model, f"make_{kind}_function", lambda self, force=False, run=run: functools.partial(run, self))
    Model.metrics_tensors = property(_metrics_tensors)  # type: ignore[attr-defined]
    newest = Model.metrics_names.fget  # type: ignore[attr-defined]
    Model.metrics_names = property(functools.partial(_metrics_names, newest))  # type: ignore[method-assign,assignment]
    Layer.add_metric = add_metric  # type: ignore[attr-defined]
    Model._observe = _observing(Model._observe)  # type: ignore[method-assign]
    for cls in (Functional, Sequential):
        cls.structure = _own_programs(cls.structure)  # type: ignore[method-assign]


# ---- tensors


def _kept(name: str, made: Callable[[Any], Any], self: Any) -> Any:
    """What is made once for each time that the model is compiled."""
    self._require_compiled(name)
    kept = self.__dict__.setdefault("_old_tensors", {})
    if kept.get("for") is not self._program_token:
        kept.clear()
        kept["for"] = self._program_token
    if name not in kept:
        kept[name] = made(self)
    return kept[name]


def _targets(self: Any) -> list[KerasTensor]:
    """A placeholder for the targets of each output."""
    self._compile_loss.build(self.output)
    return [
        placeholder((*output.shape[:-1], 1) if isinstance(loss, SparseCategoricalCrossentropy) else output.shape)
        for output, loss in zip(self.outputs, self._compile_loss.losses, strict=True)
    ]


def _sample_weights(self: Any) -> list[KerasTensor]:
    """A placeholder for the weights of the samples of each output."""
    return [placeholder((None,)) for _ in self.outputs]


def _total_loss(self: Any) -> KerasTensor:
    """The loss that training makes small, of the model's outputs, targets and weights."""
    count = len(self.outputs)

    def loss(*values: Any) -> Any:
        y, outputs, weights = values[:count], values[count : 2 * count], values[2 * count :]
        total = self._compile_loss(list(y), list(outputs), list(weights))
        return sum((jnp.sum(each) for each in self._regularization()), start=total)

    operation = Operation(loss, naming.unique("total_loss"))
    operation.variables = self.trainable_weights  # type: ignore[attr-defined]
    return graph.record(operation, (*self.targets, *self.outputs, *self.sample_weights), {})


# ---- functions


def _function(run: Callable, self: Any) -> Callable:
    return functools.partial(run, self)


def _parted(self: Any, values: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Inputs, targets and weights of samples, from one list of all that a model's function took."""
    arrays, ins, outs = list(values), len(self.inputs), len(self.outputs)
    x, y, weights = arrays[:ins], arrays[ins : ins + outs], arrays[ins + outs : ins + 2 * outs]
    weights = [each for each in weights if np.ndim(each) > 0]
    return x, y, weights if len(weights) > 1 else next(iter(weights), None)


def _train(self: Any, values: Sequence[Any]) -> list[float]:
    found = self.train_on_batch(*_parted(self, values))
    return found if isinstance(found, list) else [found]


def _test(self: Any, values: Sequence[Any]) -> list[float]:
    found = self.test_on_batch(*_parted(self, values))
    return found if isinstance(found, list) else [found]


def _predict(self: Any, values: Sequence[Any]) -> list[np.ndarray]:
    return tree_util.tree_leaves(self.predict_on_batch(list(values)[: len(self.inputs)]))


# ---- metrics of tensors of the graph


def add_metric(self: Any, value: Any, aggregation: str | None = None, name: str | None = None) -> None:
    """Measure the mean of a tensor of the model's graph, or of a value that a layer computes, by this name."""
    name = name or (aggregation if aggregation != "mean" else None) or naming.unique("metric")
    if isinstance(value, KerasTensor):
        self.__dict__.setdefault("_measured_tensors", []).append((value, metrics.Mean(name=name)))
        return
    measured = self.__dict__.setdefault("_measured_values", {})
    if name not in measured:
        measured[name] = metrics.Mean(name=name)
    measured[name].update_state(value)


class _Tensors(list):
    """Tensors to measure; one that is appended is measured from now on."""

    def __init__(self, model: Any):
        super().__init__(tensor for tensor, _ in vars(model).get("_measured_tensors", ()))
        self._model = model

    def append(self, tensor: Any) -> None:
        """Measure a tensor, too."""
        super().append(tensor)
        add_metric(self._model, tensor)


class _Names(list):
    """Names of metrics; one that is appended is that of the tensor which was last added."""

    def __init__(self, model: Any, names: Sequence[str]):
        super().__init__(names)
        self._model = model

    def append(self, name: str) -> None:
        """Name the last tensor."""
        super().append(name)
        measured = vars(self._model).get("_measured_tensors")
        if measured:
            measured[-1][1].name = name


def _metrics_tensors(self: Any) -> list[Any]:
    return _Tensors(self)


def _metrics_names(newest: Callable, self: Any) -> list[str]:
    """The names in the order in which `evaluate` lists their values."""
    if generation.current() == generation.NEWEST:
        return newest(self)
    if not self.compiled:
        return _Names(self, [])
    if isinstance(self, Functional | Sequential) and self.built and self._compile_loss is not None:
        self._compile_loss.build(self.output)
        if self._compile_metrics is not None:
            self._compile_metrics.build(self.targets, self.output)  # type: ignore[attr-defined]
    names = [name for metric in self.metrics for name in getattr(metric, "labels", [metric.name])]
    return _Names(self, self._in_order({name: name for name in names}))


def _observing(observe: Callable) -> Callable:
    @functools.wraps(observe)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        observe(self, *args, **kwargs)
        for tensor, metric in vars(self).get("_measured_tensors", ()):
            metric.update_state(symbols.value(tensor))

    return wrapper


def _own_programs(structure: Callable) -> Callable:
    @functools.wraps(structure)
    def wrapper(self: Any) -> Any:
        if vars(self).get("_measured_tensors"):
            raise Unshared("tensors that are measured")
        return structure(self)

    return wrapper
