"""Functions of JAX as layers."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

import tricera
from tricera import layers


def init(rng, inputs):
    return {"w": jax.random.normal(rng, (inputs.shape[-1], 2)), "b": np.zeros(2, "float32")}


def affine(params, inputs):
    return inputs @ params["w"] + params["b"]


def test_a_function_has_the_weights_of_keras_and_learns(keras):
    pytest.importorskip("tensorflow")  # which Keras' own JaxLayer needs
    x = np.ones((4, 3), "float32")
    ours, theirs = layers.JaxLayer(affine, init, seed=1), keras.layers.JaxLayer(affine, init, seed=1)
    ours.build((4, 3))
    theirs.build((4, 3))
    ours.set_weights(theirs.get_weights())
    assert_allclose(ours(x), theirs(x), rtol=1e-6)
    assert [w.shape for w in ours.weights] == [(2,), (3, 2)]
    model = tricera.Sequential([tricera.Input((3,)), ours])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(x, np.zeros((4, 2)), verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_state_is_carried_from_call_to_call():
    def count(params, state, rng, inputs, training):
        return inputs * params + jax.random.uniform(rng) * training, {"calls": state["calls"] + 1}

    layer = layers.JaxLayer(count, params=np.float32(2), state={"calls": np.int32(0)})
    assert_allclose(layer(np.ones((1, 2), "float32")), [[2, 2]])
    layer(np.ones((1, 2), "float32"), training=True)
    assert [(int(v.numpy()), v.trainable) for v in layer.weights] == [(2, True), (2, False)]
