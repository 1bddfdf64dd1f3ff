"""Nothing grows: predictions in a loop, models that come and go; and nothing is derived twice."""

import copy
import gc
import pickle
from pathlib import Path

import jax
import numpy as np
import pytest

import tricera
from tricera import layers
from tricera.train import programs, structure

X = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
Y = np.ones((8, 1), "float32")


def build(units=4):
    model = tricera.Sequential([layers.Input((5,)), layers.Dense(units), layers.Dropout(0.1), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_two_thousand_predictions_keep_the_memory_flat():
    model = build()
    for _ in range(50):
        model.predict(X, verbose=0)
    before = resident_mib()
    for _ in range(2000):
        model.predict(X, verbose=0)
    assert resident_mib() - before < 8


@pytest.mark.parametrize("widths", [[4] * 8, list(range(3, 7))], ids=["equal", "different"])
def test_models_that_are_deleted_leave_no_arrays(widths):
    counts = []
    for units in widths:
        model = build(units)
        model.fit(X, Y, epochs=2, batch_size=4, verbose=0)
        model.train_on_batch(X, Y)
        model.predict(X, verbose=0)
        del model
        gc.collect()
        counts.append(len(jax.live_arrays()))
    assert counts[-1] <= counts[1]


def test_equal_models_compile_once():
    programs.forget()
    programs.traces.clear()
    for _ in range(4):
        model = build()
        for _ in range(3):
            model.train_on_batch(X, Y)
            model.test_on_batch(X, Y)
            model.predict(X, verbose=0)
    assert dict(programs.traces) == {"train_batch": 1, "test_batch": 1, "predict": 1}


def test_what_is_kept_is_made_anew_when_anything_in_the_model_changes():
    model = build()
    kept, made = structure.Kept(), []
    dense = model.layers[0]
    for change, fresh in (
        (lambda: None, True),
        (lambda: dense.kernel.assign(dense.kernel * 2), False),
        (lambda: setattr(dense.kernel, "regularizer", tricera.regularizers.L2(0.1)), True),
        (lambda: setattr(dense.kernel.regularizer, "l2", 0.5), True),
        (lambda: setattr(dense, "activation", tricera.activations.relu), True),
        (lambda: setattr(dense, "trainable", False), True),
        (lambda: model.train_on_batch(X, Y), True),
        (lambda: model.train_on_batch(X, Y), False),
        (lambda: model.compile("sgd", "mse"), True),
    ):
        change()
        before = len(made)
        kept.get(model, "anything", lambda: made.append(1))
        assert (len(made) > before) == fresh, change


def test_a_model_that_has_worked_is_copied_and_pickled():
    model = build()
    model.train_on_batch(X, Y)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_allclose(other.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
        before = model.get_weights()
        other.train_on_batch(X, Y)
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
