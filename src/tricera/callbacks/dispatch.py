"""One call for many callbacks."""

from collections.abc import Iterator
from typing import Any

from tricera.callbacks import screen
from tricera.callbacks.callback import Callback
from tricera.callbacks.logs import LazyLogs, floats
from tricera.callbacks.progress import ProgbarLogger
from tricera.callbacks.record import History
from tricera.errors import report


class CallbackList(Callback):
    """Call the same hook of many callbacks, in their order.

    Values of `logs` may be scalars on the device. At the ends of epochs and runs callbacks share one dict of floats;
    at the ends of batches they share one `LazyLogs`.

    Args:
        callbacks: a callback, or (nested) lists of them.
        add_history: append a `History` where there is none.
        add_progbar: append a `ProgbarLogger` where there is none.
        model: given to each callback's `set_model`.
        **params: given to each callback's `set_params`.

    Raises:
        TypeError: something in `callbacks` is not a callback.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        self.callbacks = list(_flat(callbacks))
        if add_history and self._first(History) is None:
            self.callbacks.append(History())
        if add_progbar and self._first(ProgbarLogger) is None:
            self.callbacks.append(ProgbarLogger())
        self.set_model(model)
        self.set_params(params)

    def _first(self, kind: type) -> Any:
        return next((callback for callback in self.callbacks if isinstance(callback, kind)), None)

    def append(self, callback):
        """Add a callback at the end; it gets the model and the parameters."""
        for each in _flat(callback):
            self.callbacks.append(each)
            if self._model is not None:
                each.set_model(self._model)
            if self.params:
                each.set_params(self.params)

    def set_model(self, model):
        if model is None:
            return
        self._model = model
        history = self._first(History)
        if history is not None:
            model.history = history
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params):
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    @property
    def overrides_batch_hooks(self) -> bool:
        """Whether a callback must see every single training batch."""
        return self._needs("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")

    @property
    def overrides_test_batch_hooks(self) -> bool:
        """Whether a callback must see every single batch of evaluation."""
        return self._needs("on_test_batch_begin", "on_test_batch_end")

    @property
    def overrides_predict_batch_hooks(self) -> bool:
        """Whether a callback must see every single batch of prediction."""
        return self._needs("on_predict_batch_begin", "on_predict_batch_end")

    def _needs(self, *hooks: str) -> bool:
        return any(
            getattr(callback, "every_batch", True) and any(_overrides(callback, hook) for hook in hooks)
            for callback in self.callbacks
        )

    def _call(self, hook: str, *args) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def on_batch_begin(self, batch, logs=None):
        self._call("on_batch_begin", batch, _lazy(logs))

    def on_batch_end(self, batch, logs=None):
        self._call("on_batch_end", batch, _lazy(logs))

    def on_epoch_begin(self, epoch, logs=None):
        self._call("on_epoch_begin", epoch, floats(logs))

    def on_epoch_end(self, epoch, logs=None):
        # What callbacks print stands above the finished bar, which is drawn again by the last of them.
        screen.clear()
        self._call("on_epoch_end", epoch, floats(logs))

    def on_train_batch_begin(self, batch, logs=None):
        self._call("on_train_batch_begin", batch, _lazy(logs))

    def on_train_batch_end(self, batch, logs=None):
        self._call("on_train_batch_end", batch, _lazy(logs))

    def on_test_batch_begin(self, batch, logs=None):
        self._call("on_test_batch_begin", batch, _lazy(logs))

    def on_test_batch_end(self, batch, logs=None):
        self._call("on_test_batch_end", batch, _lazy(logs))

    def on_predict_batch_begin(self, batch, logs=None):
        self._call("on_predict_batch_begin", batch, _lazy(logs))

    def on_predict_batch_end(self, batch, logs=None):
        self._call("on_predict_batch_end", batch, logs or {})  # arrays of outputs stay such

    def on_train_begin(self, logs=None):
        self._call("on_train_begin", floats(logs))

    def on_train_end(self, logs=None):
        screen.keep()
        self._call("on_train_end", floats(logs))

    def on_test_begin(self, logs=None):
        self._call("on_test_begin", floats(logs))

    def on_test_end(self, logs=None):
        self._call("on_test_end", floats(logs))

    def on_predict_begin(self, logs=None):
        self._call("on_predict_begin", floats(logs))

    def on_predict_end(self, logs=None):
        self._call("on_predict_end", floats(logs))


def _lazy(logs: Any) -> LazyLogs:
    return logs if isinstance(logs, LazyLogs) else LazyLogs(logs or {})


def _overrides(callback: Any, hook: str) -> bool:
    return getattr(getattr(callback, hook), "__func__", None) is not vars(Callback)[hook]


def _flat(callbacks: Any) -> Iterator[Any]:
    if isinstance(callbacks, list | tuple):
        for each in callbacks:
            yield from _flat(each) if isinstance(each, list | tuple) else [_checked(each)]
    elif callbacks is not None:
        yield _checked(callbacks)


def _checked(callback: Any) -> Any:
    if isinstance(callback, type):
        name = callback.__name__
        raise TypeError(report(f"`callbacks` holds the class {name}.", fix=f"make an object of it: `{name}(...)`."))
    if not (hasattr(callback, "set_model") and hasattr(callback, "set_params")):
        raise TypeError(report("`callbacks` holds something else.", expected="Callback objects", got=f"{callback!r}"))
    return callback
