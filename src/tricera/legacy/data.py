"""Data as Keras 1 and 2 read them: no generator before training begins, what no input asks for left out, and the first
of several arrays leading."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tricera.callbacks import Callback
from tricera.legacy import generation
from tricera.models import Functional


def fitting(fit: Callable) -> Callable:
    """`fit` that reads nothing of a generator until callbacks were told that training begins (they may start it), and
    nothing in dicts that the model does not ask for."""
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if generation.current() == generation.NEWEST:
            return fit(self, *args, **kwargs)
        bound = signature.bind_partial(self, *args, **kwargs)
        given = bound.arguments
        for name in {"x", "validation_data"} & set(given):
            given[name] = _asked_for(self, given[name])
        listed = given.get("callbacks")
        if not isinstance(given.get("x"), Iterator) or not listed:
            return fit(*bound.args, **bound.kwargs)
        params = {"epochs": given.get("epochs", 1), "steps": given.get("steps_per_epoch"), "verbose": 1}
        with _begun(self, listed if isinstance(listed, list | tuple) else [listed], params):
            return fit(*bound.args, **bound.kwargs)

    return wrapper


@contextmanager
def _begun(model: Any, callbacks: Any, params: dict[str, Any]) -> Iterator[None]:
    """Tell the program's own callbacks that training begins; in the block, nobody tells them again."""
    own = [
        callback
        for callback in callbacks
        if type(callback).on_train_begin is not Callback.on_train_begin
        and not type(callback).__module__.startswith("tricera.")
    ]
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
