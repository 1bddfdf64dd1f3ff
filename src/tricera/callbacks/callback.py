"""The hooks that a callback can have, and a callback made from functions."""

from typing import Any

from tricera.engine.configured import argument_names, unknown_argument
from tricera.errors import ArgumentError, report


class Callback:
    """Called while a model trains, evaluates or predicts; override the hooks that are wanted.

    `batch` and `epoch` count from 0. `logs` maps names of losses and metrics to floats; those of a batch are means
    since the start of the epoch, and are read from the device when first looked at.

    Attributes:
        model: the model at work.
        params: `verbose`, `epochs` and `steps` of the run.
        every_batch: whether overridden batch hooks must see each batch. Where False, they may be called once for
            many batches, with the index of the last one, and epochs can still be compiled as a whole.
        resumable: names of attributes that tell of earlier epochs: plain values, or lists of arrays. `BackupAndRestore`
            keeps them, and gives them back after `on_train_begin`.
    """

    every_batch: bool = True
    resumable: tuple[str, ...] = ()
    params: dict | None = None
    _model: Any = None

    def __init__(self):
        self.params = None

    @property
    def model(self):
        """The model at work, its weights those of the last batch."""
        synchronize = getattr(self._model, "jax_state_sync", None)
        if synchronize is not None:
            synchronize()
        return self._model

    @model.setter
    def model(self, model):
        self._model = model

    def set_model(self, model):
        """Called with the model before anything else."""
        self._model = model

    def set_params(self, params):
        """Called with what is known of the run before it starts."""
        self.params = params

    def on_batch_begin(self, batch, logs=None):
        """The older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """The older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch, logs=None):
        """An epoch of `fit` starts."""

    def on_epoch_end(self, epoch, logs=None):
        """An epoch of `fit` and its validation are over; what is put into `logs` is recorded in the history."""

    def on_train_batch_begin(self, batch, logs=None):
        """A training batch starts."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """A training batch is over."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        """A batch of `evaluate`, or of the validation in `fit`, starts."""

    def on_test_batch_end(self, batch, logs=None):
        """A batch of `evaluate`, or of the validation in `fit`, is over."""

    def on_predict_batch_begin(self, batch, logs=None):
        """A batch of `predict` starts."""

    def on_predict_batch_end(self, batch, logs=None):
        """A batch of `predict` is over; `logs["outputs"]` holds its outputs."""

    def on_train_begin(self, logs=None):
        """`fit` starts."""

    def on_train_end(self, logs=None):
        """`fit` is over; `logs` are those of its last epoch."""

    def on_test_begin(self, logs=None):
        """`evaluate`, or the validation in `fit`, starts."""

    def on_test_end(self, logs=None):
        """`evaluate`, or the validation in `fit`, is over."""

    def on_predict_begin(self, logs=None):
        """`predict` starts."""

    def on_predict_end(self, logs=None):
        """`predict` is over."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Call functions at the hooks they are named after: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`.

    Args:
        **kwargs: functions for the other hooks of `Callback`; what is not named like a hook is an attribute.

    Raises:
        TypeError: a name begins with `on_` and is not one of a hook.
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **kwargs,
    ):
        super().__init__()
        for name in kwargs:
            if name.startswith("on_") and name not in HOOKS:
                raise ArgumentError(unknown_argument(type(self), name, argument_names(LambdaCallback) | {*HOOKS}))
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in named.items():
            if name in HOOKS and function is not None and not callable(function):
                raise TypeError(report(f"LambdaCallback: `{name}` must be a function.", got=repr(function)))
        vars(self).update({name: function for name, function in named.items() if function is not None})
