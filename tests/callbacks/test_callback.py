import inspect

import jax.numpy as jnp
import pytest

from tricera.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    TerminateOnNaN,
)
from tricera.callbacks.callback import HOOKS
from tricera.callbacks.logs import LazyLogs


def test_every_hook_of_keras_is_there_with_its_signature(keras):
    for ours, theirs in ((Callback, keras.callbacks.Callback), (CallbackList, keras.callbacks.CallbackList)):
        hooks = [name for name in dir(theirs) if name.startswith("on_")]
        assert sorted(HOOKS) == sorted(hooks)
        for name in hooks:
            assert inspect.signature(getattr(ours, name)) == inspect.signature(getattr(theirs, name)), name


def test_a_list_calls_every_hook_of_every_callback(model):
    seen = []

    def record(name):
        return lambda *args: seen.append((name, *args[:-1], dict(args[-1])))

    callbacks = CallbackList([LambdaCallback(**{name: record(name) for name in HOOKS})] * 2, model=model)
    for name in HOOKS:
        args = (3,) if "batch" in name or "epoch" in name else ()
        getattr(callbacks, name)(*args, {"loss": jnp.float32(0.5)})
        assert seen == [(name, *args, {"loss": 0.5})] * 2
        seen.clear()


def test_the_older_names_of_batch_hooks_are_called(model):
    class Losses(Callback):
        def __init__(self):  # as many do, without the base's constructor
            self.losses = []

        def on_batch_end(self, batch, logs=None):
            self.losses.append((batch, logs.get("loss")))

    losses = Losses()
    CallbackList([losses], model=model).on_train_batch_end(4, {"loss": jnp.float32(0.5)})
    assert losses.losses == [(4, 0.5)] and losses.model is model


def test_what_is_not_named_like_a_hook_is_an_attribute():
    assert LambdaCallback(note="kept").note == "kept"


def test_what_one_callback_puts_into_the_logs_of_an_epoch_the_next_ones_see(model):
    first = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=epoch))
    callbacks = CallbackList(first, add_history=True, model=model)
    given = {"loss": jnp.float32(1), "accuracy": jnp.float32(0.25)}
    callbacks.on_train_begin()
    callbacks.on_epoch_end(0, given)
    assert model.history.history == {"loss": [1.0], "accuracy": [0.25], "extra": [0]}
    assert model.history.history["acc"] == [0.25] and list(given) == ["loss", "accuracy"]


def test_batch_logs_are_read_from_the_device_only_when_looked_at(model):
    reads = []
    callbacks = CallbackList([LambdaCallback(on_train_batch_end=lambda batch, logs: logs or {})], model=model)
    logs = LazyLogs(lambda: reads.append(1) or {"loss": 1.0})
    callbacks.on_train_batch_begin(0)
    callbacks.on_train_batch_end(0, logs)
    assert not logs._is_read


class OldEnd(Callback):
    def on_batch_end(self, batch, logs=None): ...


class TestBegin(Callback):
    __test__ = False

    def on_test_batch_begin(self, batch, logs=None): ...


class Patient(OldEnd):
    every_batch = False


@pytest.mark.parametrize(
    "callback, train, test, predict",
    [
        (lambda: EarlyStopping(), False, False, False),
        (lambda: TerminateOnNaN(), False, False, False),
        (lambda: ModelCheckpoint("x"), False, False, False),
        (lambda: ModelCheckpoint("x", save_freq=10), True, False, False),
        (OldEnd, True, False, False),
        (Patient, False, False, False),
        (TestBegin, False, True, False),
        (lambda: LambdaCallback(on_epoch_end=print), False, False, False),
        (lambda: LambdaCallback(on_batch_begin=print), True, False, False),
        (lambda: LambdaCallback(on_predict_batch_end=print), False, False, True),
    ],
)
def test_overrides_batch_hooks(callback, train, test, predict):
    callbacks = CallbackList([callback()], add_history=True, add_progbar=True)
    assert callbacks.overrides_batch_hooks is train
    assert callbacks.overrides_test_batch_hooks is test
    assert callbacks.overrides_predict_batch_hooks is predict


def test_defaults_are_added_once_and_everything_gets_model_and_parameters(model):
    mine = History(), ProgbarLogger(), Callback()
    callbacks = CallbackList([mine[:1], [mine[1:]]], add_history=True, add_progbar=True, model=model, steps=3, epochs=1)
    assert callbacks.callbacks == list(mine) and model.history is mine[0]
    late = Callback()
    callbacks.append(late)
    assert all(each.model is model and each.params == {"steps": 3, "epochs": 1} for each in (*mine, late))
    assert [type(each) for each in CallbackList(add_history=True, add_progbar=True).callbacks] == [
        History,
        ProgbarLogger,
    ]


def test_the_model_is_brought_up_to_date_when_a_callback_asks_for_it(model):
    calls = []
    model.jax_state_sync = lambda: calls.append(1)
    callback = Callback()
    callback.set_model(model)
    assert calls == [] and callback.model is model and calls == [1]
    callback.model = None
    assert callback.model is None


def test_messages():
    with pytest.raises(TypeError) as error:
        CallbackList([EarlyStopping])
    assert str(error.value) == (
        "`callbacks` holds the class EarlyStopping.\n  fix:      make an object of it: `EarlyStopping(...)`."
    )
    with pytest.raises(TypeError) as error:
        CallbackList([None])
    assert str(error.value) == "`callbacks` holds something else.\n  expected: Callback objects\n  got:      None"
    with pytest.raises(TypeError) as error:
        LambdaCallback(on_epoch_ends=print)
    assert str(error.value) == (
        "LambdaCallback: Unrecognized keyword argument passed: 'on_epoch_ends'.\n"
        "  fix:      did you mean 'on_epoch_end'?"
    )
    with pytest.raises(TypeError) as error:
        EarlyStopping(patiance=3)
    assert str(error.value) == (
        "EarlyStopping: Unrecognized keyword argument passed: 'patiance'.\n  fix:      did you mean 'patience'?"
    )
