"""Every kind of layer, in every form of file, from Keras 3 to Tricera and back: predictions, and the next step."""

import numpy as np
import pytest

from tests.laws.table import KERAS_ROWS, leaves, scatter
from tricera import layers, models, saving
from tricera.saving.keras2 import _ONLY_KERAS_3

# What Keras 3 does not read back from its own files in HDF5.
UNREADABLE = {"LayerNormalization-axis=[1, 2]", "Attention"}


def fits(row):
    """Whether the row's inputs are arrays of numbers, and its weights are what it computes with."""
    adapted = row.name == "Normalization" and "mean" not in row.kwargs  # computes with what `adapt` found
    return not adapted and all(
        array.dtype in ("float32", "int32") for given in row.arguments() for array in _flat(given)
    )


def _flat(given):
    return given if isinstance(given, list) else [given]


def build(rows, L=layers, M=models):
    """One model with a layer for each row, side by side, and its inputs."""
    inputs, outputs, data = [], [], []
    for row in rows:
        tensors = []
        for given in row.arguments():
            made = [L.Input(array.shape[1:], dtype=str(array.dtype)) for array in _flat(given)]
            data += [np.asarray(array) for array in _flat(given)]
            inputs += made
            tensors.append(made if isinstance(given, list) else made[0])
        made = row.make(L)(*tensors)
        outputs += made if isinstance(made, list | tuple) else [made]
    model = M.Model(inputs, outputs)
    scatter(model)
    return model, data


def equal(one, other, data):
    names = [layer.name for layer in one.layers if not layer.name.startswith("input")]
    found = zip(leaves(one(data)), leaves(other(data)), strict=True)
    wrong = [i for i, (a, b) in enumerate(found) if not np.allclose(a, b, rtol=2e-5, atol=1e-5)]
    assert not wrong, [names[min(i, len(names) - 1)] for i in wrong]


def readable(row):
    return row.name not in _ONLY_KERAS_3 and str(row) not in UNREADABLE


ALL = [row for row in KERAS_ROWS if fits(row)]
TRAINED = [row for row in ALL if row.name in ("Dense", "BatchNormalization", "Conv2D", "MultiHeadAttention")]


@pytest.mark.parametrize("form", ["m.keras", "m.h5", "w.weights.h5"])
def test_predictions(keras, tmp_path, form):
    rows = [row for row in ALL if readable(row)] if form == "m.h5" else ALL
    (theirs, data), (ours, _) = build(rows, keras.layers, keras.models), build(rows)
    if form.startswith("w"):
        theirs.save_weights(tmp_path / form)
        ours.set_weights([0 * w for w in ours.get_weights()])
        ours.load_weights(tmp_path / form)
        equal(ours, theirs, data)
        ours.save_weights(tmp_path / form)
        theirs.set_weights([0 * w for w in theirs.get_weights()])
        theirs.load_weights(tmp_path / form)
        equal(ours, theirs, data)
        return
    theirs.save(tmp_path / form)
    loaded = saving.load_model(tmp_path / form)
    equal(loaded, theirs, data)
    loaded.save(tmp_path / f"back-{form}")
    equal(loaded, keras.saving.load_model(tmp_path / f"back-{form}"), data)


def test_the_next_step(keras, tmp_path):
    model, data = build(TRAINED, keras.layers, keras.models)
    targets = [np.zeros(np.shape(y), "float32") for y in leaves(model(data))]
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss=["mse"] * len(targets))
    model.train_on_batch(data, targets)
    model.save(tmp_path / "k.keras")
    ours = saving.load_model(tmp_path / "k.keras")
    ours.save(tmp_path / "t.keras")
    theirs = keras.saving.load_model(tmp_path / "t.keras")
    for each in (model, ours, theirs):
        each.train_on_batch(data, targets)
    for other in (ours, theirs):
        for a, b in zip(
            [*model.weights, *model.optimizer.variables], [*other.weights, *other.optimizer.variables], strict=True
        ):
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=1e-5)
