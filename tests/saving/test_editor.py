"""Files of weights that are looked into, compared and changed."""

import io
import zipfile

import h5py
import numpy as np
import pytest
import rich.console

from tricera import layers, models, saving


def build(*names):
    x = inputs = layers.Input((2,))
    for name in names:
        x = layers.Dense(3, name=name)(x)
    return models.Model(inputs, x)


@pytest.fixture
def model():
    made = build("first", "last")
    made.compile("adam", "mse")
    made.fit(np.ones((2, 2)), np.ones((2, 3)), verbose=0)
    return made


@pytest.fixture
def editor(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return saving.KerasFileEditor(tmp_path / "model.keras")


def said(editor, call):
    """What a call prints."""
    editor.console = rich.console.Console(file=io.StringIO(), highlight=False, width=200)
    call()
    return editor.console.file.getvalue()


def test_the_tree_is_that_of_keras_and_has_the_names_of_layers(keras, editor, tmp_path):
    theirs = keras.saving.KerasFileEditor(str(tmp_path / "model.keras"))
    assert list(editor.weights_dict) == list(theirs.weights_dict)
    assert keras.tree.flatten(keras.tree.map_structure(np.shape, editor.weights_dict)) == keras.tree.flatten(
        keras.tree.map_structure(np.shape, dict(theirs.weights_dict))
    )
    assert editor.metadata == theirs.metadata and editor.config == theirs.config
    assert {path: editor.object_metadata[path] for path in theirs.object_metadata} == theirs.object_metadata
    assert said(editor, editor.summary).splitlines()[:6] == [
        "Weights structure",
        "  > layers",
        "  │   ├─ dense ('first')",
        "  │   │   ├─ 0: shape=(2, 3), dtype=float32",
        "  │   │   └─ 1: shape=(3,), dtype=float32",
        "  │   └─ dense_1 ('last')",
    ]


def test_a_file_is_fitted_to_a_model_with_one_more_layer(keras, model, editor, tmp_path):
    wanted = build("first", "new", "last")
    editor.delete_object("optimizer")
    assert editor.compare(wanted) == {"status": "error", "error_count": 1, "match_count": 4}
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": np.eye(3, dtype="float32")})
    assert editor.compare(wanted) == {"status": "error", "error_count": 1, "match_count": 5}
    editor.add_weights("dense_1", {"1": np.zeros(3, "float32")})
    assert editor.compare(wanted) == {"status": "success", "error_count": 0, "match_count": 6}
    path = tmp_path / "edited.weights.h5"
    editor.save(path)
    wanted.load_weights(path)
    x = np.ones((1, 2), "float32")
    np.testing.assert_allclose(wanted(x), model(x), rtol=1e-6)
    theirs = keras.Sequential([keras.Input((2,)), *(keras.layers.Dense(3) for _ in range(3))])
    theirs.load_weights(path)
    np.testing.assert_allclose(theirs(x), model(x), rtol=1e-6)
    again = saving.KerasFileEditor(str(path))
    assert again.config is None and again.object_metadata["/layers/dense_2"] == {"name": "last"}
    again.resave_weights(path)
    assert saving.KerasFileEditor(path).compare(wanted)["status"] == "success"


def test_differences_are_printed(editor):
    editor.delete_weight("layers/dense", "1")
    editor.add_weights("/layers/dense", {"0": np.zeros((7, 3))})
    editor.rename_object("optimizer", "other")
    assert said(editor, lambda: editor.compare(build("first", "last"))) == (
        "Running comparison\n"
        "...Weight shape mismatch for /layers/dense/0\n"
        "    In reference model: shape=(2, 3)\n"
        "    In saved file: shape=(7, 3)\n"
        "...Weight /layers/dense/1 present in reference model, missing from saved file\n"
        "...Object /other present in saved file, missing from reference model\n"
        "    In saved file, /other contains the following keys: "
        "['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']\n"
        "─────────────────────\n"
        "Found 3 errors: saved file is not compatible with the reference model\n"
    )


def test_objects_with_arrays_and_parts_of_their_own_folders_and_shards(tmp_path):
    class Both(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2)

        def build(self, shape):
            self.scale = self.add_weight((2,), dtype="bfloat16")
            self.inner.build(shape)

        def call(self, x):
            return self.inner(x) * self.scale

    model = models.Sequential([layers.Input((2,)), Both()])
    model.save_weights(tmp_path / "one.weights.h5")
    model.save_weights(tmp_path / "many.weights.json", max_shard_size=1)
    model.save(tmp_path / "folder", zipped=False)
    for name in ("one.weights.h5", "many.weights.json", "folder"):
        editor = saving.KerasFileEditor(tmp_path / name)
        assert str(editor.weights_dict["layers"]["both"]["0"].dtype) == "bfloat16"
        assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 3}
        editor.save(tmp_path / "again.weights.h5")
        model.load_weights(tmp_path / "again.weights.h5")


