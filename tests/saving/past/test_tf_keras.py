"""Models that tf_keras writes now: same outputs in each format, and the same next step of training."""

from pathlib import Path

import numpy as np
import pytest

import tricera
from tests.saving.past import own_classes
from tricera import saving

WRITER = Path(__file__).with_name("tf_keras_writes.py")
FUNCTIONS = Path(__file__).with_name("tf_keras_functions.py")
REFUSED = {
    "dropout": "'nn.dropout', which has no counterpart here",  # falls in inference, too
    "k_cast": "'reshape', which has no counterpart here",  # to a rank that is computed
    "k_dot": "cannot reshape array",  # to as many rows as are left over
}


@pytest.fixture(scope="module")
def folder(tf_keras_writes):
    return tf_keras_writes(WRITER)


def largest_error(found, expected):
    pairs = [(np.asarray(a, "float64"), np.asarray(b, "float64")) for a, b in zip(found, expected, strict=True)]
    assert [a.shape for a, _ in pairs] == [b.shape for _, b in pairs]
    errors = [np.max(np.abs(a - b) / np.maximum(1, np.abs(b))) for a, b in pairs]
    return max(errors, default=0)


def loaded(folder, name):
    """The model by each way into it."""
    yield saving.load_model(folder / f"{name}.h5")
    yield saving.load_model(folder / f"{name}.keras")
    model = saving.model_from_json((folder / f"{name}.json").read_text())
    model.load_weights(folder / f"{name}_weights.h5")
    yield model


def test_same_outputs(folder):
    names = sorted(path.stem for path in folder.glob("*.json"))
    assert len(names) > 15
    for name in names:
        with np.load(folder / f"{name}.npz") as numbers:
            inputs = [numbers[key] for key in numbers if key.startswith("input")]
            expected = [numbers[key] for key in numbers if key.startswith("output")]
        model, *others = loaded(folder, name)
        found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        error = largest_error(found if isinstance(found, list) else [found], expected)
        assert error < 1e-5, f"{name}: {error:.1e}"
        for other in others:
            assert other.get_config() == model.get_config(), name
            assert largest_error(other.get_weights(), model.get_weights()) == 0, name


def test_next_step(folder):
    data = np.load(folder / "data.npz")
    names = sorted(path.stem for path in folder.glob("*.npz") if not path.with_suffix(".json").exists())
    names.remove("data")
    assert len(names) > 15
    for name in names:
        expected = [value for _, value in np.load(folder / f"{name}.npz").items()]
        model = saving.load_model(folder / f"{name}.h5")
        if not name.startswith("old"):  # tf_keras keeps no state of those in .keras
            other = saving.load_model(folder / f"{name}.keras").optimizer
            assert other.get_config() == model.optimizer.get_config(), name
            state = [[v.numpy() for v in each.variables] for each in (model.optimizer, other)]
            assert largest_error(*state) == 0, name
        model.run_eagerly = True
        model.train_on_batch(data["x"][2], data["y"][2])
        error = largest_error(model.get_weights(), expected)
        assert error < 1e-5, f"{name}: {error:.1e}"


def test_functions_of_tensorflow(tf_keras_writes):
    folder = tf_keras_writes(FUNCTIONS)
    names = sorted(path.stem for path in folder.glob("*.npz"))
    assert len(names) > 150
    for name in names:
        if name in REFUSED:
            with pytest.raises(ValueError, match=REFUSED[name]):
                saving.load_model(folder / f"{name}.h5")
            continue
        with np.load(folder / f"{name}.npz") as numbers:
            arrays = list(numbers.values())
        model = saving.load_model(folder / f"{name}.h5")
        found = model(arrays[:5])
        error = largest_error(found if isinstance(found, list) else [found], arrays[5:])
        assert error < 1e-5, f"{name}: {error:.1e}"
        assert saving.load_model(folder / f"{name}.keras").get_config() == model.get_config(), name


@pytest.mark.filterwarnings("error")
def test_classes_of_the_users(folder):
    with np.load(folder / "own" / "net.npz") as numbers:
        x, *expected = numbers.values()
    model = own_classes.net(tricera)  # which registers the classes
    model(x)
    model.load_weights(folder / "own" / "net.weights.h5")
    for each in (model, saving.load_model(folder / "own" / "net.keras")):
        assert largest_error(each(x), expected) < 1e-6
