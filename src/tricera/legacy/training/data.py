"""Data as Keras 1 and 2 read them: no generator before training begins, what no input asks for left out, and the first
of several arrays leading."""

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tricera.callbacks import Callback
from tricera.legacy import generation
from tricera.models import Functional
from tricera.train.data import is_arrays

_held: weakref.WeakKeyDictionary[Any, list[Any] | None] = weakref.WeakKeyDictionary()


def validation_data(model: Any) -> list[Any] | None:
    """What the last `fit` validated with: inputs, targets, weights of the samples."""
    return _held.get(model)


def fitting(fit: Callable) -> Callable:
    """`fit` that reads nothing of a generator until callbacks were told that training begins (they may start it), and
    nothing in dicts that the model does not ask for. Callbacks and the model see `validation_data`."""
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind_partial(self, *args, **kwargs)
        given = bound.arguments
        own = _own(given.get("callbacks"))
        if own:
            _held[self] = _held_out(given)
        for callback in own:
            callback.validation_data = _held[self]
        if generation.current() == generation.NEWEST:
            return fit(self, *args, **kwargs)
        for name in {"x", "validation_data"} & set(given):
            given[name] = _asked_for(self, given[name])
        if not isinstance(given.get("x"), Iterator) or not own:
            return fit(*bound.args, **bound.kwargs)
        params = {"epochs": given.get("epochs", 1), "steps": given.get("steps_per_epoch"), "verbose": 1}
        with _begun(self, own, params):
            return fit(*bound.args, **bound.kwargs)

    return wrapper


def _own(callbacks: Any) -> list[Any]:
    """The callbacks that are the program's own."""
    listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    return [each for each in listed if isinstance(each, Callback) and not type(each).__module__.startswith("tricera.")]


def _held_out(given: dict[str, Any]) -> list[Any] | None:
    """The arrays to validate with, as callbacks of Keras 1 and 2 saw them: inputs, targets, weights of the samples."""
    data, split = given.get("validation_data"), given.get("validation_split")
    if data is None and split and is_arrays(given.get("x")):
        x, y = _arrays(given["x"]), _arrays(given.get("y"))
        start = int(len(x[0]) * (1 - split))
        data = [array[start:] for array in x], [array[start:] for array in y]
    if not isinstance(data, list | tuple) or len(data) not in (2, 3) or not all(map(is_arrays, data[:1])):
        return None
    x, y, *weights = map(_arrays, data)
    return [*x, *y, *(weights[0] if weights else [np.ones(len(array), "float32") for array in y])]


def _arrays(data: Any) -> list[Any]:
    if data is None:
        return []
    return list(data.values()) if isinstance(data, dict) else list(data) if isinstance(data, list | tuple) else [data]


@contextmanager
def _begun(model: Any, callbacks: list[Any], params: dict[str, Any]) -> Iterator[None]:
    """Tell the program's own callbacks that training begins; in the block, nobody tells them again."""
    own = [each for each in callbacks if type(each).on_train_begin is not Callback.on_train_begin]
    for callback in own:
        callback.set_params(params)
        callback.set_model(model)
        callback.on_train_begin({})
        vars(callback)["on_train_begin"] = lambda logs=None: None
    try:
        yield
    finally:
        for callback in own:
            vars(callback).pop("on_train_begin", None)


def _asked_for(model: Any, data: Any) -> Any:
    """Data without what the model has no input for: Keras 1 and 2 let dicts, also those of generators, hold more."""
    names = set(model.input_names) if isinstance(model, Functional) else set()
    if isinstance(data, dict) and names < set(data):
        return {name: value for name, value in data.items() if name in names}
    if isinstance(data, tuple) and data and isinstance(data[0], dict):
        return (_asked_for(model, data[0]), *data[1:])
    if inspect.isgenerator(data) and names:
        return (_asked_for(model, item) for item in data)
    return data


def led_by_first(predict: Callable) -> Callable:
    """`predict` of as many samples as the first of several arrays has: Keras 1 and 2 left the rest of longer ones."""

    @functools.wraps(predict)
    def wrapper(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        if generation.current() < generation.NEWEST and isinstance(x, list):
            shapes = [getattr(array, "shape", ()) for array in x]
            if all(shapes) and shapes[0][0] is not None and any(shape[0] > shapes[0][0] for shape in shapes):
                x = [array[: shapes[0][0]] for array in x]
        return predict(self, x, *args, **kwargs)

    return wrapper
