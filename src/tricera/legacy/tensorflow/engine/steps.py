"""Steps as Keras 2 had them: `train_step(self, data)`, which reads and assigns variables instead of passing a state."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import numpy as jnp
from jax import tree_util

from tricera.engine.pure import stateless
from tricera.legacy.tensorflow.engine.state import touched
from tricera.models import Model
from tricera.train.data import Arrays, pack, unpack
from tricera.train.step import Steps
from tricera.train.trainable import Cells, Trainable

_KINDS = {"train_step": "train", "test_step": "test", "predict_step": "predict"}


def install() -> None:
    """Let models take steps of either form, and have what steps of Keras 2 used."""
    Model.__init_subclass__ = classmethod(_init_subclass)  # type: ignore[assignment]
    for name in _KINDS:
        setattr(Steps, name, _of_either(getattr(Steps, name), _KINDS[name]))
    Model.compiled_loss = property(_CompiledLoss)
    Model.compiled_metrics = property(lambda model: model._compile_metrics or _NoMetrics())


def _init_subclass(cls: type, **kwargs: Any) -> None:
    super(Model, cls).__init_subclass__(**kwargs)
    for name, kind in _KINDS.items():
        step = vars(cls).get(name)
        if step is not None and len(inspect.signature(step).parameters) == 2:  # self, data
            setattr(cls, name, _stateful(step, kind))
            cls._ready = _ready  # type: ignore[attr-defined]


def _stateful(step: Any, kind: str) -> Callable:
    """A step of Keras 2 that can be called as one of Keras 3 on JAX: the cells of its variables are a state."""

    @functools.wraps(step)
    def call(self: Any, *args: Any) -> Any:
        bound = step.__get__(self)
        if len(args) == 1:
            return bound(*args)
        state, data = args
        cells = Cells(self, kind, self._beside(kind))
        with stateless(cells.variables, [v for group in state for v in group], losses=None) as table:
            logs = bound(data)
            state = tuple([table[v] for v in group] for group in cells.groups)
        return (logs, state[1]) if kind == "predict" else (_flat(logs), state)

    call.is_stateful = True  # type: ignore[attr-defined]
    return call


def _of_either(step: Callable, kind: str) -> Callable:
    """A built-in step that, given data alone, reads the variables and assigns them: `super().train_step(data)`."""

    @functools.wraps(step)
    def call(self: Any, *args: Any) -> Any:
        if len(args) == 2:
            return step(self, *args)
        if kind != "predict":  # what it is built for shows in shapes alone
            blank = tree_util.tree_map(lambda a: np.zeros(a.shape, a.dtype), unpack(*args))
            Trainable._ready(self, Arrays(*blank, sys.maxsize), kind == "train")
        groups = Cells(self, kind).groups
        logs, new = step(self, tuple([v.raw() for v in group] for group in groups), *args)
        if kind == "predict":
            groups, new = groups[1:], [new]
        for group, values in zip(groups, new, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return logs

    return call


def _flat(logs: dict[str, Any]) -> dict[str, Any]:
    """Logs in which a group of metrics, whose result is a dict, stands by the names of its metrics."""
    found: dict[str, Any] = {}
    for name, value in logs.items():
        found.update(value if isinstance(value, dict) else {name: value})
    return {name: jnp.asarray(value) for name, value in found.items()}


# ---- what such a step needs before it is compiled


def _ready(self: Any, source: Any, training: bool) -> bool:
    """Trace the step once: it makes what is not made yet, and shows which variables it uses beside the model's."""
    kind = "train" if training else "test"
    step = getattr(type(self), f"{kind}_step")
    if not hasattr(step, "is_stateful"):
        return Trainable._ready(self, source, training)
    data = pack(source.example())
    shapes = repr(tree_util.tree_map(lambda a: (a.shape[1:], str(a.dtype)), data))
    found = self.__dict__.setdefault("_variables_beside", {})
    is_new = kind not in found
    found[kind] = self._keep((kind, shapes), lambda: touched(lambda data: step(self, data), data))
    return is_new


# ---- what such steps say


class _CompiledLoss:
    """`model.compiled_loss`: the loss that `compile` was told, plus what layers and regularizers add."""

    def __init__(self, model: Any):
        self._model = model

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
        total = self._model._compile_loss(y, y_pred, sample_weight)
        for each in regularization_losses or ():
            total = total + each
        self._model._loss_tracker.update_state(total, sample_weight=len(tree_util.tree_leaves(y_pred)[0]))
        return total

    @property
    def metrics(self) -> list[Any]:
        """The running mean of the loss."""
        return [self._model._loss_tracker]


class _NoMetrics:
    """`model.compiled_metrics` where `compile` was told none."""

    metrics: tuple[Any, ...] = ()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Nothing sees the batch."""
