"""Bad input is told before training, by its whole text."""

import re

import numpy as np
import pytest

import tricera
from tricera import layers

X, Y = np.ones((6, 4), "float32"), np.ones((6, 1), "float32")


def model(units=1, loss="mse", **kwargs):
    made = tricera.Sequential([layers.Input((4,), name="in"), layers.Dense(units, name="out")], name="net")
    made.compile("sgd", loss, **kwargs)
    return made


def told(kind, text, run):
    with pytest.raises(kind) as caught:
        run()
    assert str(caught.value) == text.strip("\n")


CASES = {
    "different numbers of samples": (
        ValueError,
        lambda: model().fit(X, Y[:5], verbose=0),
        """
Data cardinality is ambiguous: all arrays must have the same number of samples.
  got:      x: 6, y: 5
  fix:      check how the arrays were cut, for example by `print(x.shape, y.shape)`.
""",
    ),
    "empty": (
        ValueError,
        lambda: model().fit(X[:0], Y[:0], verbose=0),
        """
`x` is empty.
  expected: at least one sample
  got:      0 samples
""",
    ),
    "text": (
        ValueError,
        lambda: model().fit(X, np.array(["cat", "dog"] * 3), verbose=0),
        """
`y` holds text; models compute with numbers.
  expected: a float, integer or boolean array
  got:      dtype <U3, first value np.str_('cat')
  fix:      turn text into numbers first: `StringLookup`, or `np.unique(y, return_inverse=True)`.
""",
    ),
    "ragged lists": (
        ValueError,
        lambda: model().fit([[1, 2], [3]], Y[:2], verbose=0),
        None,
    ),
    "NaN": (
        ValueError,
        lambda: model().fit(np.where(np.arange(24).reshape(6, 4) == 9, np.nan, 1.0), Y, verbose=0),
        """
`x` holds NaN (not a number).
  got:      1 of 24 values, the first in sample 2
  fix:      drop those samples, or fill the gaps, for example with `np.nan_to_num`.
""",
    ),
    "no targets": (
        ValueError,
        lambda: model().fit(X, verbose=0),
        """
Sequential model "net": the targets are missing: the loss compares the model's outputs with them.
  expected: out: (None, 1)
  got:      y=None
  fix:      pass `y`, or batches of `(x, y)`.
""",
    ),
    "ten columns against one": (
        ValueError,
        lambda: model().fit(X, np.ones((6, 10)), verbose=0),
        """
Sequential model "net", output 'out': the targets do not fit the loss 'mean_squared_error'.
  expected: targets of the output's shape, (None, 1)
  got:      shape (None, 10)
  fix:      give the last layer 10 units, one for each column of the targets.
""",
    ),
    "integers for a categorical loss": (
        ValueError,
        lambda: model(3, "categorical_crossentropy").fit(X, np.arange(6) % 3, verbose=0),
        """
Sequential model "net", output 'out': the targets do not fit the loss 'categorical_crossentropy'.
  expected: targets of the output's shape, (None, 3)
  got:      shape (None,)
  fix:      use the loss 'sparse_categorical_crossentropy', or `to_categorical(y, 3)`.
""",
    ),
    "one-hot for a sparse loss": (
        ValueError,
        lambda: model(3, "sparse_categorical_crossentropy").fit(X, np.eye(3)[np.arange(6) % 3], verbose=0),
        """
Sequential model "net", output 'out': the targets do not fit the loss 'sparse_categorical_crossentropy'.
  expected: one integer label for each prediction, shape (None,)
  got:      shape (None, 3)
  fix:      these look like one-hot targets: use 'categorical_crossentropy', or `y.argmax(-1)`.
""",
    ),
    "labels from one": (
        ValueError,
        lambda: model(3, "sparse_categorical_crossentropy").fit(X, np.arange(6) % 3 + 1, verbose=0),
        """
Sequential model "net", output 'out': a label is out of range for the loss 'sparse_categorical_crossentropy'.
  expected: integers from 0 to 2, for an output of 3 classes
  got:      3 in sample 2; 2 label(s) out of range
  fix:      subtract 1, so that labels begin at 0.
""",
    ),
    "too many classes": (
        ValueError,
        lambda: model(3, "sparse_categorical_crossentropy").fit(X, np.arange(6), verbose=0),
        """
Sequential model "net", output 'out': a label is out of range for the loss 'sparse_categorical_crossentropy'.
  expected: integers from 0 to 2, for an output of 3 classes
  got:      3 in sample 3; 3 label(s) out of range
  fix:      give the last layer 6 units.
""",
    ),
    "wrong rank": (
        ValueError,
        lambda: model().fit(np.ones((6, 2, 2)), Y, verbose=0),
        """
Functional model "net": input 'in' has the wrong shape and is incompatible with the layer.
  expected: (None, 4)
  got:      (None, 2, 2)
  fix:      reshape the data: `x.reshape(-1, 4)`.
""",
    ),
    "unknown argument": (
        TypeError,
        lambda: model().fit(X, Y, nb_epochs=3),
        """
Sequential model "net": fit() got an unexpected keyword argument 'nb_epochs'.
  fix:      did you mean 'epochs'?
""",
    ),
    "x_data": (
        TypeError,
        lambda: model().fit(x_data=X, y_data=Y),
        """
Sequential model "net": fit() got an unexpected keyword argument 'x_data'.
  fix:      did you mean 'x'?
""",
    ),
    "unknown loss": (
        ValueError,
        lambda: model(loss="categorial_crossentropy"),
        """
Unknown loss: 'categorial_crossentropy'.
  fix:      did you mean 'categorical_crossentropy'?
""",
    ),
    "unknown optimizer": (
        ValueError,
        lambda: model().compile("RMSPropp", "mse"),
        """
Unknown optimizer: 'RMSPropp'.
  fix:      did you mean 'rmsprop'?
""",
    ),
    "unknown metric": (
        ValueError,
        lambda: model(metrics=["acuracy"]),
        """
Unknown metric: 'acuracy'.
  fix:      did you mean 'accuracy'?
""",
    ),
    "unknown layer argument": (
        TypeError,
        lambda: layers.Dense(3, use_base=False),
        """
Dense: Unrecognized keyword argument passed: 'use_base'.
  fix:      did you mean 'use_bias'?
""",
    ),
    "not compiled": (
        ValueError,
        lambda: tricera.Sequential([layers.Dense(1)], name="net").fit(X, Y),
        """
Sequential model "net": You must call `compile()` before calling `fit()`.
  fix:      model.compile(optimizer='adam', loss='mse') before model.fit(...).
""",
    ),
    "a symbolic tensor as data": (
        ValueError,
        lambda: model().fit(layers.Input((4,), name="i"), Y),
        None,
    ),
    "epochs": (
        ValueError,
        lambda: model().fit(X, Y, epochs=2.5),
        """
`epochs` is not a number of epochs.
  expected: a whole number
  got:      2.5
""",
    ),
    "validation split": (
        ValueError,
        lambda: model().fit(X, Y, validation_split=1.0),
        """
`validation_split` is not a share.
  expected: a number from 0 up to, but not, 1
  got:      1.0
""",
    ),
    "unbuilt count": (
        ValueError,
        lambda: layers.Dense(3, name="d").count_params(),
        """
Dense layer "d": you tried to call `count_params` but the layer isn't built.
  fix:      build it first: `d.build(input_shape)`, or call it on data.
""",
    ),
    "unbuilt weights": (
        ValueError,
        lambda: layers.Dense(3, name="d").set_weights([np.ones((2, 3)), np.ones(3)]),
        """
Dense layer "d": you called `set_weights(weights)` with a weight list of length 2, but the layer was expecting 0 weights.
  expected: []
  got:      [(2, 3), (3,)]
  fix:      build the layer first: call it on data, or `layer.build(input_shape)`.
""",  # noqa: E501
    ),
}


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][2] is not None])
def test_the_message(name):
    kind, run, text = CASES[name]
    told(kind, text, run)


def test_a_symbolic_tensor_is_no_data():
    with pytest.raises(ValueError, match=re.escape("`x` is a symbolic tensor, not data.")):
        CASES["a symbolic tensor as data"][1]()


def test_ragged_lists_say_to_pad():
    with pytest.raises(ValueError, match=re.escape("`x` cannot be made into one array.")):
        CASES["ragged lists"][1]()


def test_a_generator_that_ends_early_says_how_early():
    batches = ((X[:2], Y[:2]) for _ in range(3))
    made = model()
    with pytest.warns(UserWarning, match=re.escape("got 3 batches, asked for 5")):
        history = made.fit(batches, steps_per_epoch=5, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 1
    assert np.isfinite(made.predict(X, verbose=0)).all()


def test_an_empty_generator():
    told(
        ValueError,
        """
The generator yields no batch.
  expected: at least one batch
  got:      0 batches
""",
        lambda: model().fit(iter([]), verbose=0),
    )


def test_nothing_was_trained_when_the_data_were_bad():
    made = model()
    before = made.get_weights()
    with pytest.raises(ValueError):
        made.fit(X, np.full((6, 1), np.nan), verbose=0)
    for a, b in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
