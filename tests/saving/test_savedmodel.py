"""SavedModel folders of tf_keras: same outputs and next step of training as there, and what is refused in them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tricera import layers, models, saving
from tricera.errors import SafetyError
from tricera.saving.savedmodel import table, wire

WRITER = Path(__file__).with_name("savedmodel_writes.py")
NOTES, INDEX, DATA = "keras_metadata.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"


@pytest.fixture(scope="module")
def written(tf_keras_writes):
    return tf_keras_writes(WRITER)


@pytest.fixture
def folder(written, tmp_path):
    """A copy of a folder, to be damaged."""
    return Path(shutil.copytree(written / "dense", tmp_path / "m"))


def numbers(written, name, kind):
    with np.load(written / f"{name}.npz") as found:
        return [found[key] for key in found if key.startswith(kind)]


def refusal(load, *arguments):
    with pytest.raises(ValueError) as error:
        load(*arguments)
    return error.type, str(error.value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["dense", "late", "images", "older", "words"])
def test_same_outputs(written, name):
    inputs, expected = numbers(written, name, "input"), numbers(written, name, "output")
    model = saving.load_model(written / name)
    found = model(inputs if len(inputs) > 1 else inputs[0])
    for array, wanted in zip(found if isinstance(found, list) else [found], expected, strict=True):
        np.testing.assert_allclose(array, wanted, rtol=1e-5, atol=1e-5)
    before = model.get_weights()
    model.set_weights([np.zeros_like(array) for array in before])
    model.load_weights(written / name / "variables" / "variables")
    for array, wanted in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, wanted)


@pytest.mark.parametrize("name", ["dense", "words"])
def test_next_step(written, name):
    model = saving.load_model(written / name)
    inputs = numbers(written, name, "input")
    model.train_on_batch(*inputs, np.ones((5, 2), "float32"))
    np.testing.assert_allclose(model(*inputs), *numbers(written, name, "next"), rtol=1e-5, atol=1e-6)


def test_a_class_of_the_users(written):
    assert refusal(saving.load_model, written / "own") == (
        ValueError,
        (
            f"No model config found in the file at {written / 'own'}.\n"
            "  got:      a SavedModel folder of a class without `get_config`\n"
            "  fix:      build the model in Python and `model.load_weights(filepath)`."
        ),
    )
    model = models.Sequential([layers.Input((3,)), layers.Dense(4, name="one"), layers.Dense(2, name="two")])
    model.load_weights(written / "own")
    found = model(*numbers(written, "own", "input"))
    np.testing.assert_allclose(found, *numbers(written, "own", "output"), rtol=1e-5)


class Configured(models.Model):
    def __init__(self, units):
        super().__init__()
        self.one, self.two = layers.Dense(units, name="one"), layers.Dense(2, name="two")

    def call(self, x):
        return self.two(self.one(x))


def test_a_class_that_is_given(written):
    model = saving.load_model(written / "configured", custom_objects={"Configured": Configured})
    found = model(*numbers(written, "configured", "input"))
    np.testing.assert_allclose(found, *numbers(written, "configured", "output"), rtol=1e-5)


def test_weights_outside_of_layers(written):
    model = models.Sequential([layers.Input((3,)), layers.Dense(4, name="one"), layers.Dense(2, name="two")])
    folder = written / "scaled"
    text = f"{folder}: 'variables/variables' cannot be read: the weight 'scale' is not in a layer."
    assert refusal(model.load_weights, folder) == (ValueError, text)


def test_a_learned_vocabulary(written):
    folder = written / "learned"
    text = (
        f"{folder}: 'variables/variables' cannot be read: a vocabulary that was learned by `adapt` stands in "
        "TensorFlow's program; before saving, make the layer with `vocabulary=layer.get_vocabulary()`."
    )
    assert refusal(saving.load_model, folder) == (ValueError, text)


def test_without_a_keras_part(written, folder):
    folder.joinpath(NOTES).unlink()
    for path in (folder, written / "bare"):
        assert refusal(saving.load_model, path) == (
            ValueError,
            (
                f"File format not supported: filepath={path}.\n"
                "  expected: a `.keras` file or folder, an HDF5 file, or a SavedModel folder that Keras wrote\n"
                "  got:      a SavedModel folder of TensorFlow without a Keras part, neither in 'keras_metadata.pb' "
                "nor in 'saved_model.pb'\n"
                "  fix:      `model.save('m.h5')`, where the Keras model and TensorFlow are."
            ),
        )


def cut(folder, name, size):
    path = folder / name
    path.write_bytes(path.read_bytes()[:size])


def turn(folder, name, place):
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda f: cut(f, INDEX, -9), "'variables/variables' cannot be read: it does not end as such a table does."),
        (
            lambda f: turn(f, INDEX, 99),
            "'variables/variables' cannot be read: a block of it does not have its checksum.",
        ),
        (lambda f: cut(f, NOTES, 99), "'keras_metadata.pb' cannot be read: a message is cut off."),
        (
            lambda f: f.joinpath(DATA).unlink(),
            f" has no member '{DATA}'.\n  got:      keras_metadata.pb, saved_model.pb",
        ),
    ],
)
def test_damaged(folder, damage, says):
    for name in ("fingerprint.pb", "assets"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    damage(folder)
    kind, text = refusal(saving.load_model, folder)
    colon = "" if says.startswith(" has") else ": "
    assert (kind, text.removesuffix(", variables")) == (ValueError, f"{folder}{colon}{says}")


def test_too_short_for_its_arrays(folder):
    cut(folder, DATA, 100)
    kind, text = refusal(saving.load_model, folder)
    assert kind is ValueError
    assert text.startswith(f"{folder}: 'variables/variables' cannot be read: '")
    assert text.endswith(f"' would stand behind the end of '{DATA}'.")


@pytest.mark.parametrize("name", [DATA, INDEX, NOTES, "variables"])
def test_links_are_not_followed(folder, tmp_path, name):
    shutil.move(folder / name, tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    wanted = INDEX if name == "variables" else name
    expected = (SafetyError, f"{folder}: {wanted!r} is a link to elsewhere: the folder is not read.")
    assert refusal(saving.load_model, folder) == expected


def test_any_byte_may_be_wrong(folder, monkeypatch):
    """Whatever is changed, the folder is read or refused; the checksums of the index do not help."""
    monkeypatch.setattr(table, "_is_intact", lambda data, checksum: True)
    model = saving.load_model(folder)
    rng = np.random.default_rng(1)
    for name in (NOTES, DATA, INDEX):
        whole = (folder / name).read_bytes()
        for place in rng.integers(0, len(whole), 40):
            turn(folder, name, place)
            try:
                model.load_weights(folder)
            except ValueError as error:
                assert str(error)
            (folder / name).write_bytes(whole)


def test_a_table_that_points_to_one_block_again_and_again():
    block = bytes([0, 1, 0]) + b"k" + bytes(4) + (1).to_bytes(4, "little")

    def stored(content):
        return content + b"\0" + table._masked(memoryview(content + b"\0")).to_bytes(4, "little")

    pointers = b"".join(bytes([0, 1, 2]) + b"k" + bytes([0, len(block)]) for _ in range(50))
    index = pointers + bytes(4) + (1).to_bytes(4, "little")
    ends = bytes([0, 0, len(stored(block))]) + bytes([len(index) & 127 | 128, len(index) >> 7])
    content = stored(block) + stored(index) + ends.ljust(40, b"\0") + table._MAGIC.to_bytes(8, "little")
    with pytest.raises(SafetyError, match=r"^A table declares far more than it stores: it is not read\.$"):
        table.entries(memoryview(content))


def test_a_message_of_nothing_but_fields(monkeypatch):
    monkeypatch.setattr(wire, "FIELDS", 1_000)
    with pytest.raises(SafetyError, match=r"^A message has more than 1,000 fields: it is not read\.$"):
        wire.Message(memoryview(bytes([10, 0]) * 1_001))
