"""Models and weights under any name and in every form, exactly, and whole or not at all."""

import errno
import io
import json
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from tricera import callbacks, layers, models, saving
from tricera.disk import atomic
from tricera.engine.layer import Layer
from tricera.errors import SafetyError
from tricera.saving import progress
from tricera.saving.containers import assets, shards

X = np.linspace(0, 1, 8).reshape(2, 4).astype("float32")


def net(L=layers, M=models):
    return M.Sequential([L.Input((4,)), L.Dense(30, name="a"), L.Dense(20, name="b"), L.Dense(2, name="c")], name="net")


@pytest.fixture(scope="module")
def trained():
    model = net()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, X[:, :2], verbose=0)
    return model


# ---- names


@pytest.mark.parametrize("name", ["m", "m.ckpt", "m.keras", "m.h5", "m.hdf5", "m.weights.h5"])
def test_a_model_under_any_name(trained, tmp_path, name):
    trained.save(tmp_path / name)
    twin = saving.load_model(tmp_path / name)
    np.testing.assert_array_equal(twin(X), trained(X))
    assert h5py.is_hdf5(tmp_path / name) == name.endswith(("h5", "hdf5"))
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["w", "w.ckpt", "w.weights.h5", "w.h5", "w.hdf5"])
def test_weights_under_any_name(keras, trained, tmp_path, name):
    trained.save_weights(tmp_path / name)
    twin = net()
    twin.load_weights(tmp_path / name)
    np.testing.assert_array_equal(twin(X), trained(X))
    if name.endswith("h5"):
        theirs = net(keras.layers, keras.models)
        theirs.load_weights(tmp_path / name)
        np.testing.assert_allclose(theirs(X), trained(X), rtol=1e-5)


@pytest.mark.parametrize("weights_only", [True, False])
def test_a_checkpoint_under_any_name(tmp_path, weights_only):
    model = net()
    model.compile("sgd", "mse")
    for name in ("a", "b.ckpt", "c.h5"):
        model.fit(
            X,
            X[:, :2],
            verbose=0,
            callbacks=[callbacks.ModelCheckpoint(tmp_path / name, "loss", 0, False, weights_only)],
        )
        twin = net()
        twin.load_weights(tmp_path / name)
        np.testing.assert_array_equal(twin(X), model(X))


def test_an_open_file(trained):
    stream = io.BytesIO()
    trained.save(stream)
    stream.seek(0)
    np.testing.assert_array_equal(saving.load_model(stream)(X), trained(X))


def test_without_the_optimizer(trained, tmp_path):
    for name in ("m.keras", "m.h5"):
        trained.save(tmp_path / name, include_optimizer=False)
        assert not saving.load_model(tmp_path / name).compiled


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("m", {"save_format": "tf"}, "A model is written as `.keras` or `.h5`."),
        ("m", {"signatures": 1}, "A model is written as `.keras` or `.h5`."),
        (
            "m.keras",
            {"zipped": False},
            "When using `zipped=False`, the `filepath` argument should not end in `.keras`.",
        ),
    ],
)
def test_what_is_not_written(trained, tmp_path, name, given, message):
    with pytest.raises(ValueError) as error:
        trained.save(tmp_path / name, **given)
    assert str(error.value).startswith(message)
    assert not os.listdir(tmp_path)


