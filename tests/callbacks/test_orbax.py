"""Checkpoints that Orbax writes, beside those of Keras."""

import os
import sys

import numpy as np
import pytest

from tricera import callbacks, layers, models
from tricera.disk import checkpoints
from tricera.errors import SafetyError
from tricera.saving import budget

X, Y = np.random.default_rng(0).normal(size=(2, 12, 3)).astype("float32")


def build(library_layers=layers, library_models=models, compiled=True, width=4):
    model = library_models.Sequential(
        [
            library_layers.Input((3,)),
            library_layers.Dense(width, name="first"),
            library_layers.BatchNormalization(name="norm"),
            library_layers.Dense(3, name="last"),
        ],
        name="stack",
    )
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    return model


def fit(model, callback, **kwargs):
    return model.fit(X, Y, **{"batch_size": 4, "epochs": 3, "verbose": 0, "callbacks": [callback], **kwargs})


def steps(folder):
    return sorted(int(name) for name in os.listdir(folder))


def test_without_orbax_it_is_told(monkeypatch):
    checkpoints.orbax.cache_clear()
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    monkeypatch.setitem(sys.modules, "orbax", None)
    with pytest.raises(ImportError) as error:
        callbacks.OrbaxCheckpoint("folder")
    assert str(error.value) == (
        'Checkpoints of Orbax need it, and it is not installed.\n  fix:      pip install "tricera[orbax]"'
    )
    checkpoints.orbax.cache_clear()


@pytest.fixture(scope="module")
def orbax():
    return pytest.importorskip("orbax.checkpoint")


@pytest.mark.parametrize("on_background", [True, False])
def test_a_model_comes_back_and_trains_on(orbax, tmp_path, on_background):
    model = build()
    fit(model, callbacks.OrbaxCheckpoint(tmp_path / "new" / "kept", save_on_background=on_background))
    assert steps(tmp_path / "new" / "kept") == [2]
    again = models.load_model(tmp_path / "new" / "kept")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(again.optimizer.iterations) == 9
    for each in (model, again):
        each.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)
    assert not models.load_model(tmp_path / "new" / "kept", compile=False).compiled


def test_keras_reads_it_and_is_read(orbax, keras, tmp_path):
    ours, theirs = build(), build(keras.layers, keras)
    fit(ours, callbacks.OrbaxCheckpoint(tmp_path / "ours"))
    fit(theirs, keras.callbacks.OrbaxCheckpoint(str(tmp_path / "theirs"), save_on_background=False))
    read = models.load_model(tmp_path / "theirs")
    np.testing.assert_allclose(read.predict(X, verbose=0), theirs.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert int(read.optimizer.iterations) == 9
    # Keras itself finds nothing of a Sequential model again.
    ours = models.Model(x := layers.Input((3,)), layers.Dense(3, name="last")(layers.Dense(4, name="first")(x)))
    ours.compile("adam", "mse")
    fit(ours, callbacks.OrbaxCheckpoint(tmp_path / "graph"))
    read = keras.models.load_model(str(tmp_path / "graph"))
    np.testing.assert_allclose(read.predict(X, verbose=0), ours.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert int(read.optimizer.iterations) == 9


def test_weights_of_what_is_saved_at_each_time_are_those_of_that_time(orbax, tmp_path):
    model, seen = build(), []
    note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()))
    keep = callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=None)
    model.fit(X, Y, batch_size=4, epochs=4, verbose=0, callbacks=[keep, note])
    assert steps(tmp_path) == [0, 1, 2, 3]
    fresh = build(compiled=False)
    for step, weights in enumerate(seen):
        fresh.load_weights(tmp_path / str(step))
        for own, wanted in zip(fresh.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(own, wanted)


def test_by_batches_the_best_alone_and_again(orbax, tmp_path, capsys):
    model = build()
    keep = callbacks.OrbaxCheckpoint(tmp_path / "batches", save_freq=2, max_to_keep=None, verbose=1)
    fit(model, keep, epochs=2)
    assert steps(tmp_path / "batches") == [2, 4, 6]
    assert f"Batch 1: saving checkpoint {tmp_path / 'batches' / '2'}" in capsys.readouterr().out
    fit(model, keep, epochs=1)
    assert steps(tmp_path / "batches") == [2, 4, 6, 8]
    keep.wait_until_finished()
    assert keep.is_primary_host() and not keep.is_multihost_enabled()
    best = callbacks.OrbaxCheckpoint(
        tmp_path / "best", "loss", save_best_only=True, initial_value_threshold=1e-9, max_to_keep=None
    )
    fit(model, best)
    assert steps(tmp_path / "best") == []
    missing = callbacks.OrbaxCheckpoint(tmp_path / "missing", save_best_only=True)
    with pytest.warns(UserWarning, match=r"Can save best model only with val_loss available, skipping save at epoch 0"):
        fit(model, missing, epochs=1)
    with pytest.raises(ValueError) as error:
        callbacks.OrbaxCheckpoint(tmp_path, save_freq=0.5)
    assert str(error.value) == ('Unrecognized save_freq: 0.5.\n  expected: "epoch", or a positive number of batches')


def test_weights_alone_are_no_model(orbax, tmp_path):
    model = build()
    fit(model, callbacks.OrbaxCheckpoint(tmp_path, save_weights_only=True), epochs=1)
    fresh = build()
    fresh.load_weights(tmp_path)
    np.testing.assert_array_equal(fresh.predict(X, verbose=0), model.predict(X, verbose=0))
    with pytest.raises(ValueError) as error:
        models.load_model(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / '0'}: Checkpoint does not contain model configuration.\n"
        "  got:      one that `save_weights_only=True` wrote\n"
        "  fix:      build the model in Python and `model.load_weights(folder)`."
    )


