import jax.numpy as jnp
import numpy as np
import pytest

import tricera
from tricera import layers, ops
from tricera.engine.graph import Function
from tricera.engine.masking import get_mask, set_mask


def test_an_input_is_a_symbolic_tensor_of_an_input_layer():
    x = layers.Input((28, None, 1), batch_size=4, dtype="uint8", name="pixels")
    assert (x.shape, x.dtype, x.name) == ((4, 28, None, 1), "uint8", "pixels")
    layer = x.node.operation
    assert isinstance(layer, layers.InputLayer)
    assert layer.output is x
    assert layer.get_config() == {
        "batch_shape": (4, 28, None, 1),
        "dtype": "uint8",
        "sparse": False,
        "ragged": False,
        "name": "pixels",
        "optional": False,
    }
    again = layers.InputLayer.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layers.Input(tensor=x) is x


def test_lambda_gives_its_function_what_that_asks_for():
    x = jnp.arange(6.0).reshape(2, 3)
    assert (layers.Lambda(lambda x, by: x * by, arguments={"by": 2})(x) == 2 * x).all()
    told = layers.Lambda(lambda x, training: x + 1 if training else x)
    assert (told(x, training=True) == x + 1).all()
    assert (told(x) == x).all()
    masked = layers.Lambda(lambda x: x, mask=lambda inputs, mask: ops.any(inputs > 2, -1))(x)
    np.testing.assert_array_equal(get_mask(masked), [False, True])


def test_lambda_takes_its_shape_from_the_user_where_it_cannot_be_traced():
    layer = layers.Lambda(lambda x: np.sort(np.asarray(x)), output_shape=(3,))
    assert layer(layers.Input((3,))).shape == (None, 3)


def test_masking_zeroes_and_masks_the_steps_of_the_value():
    x = jnp.asarray([[[1.0, 5.0], [5.0, 5.0]]])
    y = layers.Masking(5.0)(x)
    np.testing.assert_array_equal(y, [[[1, 5], [0, 0]]])
    np.testing.assert_array_equal(get_mask(y), [[True, False]])


def test_layers_make_a_graph():
    x = layers.Input((4,))
    hidden = layers.Dense(3, activation="relu")
    y = layers.add([hidden(x), layers.Dense(3)(x)])
    run = Function(x, y)
    assert y.shape == (None, 3)
    assert run(np.ones((2, 4), "float32")).shape == (2, 3)
    assert hidden.output_shape == (None, 3)


def test_get_finds_a_layer_in_every_form():
    layer = layers.Dense(3)
    assert layers.get(layer) is layer
    assert layers.get(layers.serialize(layer)).get_config() == layer.get_config()
    assert isinstance(layers.get("flatten"), layers.Flatten)


@pytest.mark.parametrize("make", [layers.Flatten, layers.ReLU, layers.GlobalMaxPooling1D, lambda: layers.Dropout(0.5)])
def test_what_has_no_state_is_built_unless_a_subclass_builds_something(make):
    cls = type(make())

    class Building(cls):
        def build(self, input_shape):
            self.scale = self.add_weight((), "ones")

    arguments = (0.5,) if cls is layers.Dropout else ()
    assert cls(*arguments).built and not Building(*arguments).built
    layer = Building(*arguments)
    layer(np.ones((2, 3, 4), "float32"))
    assert layer.built and len(layer.weights) == 1


def test_a_mask_outlives_a_cast_and_one_that_is_given_is_that_of_the_result():
    x, mask = jnp.ones((2, 3)), jnp.array([[True, False, True]] * 2)
    np.testing.assert_array_equal(get_mask(layers.Softmax()(x, mask=mask)), mask)
    set_mask(x, mask)
    np.testing.assert_array_equal(get_mask(layers.Activation("relu", dtype="float16")(x)), mask)


def test_a_layer_whose_activation_is_taken_away_is_linear():
    x = jnp.ones((1, 3, 2))
    for layer in (layers.Dense(2, "relu"), layers.Conv1D(2, 1, activation="relu")):
        layer.build(x.shape)
        layer.set_weights([-jnp.ones(weight.shape) for weight in layer.get_weights()])
        assert layer(x).max() == 0
        layer.activation = None
        assert layer(x).max() < 0


def test_a_built_layer_comes_back_built(keras):
    def shapes(k):
        found = []
        for layer, shape in ((k.layers.Dense(3), (None, 2)), (k.layers.Conv2D(4, 3), (None, 8, 8, 3))):
            assert not k.layers.deserialize(k.layers.serialize(layer)).built
            layer.build(shape)
            again = k.layers.deserialize(k.layers.serialize(layer))
            found.append((again.built, [tuple(weight.shape) for weight in again.weights]))
        return found

    assert shapes(tricera) == shapes(keras)
