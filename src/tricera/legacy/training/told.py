"""What callbacks of Keras 1 and 2 were told: the parameters of a run, and the data for validation."""

import functools
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from jax import tree_util

from tricera.callbacks import Callback, CallbackList, EarlyStopping, ReduceLROnPlateau
from tricera.legacy import generation
from tricera.models import Model
from tricera.train.data import Arrays
from tricera.train.trainer import Trainer

_validation: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # of each model: nothing that is pickled with it


def install() -> None:
    """Tell them."""
    Callback.validation_data = None  # type: ignore[attr-defined]
    Trainer._train = _with_data(Trainer._train)  # type: ignore[method-assign]
    CallbackList.set_params = _complete(CallbackList.set_params)  # type: ignore[method-assign]
    for cls in (EarlyStopping, ReduceLROnPlateau):
        cls.on_epoch_end = _one_later(cls.on_epoch_end)  # type: ignore[method-assign]
    Model.validation_data = property(_validation.get)  # type: ignore[attr-defined]


def _with_data(train: Callable) -> Callable:
    """Keep the data of the run where callbacks look for them."""

    @functools.wraps(train)
    def wrapper(self: Any, source: Any, validation: Any, callbacks: Any, *args: Any, **kwargs: Any) -> Any:
        if generation.current() < generation.NEWEST:
            found = _listed(validation)
            _validation[self] = found
            for callback in callbacks.callbacks:
                callback.validation_data = found
            more = {"metrics": [], "do_validation": validation is not None}
            if isinstance(source, Arrays):
                more |= {"batch_size": source.batch_size, "samples": len(tree_util.tree_leaves(source.data)[0])}
            names = list(self.metrics_names)
            more["metrics"] = [*names, *(f"val_{name}" for name in names if validation is not None)]
            callbacks.set_params({**more, **(callbacks.params or {})})
        return train(self, source, validation, callbacks, *args, **kwargs)

    return wrapper


def _one_later(on_epoch_end: Callable) -> Callable:
    """Keras 1 counted the epochs without improvement before the present one; after a reduction, with it."""

    @functools.wraps(on_epoch_end)
    def wrapper(self: Any, epoch: int, logs: Any = None) -> None:
        if generation.current() > 1:
            on_epoch_end(self, epoch, logs)
            return
        best, waited = self.best, self.wait
        self.patience += 1
        try:
            on_epoch_end(self, epoch, logs)
        finally:
            self.patience -= 1
        reduced = isinstance(self, ReduceLROnPlateau) and self.wait == 0 and waited > 0 and self.best == best
        self.wait = 1 if reduced and waited >= self.patience else self.wait

    return wrapper


def _listed(validation: Any) -> Any:
    """Inputs, targets and weights of samples in one list, as Keras had them; what gives batches stays."""
    if not isinstance(validation, Arrays):
        return validation
    x, y, weights = validation.data
    arrays = [np.asarray(each) for each in tree_util.tree_leaves((x, y))]
    count = len(arrays[0])
    given = [np.asarray(each) for each in tree_util.tree_leaves(weights)]
    return [*arrays, *(given or [np.ones(count, "float32") for _ in tree_util.tree_leaves(y)])]


def _complete(set_params: Callable) -> Callable:
    """The number of epochs by the name of Keras 1, too."""

    @functools.wraps(set_params)
    def wrapper(self: Any, params: Any) -> None:
        if params and "epochs" in params and generation.current() == 1:
            params = {**params, "nb_epoch": params["epochs"], "nb_sample": params.get("samples")}
        set_params(self, params)

    return wrapper
