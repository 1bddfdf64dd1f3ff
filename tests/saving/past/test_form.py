"""The form of Keras 2 in which `.h5` is written: where it is taken, and what Keras 3 and Tricera read from it."""

import json

import h5py
import numpy as np
import pytest

import tricera
from tests.laws.table import scatter
from tests.saving.past import old_models
from tricera import layers, models, saving
from tricera.optimizers import past


def config(path):
    with h5py.File(path) as file:
        return json.loads(file.attrs["model_config"])


@pytest.mark.parametrize("name", ["nested", "several"])
def test_models_in_graphs(keras, tmp_path, name):
    """Keras 2 counts their uses from 1, Keras 3 from 0, but where a graph ends."""
    model = old_models.models(tricera)[name]()
    scatter(model)
    arrays = [np.random.default_rng(0).normal(size=(2, *x.shape[1:])).astype("float32") for x in model.inputs]
    model.save(tmp_path / "m.h5")
    assert "module" not in config(tmp_path / "m.h5")
    again = saving.load_model(tmp_path / "m.h5")
    assert again.get_config() == model.get_config()
    for other in (again, keras.saving.load_model(tmp_path / "m.h5")):
        for found, expected in zip(other(arrays), model(arrays), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "written", "newer"),
    [
        ("hard_sigmoid", "hard_sigmoid", True),
        ("hard_sigmoid_v2", "hard_sigmoid", False),
        ("silu", "swish", False),
    ],
)
def test_functions_of_other_names(tmp_path, name, written, newer):
    """What Keras 2 calls `hard_sigmoid` is not what Keras 3 calls so."""
    model = models.Sequential([tricera.Input((2,)), layers.Dense(2, name), layers.Activation(name, name="silu")])
    model.save(tmp_path / "m.h5")
    form = config(tmp_path / "m.h5")
    dense, activation = form["config"]["layers"][1:]
    assert ("module" in form) is newer
    assert [each["config"]["activation"] for each in (dense, activation)] == [name if newer else written] * 2
    assert activation["config"]["name"] == "silu"
    assert saving.load_model(tmp_path / "m.h5").get_config() == model.get_config()


def test_optimizers_whose_rate_decays(tmp_path):
    model = models.Sequential([tricera.Input((2,)), layers.Dense(2)])
    found = (past.SGDV2(decay=0.1, learning_rate=0.5), past.NadamV2(), past.RMSpropV2(), past.FtrlV2(decay=0.1))
    for optimizer in found:
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((2, 2)), np.zeros((2, 2)))
        model.save(tmp_path / "m.h5")
        again = saving.load_model(tmp_path / "m.h5").optimizer
        assert type(again) is type(optimizer) and again.get_config() == optimizer.get_config()
        state = zip(again.variables, optimizer.variables, strict=True)
        assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in state)
