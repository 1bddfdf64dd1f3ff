"""Data as Keras 1 and 2 read them: generators only once training has begun, and the first of several arrays leads."""

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tricera.callbacks import Callback
from tricera.legacy import generation


def after_begin(fit: Callable) -> Callable:
    """`fit` that reads nothing of a generator until callbacks were told that training begins: theirs may start it."""
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind_partial(self, *args, **kwargs).arguments
        listed = given.get("callbacks")
        if generation.current() == generation.NEWEST or not isinstance(given.get("x"), Iterator) or not listed:
            return fit(self, *args, **kwargs)
        params = {"epochs": given.get("epochs", 1), "steps": given.get("steps_per_epoch"), "verbose": 1}
        with _begun(self, listed if isinstance(listed, list | tuple) else [listed], params):
            return fit(self, *args, **kwargs)

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
