"""Modules of Flax as layers."""

import sys

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

import tricera
from tricera import layers, saving

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def test_without_flax_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "flax", None)
    with pytest.raises(ImportError) as error:
        layers.FlaxLayer(None)
    assert str(error.value) == "FlaxLayer needs Flax, which is not installed.\n  fix:      pip install flax"


@pytest.fixture(scope="module")
def modules():
    """Modules of Flax, known to files."""
    linen = pytest.importorskip("flax.linen")

    class Plain(linen.Module):
        units: int = 2
        power: int = 1

        @linen.compact
        def __call__(self, inputs):
            return linen.Dense(self.units)(inputs) ** self.power

        def get_config(self):
            return {"units": self.units, "power": self.power}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    class Normed(Plain):
        @linen.compact
        def __call__(self, inputs, training=False):
            x = linen.BatchNorm(use_running_average=not training)(linen.Dense(4)(inputs))
            return linen.Dense(self.units)(linen.Dropout(0.5, deterministic=not training)(x))

        @linen.compact
        def doubled(self, inputs):
            return 2 * linen.Dense(self.units)(inputs)

    for cls in (Plain, Normed):
        saving.register_keras_serializable("flax")(cls)
    return Plain, Normed


def test_it_computes_what_flax_does(modules):
    plain, normed = modules[0](), modules[1]()
    layer = layers.FlaxLayer(plain)
    outputs = layer(X)
    names = [[v.shape for v in layer.trainable_weights], [v.shape for v in layer.non_trainable_weights]]
    assert names == [[(2,), (3, 2)], []]
    bias, kernel = layer.get_weights()
    variables = {"params": {"Dense_0": {"bias": bias, "kernel": kernel}}}
    assert_allclose(outputs, plain.apply(variables, X), rtol=1e-6)
    variables = normed.init({"params": jax.random.key(0)}, X)
    layer = layers.FlaxLayer(normed, variables=variables)
    assert_allclose(layer(X), normed.apply(variables, X), rtol=1e-6)
    assert [v.shape for v in layer.non_trainable_weights] == [(4,), (4,)]
    own = layers.FlaxLayer(normed, normed.doubled)
    assert own(X).shape == (8, 2) and len(own.weights) == 2
    outside = layers.FlaxLayer(normed, lambda module, inputs: module.doubled(inputs[0]) + inputs[1])
    assert_allclose(outside([X, np.float32(1) * np.ones((8, 2), "float32")]).shape, (8, 2))


def test_states_move_and_noise_is_drawn_in_training_alone(modules):
    layer = layers.FlaxLayer(modules[1](), name="normed")
    assert_allclose(layer(X), layer(X))
    mean = layer.non_trainable_weights[0].numpy()
    assert np.abs(np.asarray(layer(X, training=True)) - layer(X, training=True)).max() > 0
    assert np.abs(layer.non_trainable_weights[0].numpy() - mean).max() > 0
    model = tricera.Sequential([tricera.Input((3,)), layer])
    model.compile("adam", "mse")
    before = model.get_weights()
    losses = model.fit(X, np.ones((8, 2)), epochs=3, verbose=0).history["loss"]
    assert len(set(losses)) == 3
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_modules_that_differ_share_no_program(modules):
    def outputs(power):
        model = tricera.Sequential([tricera.Input((3,)), layers.FlaxLayer(modules[0](power=power))])
        model.set_weights([np.zeros(2), np.ones((3, 2))])
        return model.predict(X, verbose=0)

    assert_allclose(outputs(2), outputs(1) ** 2, rtol=1e-5)


def test_models_with_modules_are_saved(modules, tmp_path):
    module = modules[1](units=3)
    x = tricera.Input((3,))
    both = [layers.FlaxLayer(modules[0]())(x), layers.FlaxLayer(module, "doubled")(x), layers.FlaxLayer(module)(x)]
    model = tricera.Model(x, both)
    model.save(tmp_path / "model.keras")
    again = saving.load_model(tmp_path / "model.keras")
    for ours, wanted in zip(again.predict(X, verbose=0), model.predict(X, verbose=0), strict=True):
        assert_allclose(ours, wanted, rtol=1e-6)


def test_what_is_no_module_is_told(modules):
    with pytest.raises(TypeError) as error:
        layers.FlaxLayer(abs)
    assert str(error.value) == (
        "FlaxLayer: `module` must be an instance of `flax.linen.Module`.\n"
        "  got:      <built-in function abs> (builtin_function_or_method)\n"
        "  fix:      of `flax.nnx`, give functions of its arrays to `JaxLayer`."
    )
