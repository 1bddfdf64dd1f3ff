"""Variable: what it holds, how it computes, and what it refuses."""

import copy
import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import tricera
from tricera import layers, ops
from tricera.engine.pure import pure


@pytest.mark.parametrize("given", [1.5, True, 3, [1, 2], np.float64(3), np.arange(3), np.ones(2, "float16"), [[1.0]]])
def test_the_dtype_is_that_of_keras(keras, given):
    ours, theirs = tricera.Variable(given), keras.Variable(given)
    assert (ours.dtype, ours.shape) == (theirs.dtype, tuple(theirs.shape))


def test_assignment_keeps_shape_and_dtype():
    v = tricera.Variable([1.0, 2.0, 3.0], name="v")
    v.assign([4, 5, 6])
    v.assign_add([1, 1, 1])
    v.assign_sub(1.0)
    assert v.dtype == "float32" and v.numpy().tolist() == [4, 5, 6]
    with pytest.raises(ValueError) as wrong:
        v.assign([1.0])
    assert str(wrong.value) == (
        "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match: "
        'variable "v".\n  expected: (3,)\n  got:      (1,)'
    )


OPERATORS = [
    lambda v: [v + 1, 1 + v, v - [1, 1, 1] if isinstance(v, np.ndarray) else v - np.ones(3), 2 - v, v * 2, 2 / v],
    lambda v: [v**2, 2**v, -v, abs(v), v // 2, v % 2, v @ np.ones(3, "float32")],
    lambda v: [v == 2, v != 2, v < 2, v >= 2, v[1], v[:2], v[None, -1:]],
    lambda v: [np.ones(3, "float32") + v, np.float32(2) * v, np.ones(3, "float32") > v, np.sum(v), np.argmax(v)],
    lambda v: [float(v[0]), len(v), *v],
]


@pytest.mark.parametrize("compute", OPERATORS)
def test_operators_compute_as_on_an_array(compute):
    array = np.array([1.0, 2.0, 3.0], "float32")
    for ours, numpys in zip(compute(tricera.Variable(array)), compute(array), strict=True):
        np.testing.assert_allclose(ours, numpys)


def test_a_copy_is_another_cell():
    v = tricera.Variable([1.0, 2.0], trainable=False)
    for twin in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        twin.assign([3.0, 4.0])
        assert twin.path == v.path and not twin.trainable
    assert v.numpy().tolist() == [1, 2]


def test_a_layer_of_16_bits_reads_its_weights_so():
    class Reader(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(2,), initializer="ones", name="w")
            self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", name="count")
            self.exact = self.add_weight(shape=(2,), autocast=False, name="exact")

        def call(self, x):
            seen.extend(map(str, [self.w.dtype, self.w.value.dtype, self.count.dtype, self.exact.dtype, x.dtype]))
            return x * self.w

    seen = []
    layer = Reader(dtype="mixed_bfloat16")
    assert layer(np.ones((2, 2), "float32")).dtype == "bfloat16"
    assert seen == ["bfloat16", "bfloat16", "int32", "float32", "bfloat16"]
    assert layer.w.dtype == "float32"


def test_a_pure_call_neither_reads_nor_writes_the_cell():
    v = tricera.Variable([1.0, 2.0])

    def step(x):
        v.assign_add(x)
        return ops.sum(v)

    total, (value,) = pure(step, [v])([np.zeros(2, "float32")], 3.0)
    assert total == 6.0 and value.tolist() == [3, 3] and v.numpy().tolist() == [1, 2]


def test_what_is_no_variable():
    with pytest.raises(ValueError) as shapeless:
        tricera.Variable("zeros")
    assert str(shapeless.value) == (
        "A Variable made by an initializer needs a shape.\n  got:      shape=None\n  fix:      pass `shape=`."
    )
    with pytest.raises(ValueError) as slash:
        tricera.Variable(1.0, name="a/b")
    assert str(slash.value) == "Argument `name` must be a string, and not contain '/'.\n  got:      'a/b'"
    with pytest.raises(ValueError) as unknown:
        tricera.Variable("zeros", shape=(None, 2))
    assert str(unknown.value) == (
        "A variable's shape must be known.\n  expected: non-negative integers\n  got:      (None, 2)"
    )


def test_an_array_of_somebody_else_is_not_given_away():
    """A program that donates the state deletes it, but not what the user, or another variable, holds."""
    mine, one, other = jnp.ones(3), tricera.Variable(np.zeros(3)), tricera.Variable(np.zeros(3))
    one.assign(mine)
    other.assign(one)
    taken = [variable.take() for variable in (one, other)]
    assert taken[0] is not mine and taken[1] is not mine and taken[0] is not taken[1]
    one.assign(np.ones(3))
    held = one._value
    assert one.take() is held


def test_plus_and_round():
    variable = tricera.Variable(np.array([-1.25, 2.0, 2.5], "float32"))
    np.testing.assert_array_equal(+variable, [-1.25, 2, 2.5])
    np.testing.assert_array_equal(round(variable), [-1, 2, 2])
    np.testing.assert_allclose(round(variable, 1), np.round([-1.25, 2, 2.5], 1))


def test_a_name_is_text():
    for name in (1, "a/b"):
        with pytest.raises(ValueError) as caught:
            tricera.Variable(0.0, name=name)
        assert str(caught.value) == f"Argument `name` must be a string, and not contain '/'.\n  got:      {name!r}"
