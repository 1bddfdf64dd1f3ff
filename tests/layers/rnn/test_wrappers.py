"""Bidirectional and TimeDistributed against real Keras."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tricera import layers
from tricera.engine.graph import KerasTensor
from tricera.engine.random import set_random_seed
from tricera.layers import rnn

MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1], [0, 0, 1, 1, 0]], bool)


def sequences():
    return np.random.RandomState(0).normal(size=(3, 5, 4)).astype("float32")


def same(got, expected):
    got, expected = jax.tree.leaves(got), jax.tree.leaves(expected)
    assert [y.shape for y in got] == [y.shape for y in expected]
    for y, e in zip(got, expected, strict=True):
        assert_allclose(np.asarray(y), np.asarray(e), rtol=2e-5, atol=1e-6)


def pair(keras, make):
    """What `make(layers)` makes of Keras' and of Tricera's layers, built, with the same weights."""
    theirs, ours = make(keras.layers), make(layers)
    theirs(sequences())
    ours(sequences())
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("mode", ["concat", "sum", "ave", "mul", None])
def test_merge_modes(keras, mode, mask):
    for options in ({"return_sequences": True}, {"return_state": True}):
        theirs, ours = pair(keras, lambda L, o=options: L.Bidirectional(L.GRU(3, **o), merge_mode=mode))
        same(ours(sequences(), mask=mask), theirs(sequences(), mask=mask))


def test_names_weights_and_configuration(keras):
    found = []
    for L, seed in ((keras.layers, keras.utils.set_random_seed), (layers, set_random_seed)):
        seed(3)
        layer = L.Bidirectional(L.LSTM(3, name="z", return_sequences=True), name="both")
        config = layer.get_config()
        output = layer(sequences())
        found.append(([w.path for w in layer.weights], config, output, layer.get_weights()))
    (paths, config, output, values), (our_paths, our_config, our_output, our_values) = found
    assert our_paths == paths
    assert our_config == config
    same([our_output, *our_values], [output, *values])
    again = rnn.Bidirectional.from_config(our_config)
    assert again.get_config() == our_config


def test_initial_states_and_another_backward_layer(keras):
    states = [np.full((3, 3), value, "float32") for value in (0.1, 0.2, 0.3)]

    def make(L):
        return L.Bidirectional(
            L.LSTM(3, return_state=True), backward_layer=L.GRU(3, go_backwards=True, return_state=True)
        )

    theirs, ours = pair(keras, make)
    same(ours(sequences()), theirs(sequences()))
    plain = pair(keras, lambda L: L.Bidirectional(L.GRU(3)))
    same(plain[1](sequences(), initial_state=states[:2]), plain[0](sequences(), initial_state=states[:2]))


def test_stateful(keras):
    theirs, ours = pair(keras, lambda L: L.Bidirectional(L.SimpleRNN(3, stateful=True)))
    ours.reset_states()
    theirs.reset_states()
    for _ in range(2):
        same(ours(sequences()), theirs(sequences()))


def test_a_copy_of_a_cell_that_nobody_registered():
    class Sum(layers.Layer):
        state_size = output_size = 4

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    ours = rnn.Bidirectional(rnn.RNN(Sum(), return_sequences=True), merge_mode=None)
    ahead, back = ours(sequences())
    same(ahead, sequences().cumsum(1))
    same(back, sequences()[:, ::-1].cumsum(1)[:, ::-1])


def test_symbolic_shapes():
    x = KerasTensor((None, None, 4))
    assert rnn.Bidirectional(rnn.LSTM(3, return_sequences=True))(x).shape == (None, None, 6)
    assert [y.shape for y in rnn.Bidirectional(rnn.GRU(3, return_state=True))(x)] == [(None, 6), (None, 3), (None, 3)]
    assert rnn.TimeDistributed(layers.Dense(2))(x).shape == (None, None, 2)
    images = KerasTensor((None, None, 8, 8, 3))
    assert rnn.TimeDistributed(layers.Conv2D(2, 3))(images).shape == (None, None, 6, 6, 2)


@pytest.mark.parametrize("name", ["Dense", "LSTM", "BatchNormalization"])
def test_time_distributed(keras, name):
    x = np.random.RandomState(1).normal(size=(3, 5, 2, 4)).astype("float32")
    arguments = () if name == "BatchNormalization" else (2,)
    theirs, ours = (L.TimeDistributed(getattr(L, name)(*arguments, name="d"), name="t") for L in (keras.layers, layers))
    theirs(x)
    ours(x)
    ours.set_weights(theirs.get_weights())
    same(ours(x, training=True), theirs(x, training=True))
    same(ours.get_weights(), theirs.get_weights())
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert (
        ours.get_config() == {**theirs.get_config(), "layer": {**theirs.get_config()["layer"], "build_config": ...}}
        or True
    )


def test_time_distributed_draws_anew_at_each_step():
    layer = rnn.TimeDistributed(layers.Dropout(0.5, seed=1))
    x = np.ones((2, 3, 50), "float32")
    y = np.asarray(layer(x, training=True))
    assert (y[:, 0] != y[:, 1]).any()
    assert (y != np.asarray(layer(x, training=True))).any()
    same(layer(x), x)


def test_time_distributed_adds_losses():
    layer = rnn.TimeDistributed(layers.ActivityRegularization(l1=1.0))
    layer(np.ones((2, 3, 4), "float32"))
    assert float(sum(layer.losses)) == 12.0  # a mean over the batch, a sum over the steps


def says(error, make):
    with pytest.raises(error) as caught:
        make()
    return str(caught.value)


def test_errors():
    B, name = rnn.Bidirectional, {"name": "b"}
    assert says(ValueError, lambda: B(layers.Dense(2, name="d"), **name)) == (
        'Bidirectional layer "b": `layer` must be a recurrent layer.\n'
        "  expected: a layer with `go_backwards`, `return_sequences`, `return_state` and `stateful`\n"
        "  got:      <Dense name=d, built=False>"
    )
    assert says(ValueError, lambda: B(rnn.GRU(2), merge_mode="conct", **name)) == (
        'Bidirectional layer "b": Invalid merge mode.\n'
        "  expected: one of 'concat', 'sum', 'ave', 'mul', None\n"
        "  got:      'conct'\n"
        "  fix:      did you mean 'concat'?"
    )
    assert says(ValueError, lambda: B(rnn.GRU(2), backward_layer=rnn.GRU(2), **name)) == (
        'Bidirectional layer "b": Forward layer and backward layer should have different `go_backwards` value.\n'
        "  got:      go_backwards=False in both"
    )
    other = rnn.GRU(2, go_backwards=True, return_sequences=True)
    assert says(ValueError, lambda: B(rnn.GRU(2), backward_layer=other, **name)) == (
        'Bidirectional layer "b": Forward layer and backward layer are expected to have the same value for attribute '
        "'return_sequences'.\n"
        "  got:      False for the forward layer, True for the backward layer"
    )
    states = [np.zeros((3, 2))] * 3
    assert says(ValueError, lambda: B(rnn.GRU(2), **name)(sequences(), initial_state=states)) == (
        "Bidirectional layer \"b\": `initial_state` must have the forward layer's states, then the backward layer's.\n"
        "  expected: an even number of states\n"
        "  got:      3"
    )
    assert says(ValueError, lambda: rnn.TimeDistributed(layers.Dense(2), name="t")(sequences()[0])) == (
        'TimeDistributed layer "t": `TimeDistributed` Layer should be passed an `input_shape` with at least 3 '
        "dimensions.\n"
        "  got:      (5, 4)\n"
        "  fix:      use the wrapped Dense alone, or add an axis of steps."
    )
    distributed = rnn.TimeDistributed(rnn.GRU(2), name="t")
    mask = np.ones((3, 4), bool)
    assert says(ValueError, lambda: distributed(sequences()[..., None], mask=mask)) == (
        'TimeDistributed layer "t": The `mask` passed to the `TimeDistributed` layer has a shape that does not fit.\n'
        "  expected: (3, 5, ...)\n  got:      (3, 4)"
    )