def test_overwriting_is_asked_for_on_a_terminal(trained, tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    path.write_text("old")
    answers = iter(["what", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    trained.save(path, overwrite=False)
    assert path.read_text() == "old"
    trained.save(path, overwrite=False)
    np.testing.assert_array_equal(saving.load_model(path)(X), trained(X))


# ---- HDF5 in the layout of Keras 2


def test_hdf5_for_keras_3(keras, trained, tmp_path):
    path = tmp_path / "m.h5"
    trained.save(path)
    theirs = keras.saving.load_model(path)
    np.testing.assert_allclose(theirs(X), trained(X), rtol=1e-5)
    assert theirs.optimizer.get_config()["learning_rate"] == trained.optimizer.get_config()["learning_rate"]
    assert theirs.evaluate(X, X[:, :2], verbose=0) == pytest.approx(trained.evaluate(X, X[:, :2], verbose=0), rel=1e-5)
    with h5py.File(path) as file:
        assert set(file.attrs) == {"model_config", "training_config", "keras_version", "backend"}
        assert set(file) == {"model_weights", "optimizer_weights"}


def test_hard_sigmoid_stays_the_formula_that_it_is(keras, tmp_path):
    """That of Keras 2 goes by this name in files of Keras 2 only."""
    path = tmp_path / "m.h5"
    for name, slope in (("hard_sigmoid", 1 / 6), ("hard_sigmoid_v2", 0.2)):
        models.Sequential([layers.Input((4,)), layers.Activation(name)]).save(path)
        np.testing.assert_allclose(saving.load_model(path)(X), slope * X + 0.5, rtol=1e-6)
        with h5py.File(path) as file:
            assert file.attrs["keras_version"].startswith("2") is (name == "hard_sigmoid_v2")
            assert "hard_sigmoid_v2" not in file.attrs["model_config"]
        # Keras 3 knows one formula by that name, in files of Keras 2, too: docs/files.md says so.
        np.testing.assert_allclose(keras.saving.load_model(path)(X), X / 6 + 0.5, rtol=1e-6)


# ---- folders and shards


def test_folders_both_ways(keras, trained, tmp_path):
    trained.save(tmp_path / "ours", zipped=False)
    assert sorted(os.listdir(tmp_path / "ours")) == ["config.json", "metadata.json", "model.weights.h5"]
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "ours")(X), trained(X), rtol=1e-5)
    theirs = net(keras.layers, keras.models)
    theirs.save(tmp_path / "theirs", zipped=False)
    np.testing.assert_allclose(saving.load_model(tmp_path / "theirs")(X), theirs(X), rtol=1e-5)
    twin = net()
    twin.load_weights(tmp_path / "theirs")
    np.testing.assert_allclose(twin(X), theirs(X), rtol=1e-5)
    trained.save(tmp_path / "theirs", zipped=False)  # in its place
    np.testing.assert_array_equal(saving.load_model(tmp_path / "theirs")(X), trained(X))
    assert sorted(os.listdir(tmp_path)) == ["ours", "theirs"]


def test_a_folder_of_other_things_is_not_replaced(trained, tmp_path):
    (tmp_path / "letter").touch()
    with pytest.raises(FileExistsError, match="is no model's folder: it is not replaced"):
        trained.save(tmp_path, zipped=False)
    assert os.listdir(tmp_path) == ["letter"]


def test_links_in_a_folder_are_not_followed(trained, tmp_path):
    trained.save(tmp_path / "m", zipped=False)
    (tmp_path / "m" / "config.json").rename(tmp_path / "secret")
    (tmp_path / "m" / "config.json").symlink_to(tmp_path / "secret")
    with pytest.raises(SafetyError, match=r"'config\.json' is a link to elsewhere: the folder is not read\."):
        saving.load_model(tmp_path / "m")


SHARD = 3000 / 2**30


def test_shards_both_ways(keras, trained, tmp_path):
    trained.save_weights(tmp_path / "w.weights.json", max_shard_size=SHARD)
    index = json.loads((tmp_path / "w.weights.json").read_text())
    assert index["weight_map"]["/optimizer/vars"] == [f"w_0000{i}.weights.h5" for i in (1, 2, 3)]
    theirs = net(keras.layers, keras.models)
    theirs.load_weights(tmp_path / "w.weights.json")
    np.testing.assert_allclose(theirs(X), trained(X), rtol=1e-5)
    theirs.set_weights([w + 1 for w in theirs.get_weights()])
    theirs.save_weights(tmp_path / "k.weights.json", max_shard_size=SHARD)
    twin = net()
    twin.load_weights(tmp_path / "k.weights.json")
    np.testing.assert_allclose(twin(X), theirs(X), rtol=1e-5)


def test_new_shards_stand_before_old_ones_go(trained, tmp_path):
    path = tmp_path / "w.weights.json"
    for _ in range(2):
        trained.save_weights(path, max_shard_size=SHARD)
        named = {name for names in json.loads(path.read_text())["weight_map"].values() for name in names}
        assert named | {path.name} == set(os.listdir(tmp_path))
    twin = net()
    twin.load_weights(path)
    np.testing.assert_array_equal(twin(X), trained(X))
    with pytest.raises(ValueError, match="exceeds the maximum shard size"):
        trained.save_weights(path, max_shard_size=1e-7)
    with pytest.warns(UserWarning, match="Sharded weights need an index"):
        trained.save_weights(tmp_path / "v.weights.h5", max_shard_size=1.0)
    assert (tmp_path / "v.weights.json").exists()


@pytest.mark.parametrize("name", ["../w.h5", "/etc/w.h5", "a/w.h5", "w.txt", 3])
def test_an_index_names_files_beside_it(tmp_path, name):
    (tmp_path / "w.weights.json").write_text(json.dumps({"weight_map": {"/vars": name}}))
    with (
        pytest.raises(SafetyError, match="which is no file beside it: nothing is read"),
        shards.opened(tmp_path / "w.weights.json"),
    ):
        pass


# ---- assets


class Vocabulary:
    """Words in a file of their own."""

    def save_assets(self, folder):
        with open(os.path.join(folder, "words.txt"), "w") as file:
            file.write("\n".join(self.words))

    def load_assets(self, folder):
        with open(os.path.join(folder, "words.txt")) as file:
            self.words = file.read().split("\n")

    def call(self, x):
        return x


def with_words(base, L, M):
    class Words(Vocabulary, base):
        pass

    made = [Words(), Words()]
    for i, layer in enumerate(made):
        layer.words = ["a", f"b{i}"]
    return M.Sequential([L.Input((4,)), *made]), Words


def test_assets_both_ways(keras, tmp_path):
    (ours, Ours), (theirs, Theirs) = (
        with_words(Layer, layers, models),
        with_words(keras.layers.Layer, keras.layers, keras.models),
    )
    for form in ("zip", "folder"):
        for model, other, load in ((ours, Theirs, keras.saving.load_model), (theirs, Ours, saving.load_model)):
            path = tmp_path / (f"{form}{other.__module__}" + (".keras" if form == "zip" else str(model is ours)))
            model.save(path, zipped=form == "zip")
            twin = load(path, custom_objects={"Words": other})
            assert [layer.words for layer in twin.layers] == [["a", "b0"], ["a", "b1"]]


@pytest.mark.parametrize(
    "name", ["assets/../x", "assets/layers/words/../../x", "assets/C:x", "assets/a\\b", "assets//x"]
)
def test_assets_stay_in_their_folder(name):
    members = type("Members", (), {"label": "m.keras", "assets": [f"assets/{name}"]})()
    with pytest.raises(SafetyError, match="is no place for a file"):
        assets.read(net(), members)


# ---- exactly


def test_nothing_is_lost(tmp_path):
    class Holder(Layer):
        def build(self, shape):
            self.inside = {"k": [{layers.Dense(4, name="x"), layers.Dense(4, name="y")}]}
            for layer in self.inside["k"][0]:
                layer.build(shape)

        def call(self, x):
            return sum(layer(x) for layer in self.inside["k"][0])

    one, two = (models.Sequential([layers.Input((4,)), Holder(name="h")]) for _ in range(2))
    one.save_weights(tmp_path / "w")
    two.load_weights(tmp_path / "w")
    np.testing.assert_allclose(one(X), two(X), rtol=1e-6)

    class Shy(layers.Dense):
        def _sublayers(self):
            return [hidden]

    hidden = layers.Dense(2, name="hidden")
    hidden.build((None, 4))
    model = models.Sequential([layers.Input((4,)), Shy(2)])
    with pytest.raises(ValueError) as error:
        model.save_weights(tmp_path / "v")
    assert str(error.value) == (
        f'Sequential model "{model.name}": 2 weights would not be saved: hidden/kernel, hidden/bias.\n'
        "  expected: each weight in a layer that an attribute, a list or a dict of the model holds"
    )
    assert not (tmp_path / "v").exists()


def test_classes_that_are_named_as_numbered_ones(tmp_path):
    class Dense_1(layers.Dense):
        pass

    kinds = (layers.Dense, Dense_1, layers.Dense)
    one, two = (
        models.Sequential([layers.Input((4,)), *(c(4, name=f"d{i}") for i, c in enumerate(kinds))]) for _ in "ab"
    )
    one.save_weights(tmp_path / "w")
    two.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(one(X), two(X))


# ---- whole or not at all


def test_a_full_disk(trained, tmp_path):
    """The process may write no file beyond 4 KiB: the old file stays, and nothing else."""
    trained.save(tmp_path / "m.keras")
    before = (tmp_path / "m.keras").read_bytes()
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, old[1]))
        for save in (trained.save, trained.save_weights):
            with pytest.raises(OSError) as error:
                save(tmp_path / ("m.keras" if save == trained.save else "w.weights.h5"))
            assert error.value.errno in (errno.EFBIG, None) or "File too large" in str(error.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert (tmp_path / "m.keras").read_bytes() == before and os.listdir(tmp_path) == ["m.keras"]


KILLED = """
import os, sys, time
from tricera.disk import atomic
with atomic.replacing(sys.argv[1]) as fresh:
    fresh.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_killed_process(tmp_path):
    path = tmp_path / "m.keras"
    path.write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout.readline() == b"writing\n"
    with atomic.replacing(path) as fresh:  # what another process writes is left alone
        fresh.write_text("old")
    process.kill()
    process.wait()
    assert path.read_text() == "old" and list(tmp_path.glob("*.keras")) == [path]
    assert len([name for name in os.listdir(tmp_path) if name.startswith(".m.keras.")]) == 1
    with atomic.replacing(path) as fresh:
        fresh.write_text("new")
    assert path.read_text() == "new" and not list(tmp_path.glob(".m*"))


def test_folders_are_exchanged(tmp_path, monkeypatch):
    for exchanged in (atomic._exchanged, lambda *_: False):
        monkeypatch.setattr(atomic, "_exchanged", exchanged)
        for text in ("one", "two"):
            with atomic.replacing(tmp_path / "m") as fresh:
                fresh.mkdir()
                (fresh / "f").write_text(text)
        assert (tmp_path / "m" / "f").read_text() == "two" and os.listdir(tmp_path) == ["m"]


# ---- progress


def test_a_bar_for_large_files_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(progress.screen, "is_live", lambda: True)
    monkeypatch.setattr(progress, "PAUSE", -1)
    small, large = progress.bar("Loading", 1000), progress.bar("Loading", 400_000_000)
    small(500), large(200_000_000), large(200_000_000)
    assert "Loading [===============...............] 200/400 MB" in capsys.readouterr().out
    monkeypatch.setattr(progress.screen, "is_live", lambda: False)
    progress.bar("Loading", 400_000_000)(1)
    assert capsys.readouterr().out == ""
