"""RNN with cells of the user, stacks of cells, unknown sizes, compiled programs, and what is refused."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from tricera import layers, ops
from tricera.engine.graph import KerasTensor
from tricera.engine.pure import pure
from tricera.layers import rnn

MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 1], [0, 0, 1, 1, 0]], bool)


def sequences():
    return np.random.RandomState(0).normal(size=(3, 5, 4)).astype("float32")


def same(got, expected):
    got, expected = jax.tree.leaves(got), jax.tree.leaves(expected)
    assert [y.shape for y in got] == [y.shape for y in expected]
    for y, e in zip(got, expected, strict=True):
        assert_allclose(np.asarray(y), np.asarray(e), rtol=2e-5, atol=1e-6)


def user_cell(Layer, ops, two=False):
    """A cell as the guides of Keras 3 write it."""

    class Minimal(Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.state_size = [units, units] if two else units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
            self.inner = self.add_weight(shape=(self.units, self.units), initializer="uniform", name="inner")

        def call(self, inputs, states, training=False):
            output = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.inner))
            return output, [output, output + states[1]] if two else [output]

        if two:

            def get_initial_state(self, batch_size=None):
                return [ops.ones((batch_size, self.units)), ops.zeros((batch_size, self.units))]

    return Minimal


def pair(keras, make):
    theirs, ours = make(keras.layers, keras.ops), make(layers, ops)
    theirs(sequences())
    ours(sequences())
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("mask", [None, MASK])
def test_cells_of_users(keras, mask, two):
    for options in (
        {"return_sequences": True, "return_state": True},
        {"go_backwards": True, "unroll": True},
        {"zero_output_for_mask": True, "return_sequences": True},
    ):
        theirs, ours = pair(keras, lambda L, ops, o=options: L.RNN(user_cell(L.Layer, ops, two)(3), **o))
        same(ours(sequences(), mask=mask), theirs(sequences(), mask=mask))


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("go_backwards", [False, True])
def test_stacks(keras, go_backwards, mask):
    options = {"return_sequences": True, "return_state": True, "go_backwards": go_backwards}
    for make in (
        lambda L, ops: L.RNN([L.LSTMCell(3), L.GRUCell(2), L.SimpleRNNCell(3)], **options),
        lambda L, ops: L.RNN([L.LSTMCell(3), user_cell(L.Layer, ops)(2)], **options),
    ):
        theirs, ours = pair(keras, make)
        (got, *ended), (expected, *expected_ends) = ours(sequences(), mask=mask), theirs(sequences(), mask=mask)
        same(ended, expected_ends)
        # Keras' masked steps repeat the first sample's output for every sample; ours repeat each sample's own.
        kept = np.ones((3, 5), bool) if mask is None else mask[:, ::-1] if go_backwards else mask
        same(got[kept], expected[kept])
        same(got[:, 1:][~kept[:, 1:]], got[:, :-1][~kept[:, 1:]])
        states = jax.tree.map(np.asarray, expected_ends)
        same(ours(sequences(), initial_state=states), theirs(sequences(), initial_state=states))
        assert ours.state_size == theirs.state_size and ours.cell.output_size == theirs.cell.output_size
        assert [w.path.split("/")[1:] for w in ours.weights] == [w.path.split("/")[1:] for w in theirs.weights]


def test_dropout_holds_for_the_sequence(keras):
    def make(L, ops):
        class Own(L.LSTMCell):
            def call(self, inputs, states, training=False):
                output, states = super().call(inputs, states, training=training)
                return output, states

        cells = [Own(3, dropout=0.5, recurrent_dropout=0.2, seed=4), L.GRUCell(3, dropout=0.5, seed=2)]
        return L.RNN(cells, return_sequences=True)

    theirs, ours = pair(keras, make)
    for own, other in zip(ours.cell.cells, theirs.cell.cells, strict=True):
        own.seed_generator.state.assign(np.asarray(other.seed_generator.state))  # Keras' inference draws too
    for _ in range(2):
        same(ours(sequences(), training=True), theirs(sequences(), training=True))


def test_configuration(keras):
    theirs, ours = (L.RNN([L.LSTMCell(3, name="a"), L.GRUCell(2, name="b")], name="r") for L in (keras.layers, layers))
    config = theirs.get_config()
    config["cell"]["config"]["name"] = ours.cell.name
    assert ours.get_config() == config
    again = rnn.RNN.from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


def test_a_cell_that_is_no_layer():
    class Sum:
        state_size = 4

        def call(self, inputs, states):
            return inputs + states[0], inputs + states[0]

        __call__ = call

    output, state = rnn.RNN(Sum(), return_sequences=True, return_state=True)(sequences())
    same([output, state], [sequences().cumsum(1), sequences().sum(1)])


def test_layers_inside_a_cell_draw_anew_at_each_step_and_add_losses():
    class Noisy(layers.Layer):
        state_size = output_size = 4

        def __init__(self):
            super().__init__()
            self.dropout = layers.Dropout(0.5, seed=1)
            self.penalty = layers.ActivityRegularization(l2=1.0)

        def call(self, inputs, states, training=False):
            return self.penalty(self.dropout(inputs, training=training)), states

    layer = rnn.RNN(Noisy(), return_sequences=True)
    x = np.ones((3, 5, 4), "float32")
    first, second = np.asarray(layer(x, training=True)), np.asarray(layer(x, training=True))
    assert (first[:, 0] != first[:, 1]).any() and (first != second).any()
    assert_allclose(float(sum(layer.losses)), (second**2).sum() / 3, rtol=1e-6)
    run = jax.jit(pure(layer, layer.variables, training=True))
    output, values = run([v.value for v in layer.variables], x)
    assert_allclose(output, layer(x, training=True))
    assert_allclose(values[0], layer.variables[0].value)


def test_unknown_sizes():
    x = KerasTensor((None, None, 4))
    for name, states in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
        make = getattr(rnn, name)
        assert make(3)(x).shape == (None, 3)
        outputs = make(3, return_sequences=True, return_state=True, unroll=True)(x)
        assert [y.shape for y in outputs] == [(None, None, 3)] + [(None, 3)] * states
        given = make(3)(x, initial_state=[KerasTensor((None, 3)) for _ in range(states)])
        assert given.shape == (None, 3)
    assert rnn.RNN([rnn.LSTMCell(3), user_cell(layers.Layer, ops)(2)])(x).shape == (None, 2)
    assert rnn.LSTM(3, return_sequences=True).compute_output_shape((None, 7, 4)) == (None, 7, 3)


def test_masks_travel():
    embedded = layers.Embedding(5, 4, mask_zero=True)(np.array([[1, 2, 0], [3, 0, 0]]))
    outputs = rnn.LSTM(3, return_sequences=True)(embedded)
    assert outputs._keras_mask is embedded._keras_mask
    assert getattr(rnn.LSTM(3)(embedded), "_keras_mask", None) is None
    same(outputs[0, 1], outputs[0, 2])


def test_states_are_variables_but_no_weights():
    layer = rnn.LSTM(3, stateful=True)
    layer(sequences())
    assert len(layer.weights) == 3 and len(layer.get_weights()) == 3
    states = layer.non_trainable_variables[:2]
    assert states == layer.states
    run = jax.jit(pure(layer, layer.variables))
    values = [v.value for v in layer.variables]
    output, values = run(values, sequences())
    same(output, values[3])
    same(layer(sequences()), output)
    layer.reset_states()
    assert not np.asarray(states[0].value).any()


def test_half_precision():
    layer = rnn.GRU(3, dtype="mixed_bfloat16", return_state=True)
    assert {str(y.dtype) for y in layer(sequences())} == {"bfloat16"}
    assert {w.dtype for w in layer.weights} == {"float32"}


def says(error, make):
    with pytest.raises(error) as caught:
        make()
    return str(caught.value)


def test_errors():
    x = sequences()
    assert says(ValueError, lambda: rnn.LSTMCell(0, name="c")) == (
        'LSTMCell layer "c": Received an invalid value for `units`, expected a positive integer.\n  got:      0'
    )
    assert says(ValueError, lambda: rnn.GRU(2, name="g")(x[0])) == (
        'GRU layer "g": the input has the wrong rank and is incompatible with the layer.\n'
        "  expected: (batch, steps, features), ndim=3\n"
        "  got:      (5, 4), ndim=2\n"
        "  fix:      add the missing axis, for example with `x[..., None]` or a Reshape layer."
    )
    assert says(ValueError, lambda: rnn.RNN(3, name="r")) == (
        'RNN layer "r": Argument `cell` should have a `call` method.\n  got:      3'
    )
    assert says(ValueError, lambda: rnn.RNN(layers.Dense(2, name="d"), name="r")) == (
        'RNN layer "r": The RNN cell should have a `state_size` attribute.\n'
        "  expected: an integer, or a list of integers, one for each state\n"
        "  got:      <Dense name=d, built=False>"
    )
    assert says(ValueError, lambda: rnn.StackedRNNCells([layers.Dense(2, name="d")], name="s")) == (
        'StackedRNNCells layer "s": All cells must have a `state_size` attribute.\n'
        "  got:      a cell <Dense name=d, built=False>"
    )
    assert says(ValueError, lambda: rnn.LSTM(2, name="l")(x, initial_state=[np.zeros((3, 2))])) == (
        'LSTM layer "l": `initial_state` does not fit the states of the cell.\n'
        "  expected: 2 of shape (3, 2), (3, 2)\n"
        "  got:      1 of shape (3, 2)"
    )
    assert says(ValueError, lambda: rnn.GRU(2, name="l")(x, initial_state=np.zeros((3, 4)))) == (
        'GRU layer "l": `initial_state` does not fit the states of the cell.\n'
        "  expected: 1 of shape (3, 2)\n"
        "  got:      1 of shape (3, 4)"
    )
    assert says(ValueError, lambda: rnn.GRU(2, stateful=True, name="l")(KerasTensor((None, 5, 4)))) == (
        'GRU layer "l": When using `stateful=True` in a RNN, the batch size must be static.\n'
        "  got:      an input of shape (None, 5, 4)\n"
        "  fix:      build with `Input(batch_shape=(batch_size, 5, 4))`."
    )
    stateful = rnn.GRU(2, stateful=True, name="l")
    stateful(x)
    assert says(ValueError, lambda: stateful(x[:1])) == (
        'GRU layer "l": If an RNN is stateful, the batch size of the input sequences must be the same as the batch '
        "size of the initial state.\n"
        "  expected: 3\n"
        "  got:      1"
    )
    assert says(TypeError, lambda: rnn.LSTM(2, unit=3)).startswith(
        "LSTM: Unrecognized keyword argument passed: 'unit'."
    )


def test_inference_with_an_unknown_batch_size_leaves_states_alone():
    layer = rnn.GRU(3, stateful=True)
    layer(sequences())
    before = np.asarray(layer.states[0].value)
    assert layer(KerasTensor((None, 5, 4))).shape == (None, 3)
    same(layer.states[0].value, before)