def test_another_model_is_told_what_differs(orbax, tmp_path):
    fit(build(), callbacks.OrbaxCheckpoint(tmp_path), epochs=1)
    other = build(width=5)
    before = other.get_weights()
    with pytest.raises(ValueError) as error:
        other.load_weights(tmp_path)
    lines = str(error.value).splitlines()
    assert lines[:2] == [
        f"{tmp_path / '0'}: checkpoint and model differ.",
        "  wrong shape: stack/first/bias: (5,) in the model, (4,) stored",
    ]
    assert lines[-1].startswith("  fix:      build the same model, with the same names of layers")
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), before, strict=True))
    with pytest.warns(UserWarning):
        other.load_weights(tmp_path, skip_mismatch=True)


def test_files_of_layers_come_back(orbax, tmp_path):
    model = models.Sequential(
        [
            layers.Input((), dtype="int32"),
            layers.IntegerLookup(vocabulary=[7, 9], output_mode="one_hot"),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    numbers = np.array([7, 9, 1, 7])
    model.fit(numbers, np.ones(4), verbose=0, callbacks=[callbacks.OrbaxCheckpoint(tmp_path)])
    again = models.load_model(tmp_path)
    np.testing.assert_array_equal(again.predict(numbers, verbose=0), model.predict(numbers, verbose=0))


def test_what_declares_far_more_than_it_stores_is_refused(orbax, tmp_path, monkeypatch):
    fit(build(), callbacks.OrbaxCheckpoint(tmp_path), epochs=1)
    seen = []
    monkeypatch.setattr(budget, "allowed", lambda stored: seen.append(stored) or 100)
    with pytest.raises(SafetyError) as error:
        build().load_weights(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / '0'} declares far more than the {seen[0]} bytes that it stores: it is not read."
    )
    assert 1000 < seen[0] == sum(path.stat().st_size for path in (tmp_path / "0").rglob("*") if path.is_file())


def test_links_and_what_is_no_checkpoint_are_refused(orbax, tmp_path):
    fit(build(), callbacks.OrbaxCheckpoint(tmp_path / "kept"), epochs=1)
    step = tmp_path / "kept" / "0"
    notes = step / "pytree" / "_METADATA"
    content = notes.read_bytes()
    notes.write_bytes(b"{")
    with pytest.raises(ValueError, match="is damaged"):
        models.load_model(tmp_path / "kept")
    notes.unlink()
    (tmp_path / "elsewhere").write_bytes(content)
    notes.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SafetyError) as error:
        models.load_model(tmp_path / "kept")
    assert str(error.value) == f"{step}: '_METADATA' is a link to elsewhere: the folder is not read."
