import numpy as np
import pytest

from tricera.utils import pad_sequences

ROWS = [[1], [2, 3], [4, 5, 6, 7], []]


@pytest.mark.parametrize("maxlen", [None, 2, 3, 6])
@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_as_keras(keras, maxlen, padding, truncating):
    how = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": 9}
    ours, theirs = pad_sequences(ROWS, **how), keras.utils.pad_sequences(ROWS, **how)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


def test_steps_may_be_vectors(keras):
    rows = [np.ones((2, 3)), np.ones((1, 3))]
    np.testing.assert_array_equal(
        pad_sequences(rows, dtype="float32"), keras.utils.pad_sequences(rows, dtype="float32")
    )


def test_a_number_is_no_sequence():
    with pytest.raises(ValueError) as caught:
        pad_sequences([[1], 2])
    assert str(caught.value) == (
        "`sequences` must be a list of iterables.\n  got:      2 among them\n  fix:      pass a list of lists."
    )


def test_an_unknown_place():
    with pytest.raises(ValueError) as caught:
        pad_sequences(ROWS, padding="front")
    assert str(caught.value) == "Invalid `padding`.\n  expected: 'pre' or 'post'\n  got:      'front'"
