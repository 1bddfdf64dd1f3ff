"""Recurrent layers against real Keras with the same weights: outputs, states and gradients in every mode."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests import quick
from tricera.engine.random import set_random_seed
from tricera.layers import rnn

KINDS = ("SimpleRNN", "LSTM", "GRU")
MASKS = {
    "right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]],
    "left": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]],
    "holes": [[1, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]],
}


def sequences(batch=3):
    return np.random.RandomState(0).normal(size=(batch, 5, 4)).astype("float32")


def pair(keras, kind, **options):
    """The same layer of Keras and of Tricera, with the same weights, none of them 0."""
    theirs, ours = getattr(keras.layers, kind)(**options), getattr(rnn, kind)(**options)
    theirs.build((3, 5, 4))
    ours.build((3, 5, 4))
    draw = np.random.RandomState(1)
    values = [draw.normal(scale=0.5, size=w.shape).astype("float32") for w in theirs.weights]
    theirs.set_weights(values)
    ours.set_weights(values)
    return theirs, ours


def flat(outputs):
    return [np.asarray(leaf) for leaf in jax.tree.leaves(outputs)]


def gradients(layer, x, **call):
    """Of the sum of squares of all outputs: by the weights and by the inputs."""
    others = [v.value for v in layer.non_trainable_variables]

    def loss(values, x):
        outputs, _ = layer.stateless_call(values, others, x, **call)
        return sum((leaf**2).sum() for leaf in jax.tree.leaves(outputs))

    return flat(quick.jit(jax.grad(loss, (0, 1)))([v.value for v in layer.trainable_variables], x))


def agree(theirs, ours, x, slopes=True, **call):
    expected, got = flat(theirs(x, **call)), flat(ours(x, **call))
    assert [y.shape for y in got] == [y.shape for y in expected]
    for y, e in zip(got, expected, strict=True):
        assert_allclose(y, e, rtol=2e-5, atol=1e-6)
    if slopes:
        for g, e in zip(gradients(ours, x, **call), gradients(theirs, x, **call), strict=True):
            assert_allclose(g, e, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"return_sequences": True, "return_state": True, "go_backwards": True}])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mask", [None, *MASKS])
def test_masks(keras, kind, mask, options):
    theirs, ours = pair(keras, kind, units=3, **options)
    mask = None if mask is None else np.array(MASKS[mask], bool)
    agree(theirs, ours, sequences(), slopes=bool(options), mask=mask)


@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("mask", ["left", "holes"])
def test_zero_output_for_mask(keras, mask, go_backwards):
    for return_sequences in (True, False):
        options = {"zero_output_for_mask": True, "go_backwards": go_backwards, "return_sequences": return_sequences}
        theirs, ours = pair(keras, "GRU", units=3, return_state=True, **options)
        agree(theirs, ours, sequences(), slopes=False, mask=np.array(MASKS[mask], bool))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "options",
    [
        {"unroll": True},
        {"use_bias": False},
        {"activation": "relu", "return_sequences": True},
        {"activation": None},
        {"dropout": 0.4},
        {"dropout": 0.4, "recurrent_dropout": 0.3},
        {"recurrent_dropout": 0.3, "return_sequences": True, "go_backwards": True},
    ],
)
def test_options(keras, kind, options):
    theirs, ours = pair(keras, kind, units=3, seed=7, **options)
    agree(theirs, ours, sequences(), slopes="recurrent_dropout" in options, training=True)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LSTM", {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}),
        ("GRU", {"recurrent_activation": "hard_sigmoid"}),
        ("GRU", {"reset_after": False}),
        ("GRU", {"reset_after": False, "use_bias": False, "recurrent_dropout": 0.3, "seed": 1, "dropout": 0.2}),
    ],
)
def test_variants(keras, kind, options):
    theirs, ours = pair(keras, kind, units=3, return_sequences=True, **options)
    agree(theirs, ours, sequences(), mask=np.array(MASKS["holes"], bool), training=True)


@pytest.mark.parametrize("kind", KINDS)
def test_initial_state_and_masked_first_steps(keras, kind):
    theirs, ours = pair(keras, kind, units=3, return_sequences=True, return_state=True)
    states = [np.random.RandomState(i).normal(size=(3, 3)).astype("float32") for i in range(1 + (kind == "LSTM"))]
    mask = np.array(MASKS["left"], bool)
    agree(theirs, ours, sequences(), slopes=False, initial_state=states, mask=mask)
    assert_allclose(ours([sequences(), *states])[0], theirs(sequences(), initial_state=states)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_stateful(keras, kind):
    theirs, ours = pair(keras, kind, units=3, stateful=True, return_state=True)
    for _ in range(3):
        agree(theirs, ours, sequences(), slopes=False)
    theirs.reset_states()
    ours.reset_states()
    agree(theirs, ours, sequences(), slopes=False)
    assert [s.path.split("/")[-1] for s in ours.states] == ["rnn_state"] * len(theirs.states)
    assert len(ours.get_weights()) == len(theirs.get_weights())


@pytest.mark.parametrize("kind", KINDS)
def test_weights_start_as_in_keras(keras, kind):
    found = []
    for layers, seed in ((keras.layers, keras.utils.set_random_seed), (rnn, set_random_seed)):
        seed(5)
        layer = getattr(layers, kind)(3, dropout=0.5, name="a")
        layer(sequences(), training=True)
        output = layer(sequences(), training=True)
        found.append([*((w.path, np.asarray(w)) for w in layer.weights), ("", np.asarray(output))])
    for (path, value), (expected_path, expected) in zip(found[1], found[0], strict=True):
        assert path == expected_path
        assert_allclose(value, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [*KINDS, "SimpleRNNCell", "LSTMCell", "GRUCell"])
def test_configuration_is_that_of_keras(keras, kind):
    options = {"units": 3, "dropout": 0.1, "seed": 2, "activation": "relu", "name": "a", "kernel_regularizer": "l2"}
    theirs, ours = getattr(keras.layers, kind)(**options), getattr(rnn, kind)(**options)
    assert ours.get_config() == theirs.get_config()
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("kind", ["SimpleRNNCell", "LSTMCell", "GRUCell"])
def test_one_step_of_a_cell(keras, kind):
    theirs, ours = getattr(keras.layers, kind)(3), getattr(rnn, kind)(3)
    x, states = sequences()[:, 0], [np.ones((3, 3), "float32")] * (1 + (kind == "LSTMCell"))
    theirs(x, states)
    ours(x, states)
    ours.set_weights(theirs.get_weights())
    for got, expected in zip(flat(ours(x, states)), flat(theirs(x, states)), strict=True):
        assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert (ours.state_size, ours.output_size) == (theirs.state_size, theirs.output_size)
