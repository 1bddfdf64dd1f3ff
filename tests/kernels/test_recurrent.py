"""Recurrent loops against Keras' layers, and the hand-written gradients against the plain scan's."""

import jax
import keras
import numpy as np
import pytest
from jax import export
from jax import numpy as jnp

from tricera.kernels.recurrent import gru, lstm, project, scan_cell, simple_rnn

TIME, BATCH, FEATURES, UNITS = 5, 3, 4, 6
RNG = np.random.default_rng(0)
MASK = np.array([[0, 1, 1, 0, 1], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], bool)


def array(*shape):
    return jnp.asarray(RNG.normal(size=shape) * 0.5, jnp.float32)


H0, C0 = array(BATCH, UNITS), array(BATCH, UNITS)
PLAIN = {"activation": jnp.tanh, "recurrent_activation": jax.nn.sigmoid}
LOOPS = {
    "lstm": (lambda x, w, b, **k: lstm(x, H0, C0, w, **k), 4),
    "gru": (lambda x, w, b, **k: gru(x, H0, w, b, **k), 3),
    "gru, reset before": (lambda x, w, b, **k: gru(x, H0, w, reset_after=False, **k), 3),
    "simple": (lambda x, w, b, **k: simple_rnn(x, H0, w, **{n: v for n, v in k.items() if n[:4] != "recu"}), 1),
}


def weights(gates):
    return array(TIME, BATCH, gates * UNITS), array(UNITS, gates * UNITS), array(gates * UNITS)


def close(ours, theirs):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), ours, theirs)


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_the_plain_scan(name, go_backwards, masked):
    loop, gates = LOOPS[name]
    settings = {"go_backwards": go_backwards, "mask": MASK.T if masked else None}
    slopes = array(TIME, BATCH, UNITS)

    def loss(x, w, b, **more):
        last, outputs, states = loop(x, w, b, **settings, **more)
        return jnp.sum(outputs * slopes) + jnp.sum(last**2) + sum(jnp.sum(jnp.sin(state)) for state in states)

    arrays = weights(gates)
    close(
        jax.jit(jax.value_and_grad(loss, (0, 1, 2)))(*arrays),
        jax.jit(jax.value_and_grad(lambda *a: loss(*a, **PLAIN), (0, 1, 2)))(*arrays),
    )


def keras_layer(name, **settings):
    if name == "lstm":
        return keras.layers.LSTM(UNITS, **settings)
    if name == "simple":
        return keras.layers.SimpleRNN(UNITS, **settings)
    return keras.layers.GRU(UNITS, reset_after=name == "gru", **settings)


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("go_backwards", [False, True])
def test_values_are_those_of_keras(name, go_backwards):
    x = array(BATCH, TIME, FEATURES)
    layer = keras_layer(name, return_sequences=True, return_state=True, go_backwards=go_backwards)
    layer.build(x.shape)
    layer.set_weights([array(*w.shape) for w in layer.get_weights()])
    start = [H0, C0] if name == "lstm" else [H0]
    theirs = layer(x, initial_state=start, mask=MASK)
    kernel, recurrent, bias = (jnp.asarray(w) for w in layer.get_weights())
    inner = bias[1] if name == "gru" else None
    projected = project(x, kernel, bias[0] if name == "gru" else bias)
    last, outputs, states = LOOPS[name][0](projected, recurrent, inner, mask=MASK.T, go_backwards=go_backwards)
    close((jnp.swapaxes(outputs, 0, 1), *states), tuple(map(jnp.asarray, theirs)))
    close(last, outputs[-1])


def test_only_the_last_output():
    x, w, _ = weights(4)
    last, outputs, _ = lstm(x, H0, C0, w, return_sequences=False)
    assert outputs is None
    close(last, lstm(x, H0, C0, w)[1][-1])
    close(
        jax.grad(lambda w: jnp.sum(lstm(x, H0, C0, w, return_sequences=False)[0] ** 2))(w),
        jax.grad(lambda w: jnp.sum(lstm(x, H0, C0, w)[1][-1] ** 2))(w),
    )


def test_second_order_in_reverse_mode_and_vmap():
    x, w, _ = weights(4)

    def curvature(w, **more):
        return jnp.sum(jax.grad(lambda w: jnp.sum(lstm(x, H0, C0, w, **more)[0] ** 2))(w) ** 2)

    close(jax.grad(curvature)(w), jax.grad(lambda w: curvature(w, **PLAIN))(w))
    each = jax.vmap(lambda x: lstm(x, H0, C0, w)[0])(jnp.stack([x, 2 * x]))
    close(each[1], lstm(2 * x, H0, C0, w)[0])


def test_unrolled_and_half_precision():
    x, w, _ = weights(4)
    close(lstm(x, H0, C0, w, unroll=True), lstm(x, H0, C0, w))
    half = lstm(x.astype(jnp.bfloat16), H0, C0, w.astype(jnp.bfloat16))
    assert all(leaf.dtype == jnp.bfloat16 for leaf in jax.tree.leaves(half))


def test_a_users_cell_repeats_its_output_where_masked():
    def step(x, states):
        return {"sum": states[0] + x["a"]}, (states[0] + x["a"],)

    x = {"a": jnp.arange(1.0, 5.0).reshape(4, 1, 1)}
    mask = jnp.array([[False], [True], [False], [True]])
    last, outputs, states = scan_cell(step, x, (jnp.full((1, 1), 10.0),), mask)
    assert outputs["sum"].ravel().tolist() == [10, 12, 12, 16]
    assert last["sum"].item() == states[0].item() == 16
    backwards = scan_cell(step, x, (jnp.zeros((1, 1)),), go_backwards=True, unroll=True)[1]
    assert backwards["sum"].ravel().tolist() == [4, 7, 9, 10]


def test_a_masked_first_step_of_another_size_is_zero():
    def step(x, states):
        return x[:, :1] + states[0].sum(), states

    outputs = scan_cell(step, jnp.ones((2, 1, 3)), (jnp.ones((1, 2)),), jnp.array([[False], [True]]))[1]
    assert outputs.ravel().tolist() == [0, 3]


def test_unknown_steps_and_batch_are_inferred():
    t, b = export.symbolic_shape("t, b")
    shapes = [(t, b, 4 * UNITS), (b, UNITS), (b, UNITS), (UNITS, 4 * UNITS)]
    last, outputs, _ = jax.eval_shape(lstm, *(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes))
    assert (str(last.shape), str(outputs.shape)) == ("(b, 6)", "(t, b, 6)")
