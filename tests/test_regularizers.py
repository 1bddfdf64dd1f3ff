import numpy as np
import pytest

from tricera import regularizers
from tricera.engine.variable import Variable

CASES = [
    ("L1", {"l1": 0.25}),
    ("L2", {"l2": 0.25}),
    ("L1L2", {"l1": 0.25, "l2": 0.5}),
    ("OrthogonalRegularizer", {"factor": 0.25}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_configuration_are_those_of_keras(keras, name, arguments):
    x = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-6)
    np.testing.assert_allclose(ours(Variable(x)), theirs(x), rtol=1e-6)
    assert regularizers.serialize(ours) == keras.regularizers.serialize(theirs)
    assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == ours.get_config()


def test_orthogonal_columns():
    """Keras divides a matrix' rows by the norms of its columns here."""
    x = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], "float32")
    np.testing.assert_allclose(regularizers.OrthogonalRegularizer(0.3, "columns")(x), 0.3 / 3, rtol=1e-6)
    assert regularizers.OrthogonalRegularizer()(x[:1]) == 0


def test_names():
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.0, "l2": 0.0}
    assert isinstance(regularizers.get("l1l2"), regularizers.l1_l2)
    assert regularizers.get("l2").l2 == 0.01 and regularizers.L1(None).l1 == 0.01
    assert regularizers.get(None) is None
    function = lambda x: 0.0  # noqa: E731
    assert regularizers.get(function) is function


MESSAGES = [
    (
        lambda: regularizers.L1(-1.0),
        "Invalid value for argument l1.\n  expected: a non-negative float\n  got:      l1=-1.0",
    ),
    (
        lambda: regularizers.L2("a"),
        "Invalid value for argument l2.\n  expected: a non-negative float\n  got:      l2='a'",
    ),
    (
        lambda: regularizers.OrthogonalRegularizer(mode="x"),
        "Invalid value for argument `mode`.\n  expected: 'rows' or 'columns'\n  got:      'x'",
    ),
    (
        lambda: regularizers.OrthogonalRegularizer()(np.ones(3)),
        "Inputs to OrthogonalRegularizer must have rank 2.\n  got:      inputs.shape=(3,)",
    ),
]


@pytest.mark.parametrize(("make", "message"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
