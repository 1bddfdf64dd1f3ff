"""A training that goes on where another process, or another `fit`, was ended."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import tricera
from tricera import layers, optimizers
from tricera.callbacks import (
    BackupAndRestore,
    Callback,
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
)

X = np.random.default_rng(0).normal(size=(44, 4)).astype("float32")
Y = X.sum(1, keepdims=True)

CHILD = """
import os, signal, sys
import numpy as np
from tests.callbacks import test_backup as t

t.tricera.utils.set_random_seed(3)
model = t.build(t.optimizers.Adam(t.optimizers.schedules.ExponentialDecay(0.01, 5, 0.9)))
history = model.fit(t.X, t.Y, batch_size=8, epochs=4, verbose=0, validation_split=0.1, callbacks=[
    t.BackupAndRestore(sys.argv[2], save_freq=2), t.EndAt(2, 3, sys.argv[1] == "kill")])
np.savez(sys.argv[3], losses=history.history["loss"], *t.state(model))
"""


def build(optimizer="adam"):
    model = tricera.Sequential(
        [layers.Input((4,)), layers.Dense(4, "relu"), layers.Dropout(0.3), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def state(model):
    return [v.numpy() for v in [*model.variables, *model.optimizer.variables]]


class EndAt(Callback):
    """Ends the process, or only `fit`, after a batch."""

    def __init__(self, epoch, batch, kill):
        super().__init__()
        self.place, self.kill, self.epoch = (epoch, batch), kill, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place and self.kill is not False:
            if self.kill is True:
                os.kill(os.getpid(), signal.SIGKILL)
            raise self.kill


def test_a_killed_process_is_taken_up_in_the_middle_of_an_epoch_bit_for_bit(tmp_path):
    def run(mode, folder, out):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
        root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
        command = [sys.executable, "-c", CHILD, mode, str(tmp_path / folder), str(tmp_path / out)]
        return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300)

    assert run("kill", "backup", "none.npz").returncode == -signal.SIGKILL
    assert (tmp_path / "backup" / "latest.zip").is_file()
    for folder, out in (("backup", "resumed.npz"), ("other", "whole.npz")):
        assert (done := run("end", folder, out)).returncode == 0, done.stderr
    resumed, whole = np.load(tmp_path / "resumed.npz"), np.load(tmp_path / "whole.npz")
    assert len(resumed.files) == len(whole.files) > 10
    for name in whole.files:
        np.testing.assert_array_equal(resumed[name], whole[name], err_msg=name)
    assert not (tmp_path / "backup").exists()


def whole_and_resumed(tmp_path, data, place, fit=None, callbacks=list, save_freq=1, optimizer="adam"):
    """The model and history of an uninterrupted `fit`, and of one that was interrupted and goes on."""
    runs = []
    for interrupted in (False, True):
        folder = tmp_path / str(interrupted)
        for end in [ArithmeticError("ended"), False] if interrupted else [False]:
            tricera.utils.set_random_seed(5)
            model = build(optimizer if isinstance(optimizer, str) else optimizer())
            every = [*callbacks(), BackupAndRestore(folder, save_freq=save_freq), EndAt(*place, end), *callbacks()]
            arguments = {"epochs": 4, "verbose": 0, "callbacks": every, **(fit or {})}
            try:
                history = model.fit(*data(), **arguments)
            except ArithmeticError:
                assert folder.exists()
        runs.append((model, history))
    return runs


def assert_equal(runs):
    (one, first), (other, second) = runs
    for a, b in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert first.history == second.history and first.epoch == second.epoch == list(range(len(first.epoch)))


def pairs():
    rng = np.random.default_rng(1)
    while True:
        chosen = rng.integers(0, 44, 8)
        yield X[chosen], Y[chosen]


class Shuffling(tricera.utils.PyDataset):
    """Draws a new order after each epoch, as many data sets of users do."""

    def __init__(self):
        super().__init__()
        self.order = np.random.permutation(44)  # noqa: NPY002

    def __len__(self):
        return 5

    def __getitem__(self, i):
        chosen = self.order[8 * i : 8 * i + 8]
        return X[chosen], Y[chosen]

    def on_epoch_end(self):
        np.random.shuffle(self.order)  # noqa: NPY002


@pytest.mark.parametrize("place", [(2, 1), (2, 5), (3, 0)])
def test_arrays(tmp_path, place):
    assert_equal(whole_and_resumed(tmp_path, lambda: (X, Y), place, {"batch_size": 8}))


@pytest.mark.parametrize(
    "data, fit",
    [
        (lambda: (X, Y), {"batch_size": 8, "steps_per_epoch": 4}),
        (lambda: (pairs(),), {"steps_per_epoch": 5}),
        (lambda: (Shuffling(),), {}),
        (lambda: (Shuffling(),), {"shuffle": False}),
        (lambda: (tricera.data.Dataset.from_tensor_slices((X, Y)).shuffle(44, 1).batch(8),), {}),
    ],
)
def test_every_source_goes_on_from_its_place(tmp_path, data, fit):
    assert_equal(whole_and_resumed(tmp_path, data, (2, 2), fit))


def test_callbacks_before_and_after_it_remember(tmp_path):
    def callbacks():
        return [ReduceLROnPlateau("loss", patience=0, min_delta=0.5), SwapEMAWeights(swap_on_epoch=True)]

    ema = lambda: optimizers.SGD(0.05, use_ema=True)  # noqa: E731
    data = {"batch_size": 22, "epochs": 5}
    runs = whole_and_resumed(tmp_path, lambda: (X, Y), (3, 1), data, callbacks, "epoch", ema)
    assert_equal(runs)
    assert runs[1][1].history["learning_rate"][-1] < 0.05


def test_best_weights_of_earlier_epochs_are_there(tmp_path):
    stops = lambda: [EarlyStopping("loss", mode="max", patience=9, restore_best_weights=True)]  # noqa: E731
    runs = whole_and_resumed(tmp_path, lambda: (X, Y), (3, 0), {"batch_size": 22}, stops, "epoch")
    assert_equal(runs)
    assert np.argmax(runs[1][1].history["loss"]) < 3


def test_a_broken_backup_falls_back_on_the_one_before(tmp_path, capsys):
    callback = BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
    build().fit(X, Y, epochs=2, verbose=0, callbacks=[callback])
    (tmp_path / "latest.zip").write_bytes(b"broken")
    history = build().fit(X, Y, epochs=3, verbose=0, callbacks=[callback])
    assert history.epoch == [0, 1, 2]
    assert capsys.readouterr().out == (
        f"BackupAndRestore: '{tmp_path}/latest.zip' cannot be read and is left alone: File is not a zip file\n"
    )


@pytest.mark.parametrize("empty", ["", None])
def test_messages(tmp_path, empty):
    with pytest.raises(ValueError) as error:
        BackupAndRestore(empty)
    assert str(error.value) == "Empty `backup_dir` argument passed.\n  expected: the path of a folder"
    with pytest.raises(ValueError) as error:
        BackupAndRestore("x", save_freq=0.5)
    assert str(error.value) == (
        'Invalid value for argument `save_freq`: 0.5.\n  expected: "epoch", or a positive number of batches'
    )
    build().fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path, delete_checkpoint=False)])
    other = tricera.Sequential([layers.Input((4,)), layers.Dense(2), layers.Dense(1)])
    other.compile("adam", "mse")
    with pytest.raises(ValueError) as error:
        other.fit(X, Y, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    assert str(error.value) == (
        f"The backup '{tmp_path}/latest.zip' is one of another training: 'metrics/2' differs.\n"
        "  expected: no such variable\n"
        "  got:      shape ()\n"
        "  fix:      compile the same model as before, remove the backup, or use another folder."
    )


@pytest.mark.parametrize("name", ["model.tf", "model.hdf5", "model", "model.h5.old", "model.ckpt"])
def test_a_checkpoint_has_any_suffix(tmp_path, name):
    model = build()
    callbacks = [ModelCheckpoint(tmp_path / name), ModelCheckpoint(tmp_path / f"w-{name}", save_weights_only=True)]
    model.fit(X, Y, verbose=0, callbacks=callbacks)
    loaded, fresh = tricera.models.load_model(tmp_path / name), build()
    fresh.load_weights(tmp_path / f"w-{name}")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    np.testing.assert_array_equal(fresh.predict(X, verbose=0), model.predict(X, verbose=0))
