import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tricera.utils.categorical import normalize, to_categorical


@pytest.mark.parametrize("x", [[0, 2, 1], 1, [[0], [3]], [[0, 1], [2, 0]], [1.7, 0.2], np.uint8([2, 1]), ["1", "0"]])
@pytest.mark.parametrize("num_classes", [None, 5])
def test_to_categorical(keras, x, num_classes):
    theirs, ours = keras.utils.to_categorical(x, num_classes), to_categorical(x, num_classes)
    assert ours.dtype == theirs.dtype == "float64"
    np.testing.assert_array_equal(ours, theirs)


def test_to_categorical_of_a_jax_array(keras):
    x = jnp.asarray([[2], [0]])
    ours = to_categorical(x, 3)
    assert isinstance(ours, jax.Array)
    np.testing.assert_array_equal(ours, keras.utils.to_categorical(x, 3))


@pytest.mark.parametrize(("x", "num_classes", "got"), [([0, -1], None, "-1 to 0"), ([0, 3], 3, "0 to 3")])
def test_label_outside_the_classes(x, num_classes, got):
    with pytest.raises(ValueError) as caught:
        to_categorical(x, num_classes)
    assert str(caught.value) == (
        "`to_categorical` got a label outside its classes.\n"
        f"  expected: labels from 0 to {num_classes - 1 if num_classes else 0}\n"
        f"  got:      labels from {got}\n"
        "  fix:      number the classes from 0 (`np.unique(x, return_inverse=True)[1]` does), or raise `num_classes`."
    )


def test_labels_that_are_no_numbers():
    with pytest.raises(ValueError) as caught:
        to_categorical(["cat", "dog"])
    assert str(caught.value) == (
        "`to_categorical` takes class numbers.\n"
        "  expected: integers\n"
        "  got:      labels that are none, of dtype <U3\n"
        "  fix:      number them first: `names, x = np.unique(x, return_inverse=True)`."
    )
    with pytest.raises(ValueError, match="labels that are none, of dtype float64"):
        to_categorical([0.0, float("nan")])


def test_no_labels():
    with pytest.raises(ValueError) as caught:
        to_categorical([])
    assert str(caught.value) == (
        "`to_categorical` cannot tell the number of classes from no labels.\n  fix:      pass `num_classes`."
    )
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (1, 1), (1, 3), (-1, np.inf)])
def test_normalize(keras, axis, order):
    x = np.float32([[3, 4, 0], [0, 0, 0], [-1, 2, 2]])
    np.testing.assert_allclose(normalize(x, axis, order), keras.utils.normalize(x, axis, order))
    if np.isfinite(order):
        ours = normalize(jnp.asarray(x), axis, order)
        assert isinstance(ours, jax.Array)
        np.testing.assert_allclose(ours, keras.utils.normalize(jnp.asarray(x), axis, order), rtol=1e-6)


def test_normalize_along_the_first_axis():
    np.testing.assert_allclose(normalize(np.array([[3.0, 0, 1], [4, 0, 0]]), axis=0), [[0.6, 0, 1], [0.8, 0, 0]])
