"""Functions of TensorFlow in graphs that tf.keras wrote, with arguments for which `keras.ops` has nothing."""

import json

import numpy as np
import pytest

from tricera import saving

X = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")


def model(function, **arguments):
    """A model of one function, from the text that tf.keras would write."""
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3, 4], "dtype": "float32", "name": "x"}},
        {"class_name": "TFOpLambda", "config": {"name": "f", "function": function}},
    ]
    layers[0] |= {"name": "x", "inbound_nodes": []}
    layers[1] |= {"name": "f", "inbound_nodes": [["x", 0, 0, arguments]]}
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["f", 0, 0]]}
    return saving.model_from_json(json.dumps({"class_name": "Functional", "config": config}))


def lengths(x):
    return np.sqrt(np.sum(x**2, -1, keepdims=True))


FUNCTIONS = {
    "cumsum": (
        lambda: model("math.cumsum", axis=1, exclusive=True, reverse=True),
        np.stack([X[:, 1] + X[:, 2], X[:, 2], 0 * X[:, 0]], 1),
    ),
    "gather_nd": (lambda: model("compat.v1.gather_nd", indices=[[0, 1], [1, 2]], batch_dims=0), X[[0, 1], [1, 2]]),
    "gelu": (lambda: model("nn.gelu", approximate=True), 0.5 * X * (1 + np.tanh(0.7978846 * (X + 0.044715 * X**3)))),
    "slice": (lambda: model("slice", begin=[0, 1, 0], size=[-1, 2, 3]), X[:, 1:, :3]),
    "sort": (lambda: model("sort", axis=1, direction="DESCENDING"), -np.sort(-X, 1)),
    "band": (lambda: model("linalg.band_part", num_lower=0, num_upper=1), np.triu(X) - np.triu(X, 2)),
    "clip": (
        lambda: model("clip_by_norm", clip_norm=1.0, axes=[2]),
        X / np.maximum(lengths(X), 1),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(tmp_path, name):
    make, expected = FUNCTIONS[name]
    made = make()
    made.save(tmp_path / "m.keras")
    for each in (made, saving.load_model(tmp_path / "m.keras")):
        np.testing.assert_allclose(each(X), expected, rtol=1e-5, atol=1e-5)


def test_what_is_not_there():
    with pytest.raises(ValueError) as caught:
        model("nn.dropout", rate=0.5, name=None)
    assert (
        str(caught.value)
        == """\
The graph's 'f' is TensorFlow's function 'nn.dropout', which has no counterpart here.
  got:      the arguments rate
  fix:      build the model in Python and `load_weights` from the file."""
    )
