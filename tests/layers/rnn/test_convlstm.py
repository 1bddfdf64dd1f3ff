"""ConvLSTM beyond the laws: dropout, masks, states from batch to batch."""

import numpy as np
from numpy.testing import assert_allclose

from tricera import Input, layers, models

X = np.random.RandomState(0).normal(size=(2, 3, 5, 2)).astype("float32")


def test_dropout_and_states_are_those_of_keras(keras):
    how = {"seed": 1, "dropout": 0.3, "recurrent_dropout": 0.2, "return_sequences": True, "return_state": True}
    theirs, ours = (namespace.ConvLSTM1D(2, 3, **how) for namespace in (keras.layers, layers))
    theirs.build(X.shape)
    ours.build(X.shape)
    ours.set_weights(theirs.get_weights())
    start = [np.full((2, 3, 2), 0.5, "float32"), np.full((2, 3, 2), -0.5, "float32")]
    for expected, got in zip(
        theirs(X, initial_state=start, training=True),
        ours(X, initial_state=start, training=True),
        strict=True,
    ):
        assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_a_stateful_layer_goes_on_where_the_batch_before_ended():
    layer = layers.ConvLSTM1D(2, 2, padding="same", stateful=True)
    models.Sequential([Input(batch_shape=X.shape), layer])
    whole = layers.ConvLSTM1D(2, 2, padding="same")
    whole.build((2, 6, 5, 2))
    whole.set_weights(layer.get_weights())
    layer(X)
    assert_allclose(layer(X), whole(np.concatenate([X, X], 1)), rtol=1e-5, atol=1e-6)


def test_lengths_may_be_unknown():
    x = Input((None, None, 2))
    model = models.Model(x, layers.ConvLSTM1D(3, 2, strides=2)(x))
    assert model.output_shape == (None, None, 3)
    assert model.predict(X, verbose=0).shape == (2, 2, 3)


def test_a_masked_step_keeps_the_states():
    layer = layers.ConvLSTM1D(2, 2)
    mask = np.array([[True, True, False], [True, True, True]])
    assert_allclose(layer(X, mask=mask)[0], layer(X[:, :2])[0], rtol=1e-5, atol=1e-6)
