"""Functions of JAX as layers."""

import jax
import jax.numpy as jnp
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


def test_variables_stand_where_the_arrays_stood():
    def call(params, state, inputs):
        return inputs @ params["w"] + params["rest"][0], {**state, "calls": state["calls"] + 1}

    given = {"w": np.ones((3, 2), "float32"), "rest": [jnp.zeros(2, "bfloat16"), None]}
    state = {"calls": 0, "name": "count", "nothing": None}
    layer = layers.JaxLayer(call, params=given, state=state)
    assert layer.built and layer.state["name"] == "count" and layer.state["nothing"] is None
    assert [v.shape for v in (layer.params["w"], layer.params["rest"][0])] == [(3, 2), (2,)]
    assert [v.path for v in layer.trainable_weights] == [layer.params["rest"][0].path, layer.params["w"].path]
    assert_allclose(layer(np.ones((1, 3), "float32")), [[3, 3]])
    assert int(layer.state["calls"].numpy()) == 1
    again = layers.JaxLayer(call, params=layer.params, state=layer.state)
    assert int(again.state["calls"].numpy()) == 1


@pytest.mark.parametrize("state", [[0.0], {"state": {"foo": 0.0}}, {"state": [[0.0]]}, {"state": {}}, None])
def test_a_new_state_of_another_form(state):
    layer = layers.JaxLayer(lambda params, state, inputs: (inputs, {"state": [inputs[0]]}), params={}, state=state)
    with pytest.raises(ValueError):
        layer(np.ones((1,), "float32"))


def test_arrays_are_not_in_a_configuration_that_makes_them(tmp_path):
    layer = layers.JaxLayer(affine, init, seed=1)
    model = tricera.Sequential([tricera.Input((3,)), layer])
    assert {name: layer.get_config()[name] for name in ("params", "state")} == {"params": None, "state": None}
    model.save(tmp_path / "model.keras")
    again = tricera.saving.load_model(tmp_path / "model.keras", custom_objects={"affine": affine, "init": init})
    x = np.ones((2, 3), "float32")
    assert_allclose(again(x), model(x))
    assert_allclose(again.layers[0].params["w"].numpy(), layer.params["w"].numpy())
    fixed = layers.JaxLayer(affine, params={"w": layer.params["w"].numpy(), "b": np.zeros(2, "float32")})
    model = tricera.Sequential([tricera.Input((3,)), fixed])
    model.save(tmp_path / "fixed.keras")
    again = tricera.saving.load_model(tmp_path / "fixed.keras", custom_objects={"affine": affine})
    assert_allclose(again(x), model(x))
