"""Activations: outputs and gradients as Keras', on arrays, symbolic tensors and variables; and their names."""

import inspect

import jax
import numpy as np
import pytest

from tricera import activations
from tricera.engine.graph import KerasTensor
from tricera.engine.variable import Variable

X = np.array([[-3.5, -1.2, -0.3, 0.2], [0.7, 1.4, 3.1, 6.5], [-0.8, 2.2, -6.1, 0.45]], "float32")
PLAIN = """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid
    log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
    squareplus swish tanh tanh_shrink
"""
CASES = [
    *((name, {}) for name in PLAIN.split()),
    ("celu", {"alpha": 0.5}),
    ("elu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 1}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 3.0}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.1, "max_value": 6.0}),
    ("relu", {"max_value": 6.0, "threshold": 1.0}),
    ("softmax", {"axis": 0}),
    ("softmax", {"axis": (0, 1)}),
    ("squareplus", {"b": 1}),
    ("threshold", {"threshold": 0.5, "default_value": -1.0}),
]


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=[f"{name}-{kwargs}" for name, kwargs in CASES])
def test_outputs_and_gradients_as_keras(keras, name, arguments):
    weights = np.cos(np.arange(12, dtype="float32")).reshape(3, 4)

    def both(module):
        function = getattr(module, name)

        def loss(x):
            y = function(x, **arguments)
            return (y * weights[tuple(map(slice, y.shape))]).sum(), y

        return jax.jit(jax.grad(loss, has_aux=True))(X)

    for got, expected in zip(both(activations), both(keras.activations), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES} - {"threshold"}))
def test_symbolic_tensors_and_variables(name):
    function = activations.get(name)
    eager = function(Variable(X))
    np.testing.assert_allclose(eager if name != "linear" else eager.value, function(X), rtol=1e-5, atol=1e-6)
    assert function(KerasTensor((None, 4))).shape == (None, *eager.shape[1:])


def test_sparsemax_is_the_nearest_distribution():
    """Keras 3.15 adds up cumulative sums here, so that what it returns need not sum to 1: not an oracle."""
    np.testing.assert_allclose(activations.sparsemax(np.array([[0.5, 0.25, -1.0]], "float32")), [[0.625, 0.375, 0]])
    np.testing.assert_allclose(activations.sparsemax(np.array([3, 0, 3], "int32")), [0.5, 0, 0.5])
    np.testing.assert_allclose(np.sum(activations.sparsemax(X, axis=0), 0), np.ones(4), rtol=1e-6)
    assert activations.sparsemax(KerasTensor((None, 4))).shape == (None, 4)


def test_signatures_are_those_of_keras(keras):
    for name, theirs in inspect.getmembers(keras.activations, inspect.isfunction):
        assert inspect.signature(getattr(activations, name)) == inspect.signature(theirs), name


def test_names():
    assert activations.get(None) is activations.linear
    assert activations.get("relu") is activations.relu
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(np.tanh) is np.tanh
    for name, _ in CASES:
        function = getattr(activations, name)
        assert activations.deserialize(activations.serialize(function)) is function
    assert activations.serialize(activations.relu) == "relu"
    assert activations.deserialize(None) is activations.linear


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError) as caught:
        activations.get("sigmod")
    assert str(caught.value) == "Unknown activation: 'sigmod'.\n  fix:      did you mean 'sigmoid'?"
