"""Gradients of what a tape saw: against those of JAX, and in the cases that scripts meet."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import tricera
from tests.laws.table import ROWS, scatter
from tricera.engine.pure import pure
from tricera.legacy import tensorflow as tf

NAMES = ("Dense", "BatchNormalization", "LSTM", "Conv2D", "MultiHeadAttention", "Embedding", "PReLU")
SOME = [next(row for row in ROWS if row.name == name) for name in NAMES]


@pytest.mark.parametrize("row", SOME, ids=str)
def test_a_layer_has_the_gradients_that_jax_finds(row):
    layer, arguments = row.make(), row.arguments()
    layer(*arguments)
    scatter(layer)
    variables = layer.variables
    values = [v.value for v in variables]

    def total(values, *arguments):
        outputs, _ = pure(lambda *a: layer(*a), variables, training=True)(values, *arguments)
        return sum(jnp.sum(jnp.sin(y)) for y in jax.tree_util.tree_leaves(outputs))

    trained = layer.trainable_variables
    at = [i for i, v in enumerate(variables) if any(v is each for each in trained)]
    expected = jax.grad(lambda own: total([*(own.get(i, v) for i, v in enumerate(values))], *arguments))(
        {i: values[i] for i in at}
    )
    with tf.GradientTape() as tape, tricera.engine.scope.enter(training=True):
        outputs = layer(*arguments)
        loss = sum(tf.reduce_sum(tf.sin(y)) for y in jax.tree_util.tree_leaves(outputs))
    found = tape.gradient(loss, trained)
    for i, gradient in zip(at, found, strict=True):
        np.testing.assert_allclose(gradient, expected[i], rtol=1e-4, atol=1e-5)


def test_any_order_and_several_tapes():
    x = tf.constant(3.0)
    with tf.GradientTape() as outer, tf.GradientTape(persistent=True) as beside:
        outer.watch(x)
        beside.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        slope = inner.gradient(y, x)
        z = slope * tf.sin(x)
    assert float(slope) == 27
    expected = 6 * 3 * np.sin(3) + 27 * np.cos(3)
    assert np.isclose(outer.gradient(z, x), expected)
    assert np.isclose(beside.gradient(z, x), expected) and np.isclose(beside.gradient(y, x), 27)


def test_what_was_computed_is_a_source_too():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * x
    by_x, by_y = tape.gradient(z, [x, y])
    np.testing.assert_allclose(by_x, 3 * x**2)
    np.testing.assert_allclose(by_y, x)
    nested = tape.gradient(z, {"x": x, "y": (y,)}, output_gradients=tf.constant([1.0, 0.0]))
    np.testing.assert_allclose(nested["x"], [3, 0])
    np.testing.assert_allclose(nested["y"][0], [1, 0])


def test_a_variable_that_changes_under_way_counts_as_often_as_it_was_read():
    v = tf.Variable(2.0)
    still = tf.Variable(1.0, trainable=False)
    with tf.GradientTape() as tape:
        y = v * v * still
        v.assign(5.0)
        y = y + 3 * v
    assert tape.watched_variables() == (v,)
    assert float(tape.gradient(y, v)) == 4 + 3


def test_python_sees_values_and_a_part_can_be_left_out():
    x = tf.constant(-2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x if x < 0 else x
        with tape.stop_recording():
            hidden = x * 100
        z = y + hidden
        assert z.numpy() == -196
    assert float(tape.gradient(z, x)) == -4


def test_functions_with_derivatives_of_their_own_and_compiled_ones():
    @jax.custom_vjp
    def odd(a):
        return 2 * a

    odd.defvjp(lambda a: (2 * a, None), lambda _, g: (g * 7,))
    w = tf.Variable([1.0, 2.0])
    outside = jax.jit(lambda a: a * w.value)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(odd(w.value)) + tf.reduce_sum(tf.nn.relu(w)) + tf.reduce_sum(outside(tf.constant(3.0)))
    np.testing.assert_allclose(tape.gradient(y, w), [7 + 1 + 3] * 2)


def test_nothing_where_nothing_depends():
    v, w, n = tf.Variable(1.0), tf.Variable([1.0, 2.0]), tf.Variable(3)
    with tf.GradientTape(persistent=True) as tape:
        y = v * 2
    assert tape.gradient(y, [w, n]) == [None, None]
    np.testing.assert_array_equal(tape.gradient(y, w, unconnected_gradients="zero"), [0, 0])


def test_jacobians():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
    np.testing.assert_allclose(tape.jacobian(y, x).reshape(4, 4), np.diag([2, 4, 6, 8]))
    np.testing.assert_allclose(tape.batch_jacobian(y, x), [[[2, 0], [0, 4]], [[6, 0], [0, 8]]])


def test_messages():
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        with pytest.raises(ValueError) as error:
            tape.watch(np.ones(2))
    assert str(error.value) == (
        "GradientTape.watch: this cannot be watched.\n"
        "  expected: tensors or variables\n"
        "  got:      ndarray\n"
        "  fix:      make it a tensor first: `x = tf.convert_to_tensor(x)`."
    )
    tape.gradient(y, x)
    with pytest.raises(RuntimeError) as error:
        tape.gradient(y, x)
    assert str(error.value) == (
        "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians).\n"
        "  fix:      ask for all of them at once, or use `tf.GradientTape(persistent=True)`."
    )
    symbol = tricera.Input((2,), name="x")
    with pytest.raises(ValueError) as error, tf.GradientTape() as tape:
        tape.gradient(symbol, x)
    assert str(error.value) == (
        "GradientTape: a symbolic tensor has no value that was computed on the tape.\n"
        f"  got:      {symbol!r}\n"
        "  fix:      call the model on data within the tape, or use `keras.backend.gradients` on the graph."
    )


def test_an_actor_draws_with_the_probabilities_of_a_tensor():
    model = tricera.Sequential([tricera.Input((4,)), tricera.layers.Dense(8), tricera.layers.Softmax()])
    with tf.GradientTape() as tape:
        probabilities = model(tf.expand_dims(tf.constant([0.1, -2.0, 3.0, 0.5]), 0))
        action = np.random.default_rng(0).choice(8, p=np.squeeze(probabilities))
        loss = -tf.math.log(probabilities[0, action])
    assert all(np.isfinite(g).all() for g in tape.gradient(loss, model.trainable_variables))


def test_a_heat_map_is_a_gradient_by_a_layer_within_a_model():
    keras = tricera
    layers = [keras.Input((6, 6, 2)), keras.layers.Conv2D(3, 3, name="last"), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*layers, keras.layers.Dense(4)])
    within = keras.Model(model.inputs, [model.get_layer("last").output, model.output])
    with tf.GradientTape() as tape:
        features, outputs = within(np.ones((1, 6, 6, 2), "float32"))
        score = outputs[:, 1]
    expected = np.broadcast_to(model.layers[-1].kernel.numpy()[:, 1] / 16, (1, 4, 4, 3))
    np.testing.assert_allclose(tape.gradient(score, features), expected, rtol=1e-5)
