from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tricera.callbacks import LearningRateScheduler, ReduceLROnPlateau

VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5, 0.7]), min_size=1, max_size=14)


@given(
    values=VALUES,
    mode=st.sampled_from(["min", "max", "auto"]),
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(0, 3),
    min_delta=st.sampled_from([0, 1e-4, 0.1]),
    cooldown=st.integers(0, 2),
    min_lr=st.sampled_from([0.0, 0.01]),
)
def test_reductions_are_those_of_keras(keras, fit, values, mode, **arguments):
    rates = []
    for kind in (ReduceLROnPlateau, keras.callbacks.ReduceLROnPlateau):
        model = SimpleNamespace(stop_training=False, metrics=[], optimizer=SimpleNamespace(learning_rate=0.1))
        logs = [{"val_loss": np.float32(value).item()} for value in values]
        fit(kind("val_loss", mode=mode, **arguments), model, logs)
        rates.append([each["learning_rate"] for each in logs] + [model.optimizer.learning_rate])
    assert rates[0] == rates[1]


def test_reduction_says_what_it_does(model, fit, capsys):
    fit(ReduceLROnPlateau("loss", factor=0.5, patience=1, verbose=1), model, [{"loss": 1.0}] * 3)
    assert capsys.readouterr().out == (
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05.\n"
        "Epoch 3: ReduceLROnPlateau reducing learning rate to 0.025.\n"
    )


def test_older_name_of_min_delta(model, fit):
    assert ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5


def test_many_optimizers_are_all_reduced(model, fit, capsys):
    parts = [SimpleNamespace(name=name, learning_rate=rate) for name, rate in (("slow", 0.1), ("fast", 1.0))]
    model.optimizer = SimpleNamespace(optimizers=parts)
    logs = [{"loss": 1.0}, {"loss": 1.0}]
    fit(ReduceLROnPlateau("loss", factor=0.5, patience=1, verbose=1), model, logs)
    assert [part.learning_rate for part in parts] == [0.05, 0.5]
    assert logs[1] == {"loss": 1.0, "learning_rate_slow": 0.1, "learning_rate_fast": 1.0}
    assert capsys.readouterr().out == (
        "Epoch 2: ReduceLROnPlateau reducing slow learning rate to 0.05.\n"
        "Epoch 2: ReduceLROnPlateau reducing fast learning rate to 0.5.\n"
    )


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch: 0.5 ** (epoch + 4),
        lambda epoch, rate: rate / 2 if epoch else 0.0625,
        lambda epoch, lr=None: np.float32(0.5 ** (epoch + 4)),
    ],
)
def test_schedules_of_the_epoch_and_of_the_rate(model, fit, capsys, schedule):
    logs = [{}, {}]
    fit(LearningRateScheduler(schedule, verbose=1), model, logs)
    assert logs == [{"learning_rate": 0.0625}, {"learning_rate": 0.03125}]
    assert capsys.readouterr().out == (
        "Epoch 1: LearningRateScheduler setting learning rate to 0.0625.\n"
        "Epoch 2: LearningRateScheduler setting learning rate to 0.03125.\n"
    )


def test_an_error_in_the_schedule_is_not_hidden(model, fit):
    with pytest.raises(TypeError, match="unsupported operand"):
        fit(LearningRateScheduler(lambda epoch, rate: rate + "1"), model, [{}])


def test_messages(model, fit):
    with pytest.raises(ValueError) as error:
        fit(LearningRateScheduler(lambda epoch: None), model, [{}])
    assert str(error.value) == (
        "The output of the `schedule` function should be a float.\n"
        "  got:      None\n"
        "  fix:      return the new rate, or the one that was given to keep it."
    )
    with pytest.raises(ValueError) as error:
        ReduceLROnPlateau(factor=2)
    assert str(error.value) == (
        "ReduceLROnPlateau does not support a factor >= 1.0.\n  got:      2\n  fix:      pass one below 1."
    )
    with pytest.raises(TypeError) as error:
        ReduceLROnPlateau(patince=2)
    assert str(error.value) == (
        "ReduceLROnPlateau: Unrecognized keyword argument passed: 'patince'.\n  fix:      did you mean 'patience'?"
    )
    with pytest.warns(UserWarning) as caught:
        fit(ReduceLROnPlateau("val_los"), model, [{"loss": 1.0, "val_loss": 1.0}])
    assert str(caught[0].message) == (
        "Learning rate reduction is conditioned on metric `val_los` which is not available. "
        "Available metrics are: loss,val_loss,learning_rate.\n  fix:      did you mean 'val_loss'?"
    )
    model.optimizer = object()
    with pytest.raises(ValueError) as error:
        fit(LearningRateScheduler(lambda epoch: 0.1), model, [{}])
    assert str(error.value) == 'Optimizer must have a "learning_rate" attribute.\n  got:      object'
