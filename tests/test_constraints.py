import jax
import numpy as np
import pytest

from tricera import constraints
from tricera.engine.variable import Variable

CASES = [
    ("MaxNorm", {"max_value": 1.0}),
    ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.3, "axis": 1}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_configuration_are_those_of_keras(keras, name, arguments):
    w = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    ours, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    np.testing.assert_allclose(ours(w), theirs(w), rtol=1e-6)
    np.testing.assert_allclose(jax.jit(ours)(w), theirs(w), rtol=1e-6)
    np.testing.assert_array_equal(ours(Variable(w)), ours(w))
    assert constraints.serialize(ours) == keras.constraints.serialize(theirs)
    assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.parametrize(
    ("name", "cls"),
    [("max_norm", "MaxNorm"), ("maxnorm", "MaxNorm"), ("nonneg", "NonNeg"), ("non_neg", "NonNeg"),
     ("unit_norm", "UnitNorm"), ("unitnorm", "UnitNorm"), ("min_max_norm", "MinMaxNorm")],
)  # fmt: skip
def test_names(name, cls):
    assert type(constraints.get(name)).__name__ == cls


def test_the_base_changes_nothing(keras):
    w = np.arange(3.0)
    for module in (constraints, keras.constraints):
        np.testing.assert_array_equal(module.Constraint()(w), w)


def test_an_unknown_name():
    with pytest.raises(ValueError) as error:
        constraints.get("max_nrom")
    assert str(error.value) == "Unknown constraint: 'max_nrom'.\n  fix:      did you mean 'max_norm'?"