def test_names_of_a_file_do_nothing_to_the_terminal(tmp_path):
    with h5py.File(tmp_path / "odd.weights.h5", "w") as file:
        file["layers/\x1b[31m[bold]/vars/0"] = np.zeros(2)
    editor = saving.KerasFileEditor(tmp_path / "odd.weights.h5")
    assert said(editor, editor.summary).splitlines()[2] == "      └─ \\x1b[31m[bold]"


def test_what_fails_leaves_the_old_file(editor, tmp_path):
    path = tmp_path / "kept.weights.h5"
    path.write_text("old")
    editor.weights_dict["layers"]["dense"]["0"] = np.array(["text"])
    with pytest.raises(TypeError):
        editor.save(path)
    assert path.read_text() == "old" and not list(tmp_path.glob(".*"))


WRONG = {
    "a path that is not there": (
        lambda editor: editor.delete_object("layers/dens"),
        "Path 'layers/dens' not found in model.\n  fix:      did you mean 'dense'?",
    ),
    "a place that is not there": (
        lambda editor: editor.add_object("stack/dense", {}),
        "Path 'stack' not found in model.",
    ),
    "a name that is not there": (
        lambda editor: editor.rename_object("dens", "x"),
        "Source name 'dens' does not appear in the model.\n  fix:      did you mean 'dense'?",
    ),
    "a name of several": (
        lambda editor: editor.delete_object("1"),
        (
            "Name '1' occurs more than once in the model.\n"
            "  got:      layers/dense/1, layers/dense_1/1, optimizer/1\n  fix:      pass one of these paths."
        ),
    ),
    "a path for a new name": (
        lambda editor: editor.rename_object("dense", "layers/x"),
        "'layers/x' cannot be a name in the file.\n  expected: a leaf name, not a full path name",
    ),
    "a name that another has": (
        lambda editor: editor.rename_object("dense", "dense_1"),
        "/layers/dense cannot become 'dense_1': there is one of that name beside it.",
    ),
    "a weight that is not there": (
        lambda editor: editor.delete_weight("dense", "7"),
        "Weight 7 not found in object dense.\n  expected: one of ['0', '1']",
    ),
    "weights without names": (
        lambda editor: editor.add_weights("dense", [1]),
        (
            "Argument `weights` should be a dict of arrays by their names.\n"
            '  expected: `{"0": kernel, "1": bias}`\n  got:      list'
        ),
    ),
    "a text for a weight": (
        lambda editor: editor.add_weights("dense", {"2": "text"}),
        "The weight '2' is no array of numbers.\n  got:      <U4",
    ),
    "an array for an object": (
        lambda editor: editor.add_weights("layers/dense/0", {}),
        "/layers/dense/0 is an array, not an object.\n  fix:      '/layers/dense'",
    ),
    "a model's file to write": (
        lambda editor: editor.save("model.keras"),
        (
            "Invalid `filepath` argument: the editor writes weights alone.\n  expected: a `.weights.h5` extension\n"
            "  got:      model.keras\n"
            "  fix:      for a whole model, `model.load_weights` what is written, and `model.save`."
        ),
    ),
}


@pytest.mark.parametrize("call, text", WRONG.values(), ids=WRONG)
def test_mistakes_are_told(editor, call, text):
    with pytest.raises(ValueError) as error:
        call(editor)
    assert str(error.value) == text


def test_files_of_the_past_and_archives_without_weights_are_told(model, tmp_path):
    model.save(tmp_path / "old.h5")
    with pytest.raises(ValueError) as error:
        saving.KerasFileEditor(tmp_path / "old.h5")
    assert str(error.value) == (
        f"{tmp_path / 'old.h5'} holds weights by the names of layers, as Keras 1 and 2 wrote them.\n"
        "  expected: a `.keras` or `.weights.h5` file of Keras 3\n"
        "  fix:      `load_model` or `load_weights` it, and save the model as `.keras`."
    )
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as file:
        file.writestr("config.json", "{}")
    with pytest.raises(ValueError, match=r"has no member 'model\.weights\.h5'"):
        saving.KerasFileEditor(tmp_path / "empty.keras")
