import math
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tricera
from tricera.callbacks import CallbackList, EarlyStopping, TerminateOnNaN

VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, math.nan]), min_size=1, max_size=12)


@given(
    values=VALUES,
    mode=st.sampled_from(["min", "max", "auto"]),
    patience=st.integers(0, 3),
    min_delta=st.sampled_from([0, 0.1, -0.1]),
    baseline=st.sampled_from([None, 0.3]),
    restore=st.booleans(),
    start=st.integers(0, 3),
)
def test_early_stopping_decides_as_keras(keras, fit, values, mode, patience, min_delta, baseline, restore, start):
    outcomes = []
    for kind in (EarlyStopping, keras.callbacks.EarlyStopping):
        model = SimpleNamespace(stop_training=False, weights=0, metrics=[])
        model.get_weights = lambda model=model: model.weights
        model.set_weights = lambda weights, model=model: vars(model).update(weights=weights)
        callback = kind(
            "val_loss",
            min_delta=min_delta,
            patience=patience,
            mode=mode,
            baseline=baseline,
            restore_best_weights=restore,
            start_from_epoch=start,
        )
        ran = fit(callback, model, [{"val_loss": np.float32(value).item()} for value in values])
        outcomes.append((ran, callback.stopped_epoch, callback.best_epoch, callback.wait, model.weights))
    assert outcomes[0] == outcomes[1]


def test_early_stopping_says_what_it_does_and_restores(model, fit, capsys):
    callback = EarlyStopping("loss", patience=2, verbose=1, restore_best_weights=True)
    assert fit(callback, model, [{"loss": loss} for loss in (3.0, 1.0, 2.0, 2.0, 0.0)]) == 4
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )
    assert model.weights == 1 and callback.stopped_epoch == 3 and callback.best == 1.0


@pytest.mark.parametrize("monitor, there", [("acc", "accuracy"), ("val_accuracy", "val_acc")])
def test_either_spelling_of_accuracy_is_monitored(model, fit, monitor, there):
    callback = CallbackList([EarlyStopping(monitor, patience=1)])
    assert fit(callback, model, [{there: value} for value in (0.5, 0.7, 0.6, 0.9)]) == 3


@pytest.mark.parametrize(
    "monitor, metrics, higher",
    [
        ("val_loss", [], False),
        ("head_loss", [], False),
        ("val_accuracy", [], True),
        ("val_auc", [("auc", "up")], True),
        ("val_head_auc", [("auc", "up")], True),
        ("mae", [("mae", "down")], False),
        ("accuracy", [("accuracy", "down")], False),
        ("acc", [("accuracy", "up")], True),
        ("mine", [("mine", None)], None),
    ],
)
def test_the_direction_comes_from_the_metric_then_from_the_name(model, monitor, metrics, higher):
    inner = [SimpleNamespace(name=name, **({"_direction": way} if way else {})) for name, way in metrics]
    model.metrics = [SimpleNamespace(name="compile_metrics", metrics=inner)]
    callback = EarlyStopping(monitor)
    callback.set_model(model)
    assert callback._is_higher_better() is higher


def test_messages(model, fit):
    with pytest.raises(ValueError) as error:
        fit(EarlyStopping("mine"), model, [{"mine": 1.0}, {"mine": 2.0}])
    assert str(error.value) == (
        "EarlyStopping callback received monitor=mine, but Keras isn't able to automatically determine whether that "
        "metric should be maximized or minimized.\n"
        '  fix:      pass `mode="max"` if its highest value is the best, or `mode="min"` if its lowest is.'
    )
    for monitor, logs, fix in (
        ("val_acuracy", {"loss": 1.0, "val_accuracy": 0.5}, "did you mean 'val_accuracy'?"),
        ("los", {"loss": 1.0}, "did you mean 'loss'?"),
        (
            "val_loss",
            {"loss": 1.0},
            "pass `validation_data` or `validation_split` to `fit`, or monitor a value of the training.",
        ),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert fit(EarlyStopping(monitor), model, [logs] * 3) == 3
        assert [str(each.message) for each in caught] == [
            (
                f"Early stopping conditioned on metric `{monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}.\n  fix:      {fix}"
            )
        ]
    with pytest.warns(UserWarning) as caught:
        assert EarlyStopping(mode="mix").mode == "auto"
    assert str(caught[0].message) == (
        "EarlyStopping mode 'mix' is unknown, fallback to auto mode.\n  fix:      did you mean 'min'?"
    )


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_terminate_on_nan_stops_after_a_chunk_or_an_epoch(model, capsys, loss):
    callback = TerminateOnNaN()
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_train_batch_end(99, {"loss": 1.0})
    callback.on_epoch_end(0, {"accuracy": 1.0})
    assert not model.stop_training
    callback.on_train_batch_end(199, {"loss": loss})
    callback.on_epoch_end(1, {"loss": loss})
    assert model.stop_training and capsys.readouterr().out == "Batch 199: Invalid loss, terminating training\n"
    callback.on_train_begin()
    callback.on_epoch_end(1, {"loss": loss})
    assert capsys.readouterr().out == "Epoch 2: Invalid loss, terminating training\n"


def test_terminate_on_nan_raises_if_told_so():
    with pytest.raises(RuntimeError) as error:
        TerminateOnNaN(raise_error=True).on_train_batch_end(7, {"loss": math.nan})
    assert str(error.value) == (
        "NaN or Inf loss encountered at batch 7. Loss value: nan. Terminating training immediately."
    )


def test_metrics_say_which_way_is_better():
    """As strings and as objects, in training and validation."""
    x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = tricera.Sequential([tricera.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["mse", tricera.metrics.AUC(name="auc"), "cosine_similarity"])
    for monitor, better in (
        ("mse", tricera.ops.less),
        ("val_auc", tricera.ops.greater),
        ("cosine_similarity", tricera.ops.greater),
    ):
        stop = EarlyStopping(monitor, patience=5)
        model.fit(x, y, epochs=2, verbose=0, validation_split=0.2, callbacks=[stop])
        assert stop.monitor_op is better
