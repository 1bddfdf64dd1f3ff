"""How much each output's loss counts: what fits the outputs, and what is said where it does not."""

import numpy as np
import pytest

from tricera import Input, layers, models
from tricera.legacy.layers.graph import Graph

X, Y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")


def fitted(weights, names=("a", "b")):
    inputs = Input((3,))
    model = models.Model(inputs, [layers.Dense(1, kernel_initializer="ones", name=name)(inputs) for name in names])
    model.compile("sgd", "mse", loss_weights=weights)
    return model.train_on_batch(X, [Y] * len(names))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (None, 18),
        ([1.0, 0.5], 13.5),
        ((np.float32(2), None), 27),
        ({"b": 0.5}, 13.5),
        ({"a": 0, "b": 1}, 9),
    ],
)
def test_weights(weights, expected):
    np.testing.assert_allclose(fitted(weights)[0], expected)


MESSAGES = {
    "another_name": (
        {"c": 1.0, "out": 2.0},
        """\
In the dict argument `loss_weights`, key 'c' does not correspond to any model output.
  expected: 'a', 'b'
  got:      'c', 'out'
  fix:      `loss_weights` by the names of the outputs: {'a': ..., 'b': ...}.""",
    ),
    "too_many": (
        [1.0, 2.0, 3.0],
        """\
`loss_weights` must have one entry for each output of the model.
  expected: 2 (a, b)
  got:      3
  fix:      a list in this order, or a dict: {'a': ..., 'b': ...}.""",
    ),
    "one_number": (
        0.5,
        """\
The model has 2 outputs, but `loss_weights` is a single value.
  expected: a list or dict with 'a', 'b'
  fix:      `loss_weights={'a': ..., 'b': ...}`.""",
    ),
    "metrics": (
        ["accuracy", "mae"],
        """\
`loss_weights` has no number for the output 'a'.
  expected: as {'a': 1.0, 'b': 1.0}
  got:      'accuracy'
  fix:      `metrics=['accuracy', 'mae']`, which stand in third place in Keras 1 and 2 alone.""",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case):
    weights, message = MESSAGES[case]
    with pytest.raises(ValueError) as caught:
        fitted(weights)
    assert str(caught.value) == message


def test_one_output_takes_a_number():
    assert fitted(0.5, ["a"]) == pytest.approx(4.5)
    with pytest.raises(ValueError, match="`loss_weights` has no number for the output 'a'"):
        fitted(["accuracy"], ["a"])


@pytest.mark.parametrize(("weights", "expected"), [({"x": 0.5, "y": 2.0}, 18), ({}, 9), ([0.5, 2.0], 18)])
def test_graph(weights, expected):
    """An output of the name of an input is that of another layer."""
    graph = Graph()
    graph.add_input("x", input_shape=(3,))
    graph.add_node(layers.Dense(1, kernel_initializer="ones"), "dense", input="x")
    graph.add_output("x", input="x")
    graph.add_output("y", input="dense")
    graph.compile("sgd", {"x": "mse", "y": "mse"}, loss_weights=weights)
    np.testing.assert_allclose(np.ravel(graph.train_on_batch({"x": X, "y": Y}))[0], expected)
