import jax
import numpy as np
import pytest

import tricera
from tricera import StatelessScope, SymbolicScope, Variable, layers


def test_variables_hold_other_values_in_the_block():
    one, other = Variable(np.zeros(2)), Variable(np.zeros(2))
    with StatelessScope([(one, np.ones(2))]) as scope:
        other.assign(one + 1)
        assert np.asarray(other).tolist() == [2, 2]
    assert np.asarray(one).tolist() == np.asarray(other).tolist() == [0, 0]
    assert np.asarray(scope.get_current_value(other)).tolist() == [2, 2]


def test_losses_are_kept():
    layer = layers.Dense(1, activity_regularizer="l2", kernel_initializer="ones")
    layer.build((1, 2))
    with StatelessScope(collect_losses=True) as scope:
        layer(np.ones((1, 2), "float32"))
    assert [float(loss) for loss in scope.losses] == pytest.approx([0.04])


def test_names_and_devices():
    with tricera.name_scope("block"):
        assert Variable(1.0, name="v").path == "block/v"
    with tricera.device("cpu:0"):
        assert jax.numpy.ones(1).devices() == {jax.devices("cpu")[0]}
    with SymbolicScope():
        assert layers.Dense(2).compute_output_shape((None, 3)) == (None, 2)


def test_helpers_of_the_backend():
    assert tricera.backend.is_int_dtype("uint8") and not tricera.backend.is_int_dtype("float16")
    first = tricera.backend.get_uid("some prefix")
    assert tricera.backend.get_uid("some prefix") == first + 1


def test_messages():
    with pytest.raises(ValueError) as error:
        StatelessScope([("x", 1)])
    assert str(error.value) == (
        "In StatelessScope, all keys in argument `mapping` must be Variable instances.\n  got:      x"
    )
    with pytest.raises(ValueError) as error:
        StatelessScope([(Variable(np.zeros(2), name="v"), np.zeros(3))])
    assert str(error.value) == (
        "In StatelessScope, all values in argument `mapping` must be tensors with a shape that matches the "
        "corresponding variable shape: variable 'v'.\n  expected: (2,)\n  got:      (3,)"
    )
    with pytest.raises(ValueError) as error, tricera.name_scope("a/b"):
        pass
    assert str(error.value) == (
        "Argument `name` must be a string, and cannot contain the character `/`.\n  got:      'a/b'"
    )
    with pytest.raises(ValueError) as error, tricera.device("tpu:7"):
        pass
    assert str(error.value) == "There is no such device.\n  expected: cpu:0\n  got:      'tpu:7'"
