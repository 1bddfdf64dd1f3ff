"""The backend of Keras 1 and 2: symbolic graphs, compiled functions, gradients, and functions of arrays."""

import re

import numpy as np
import pytest

from tricera import layers, models
from tricera.engine import graph
from tricera.legacy import backend, generation

# What says nothing without TensorFlow's or Theano's own graphs.
LEFT_OUT = {
    "control_dependencies",
    "ctc_label_dense_to_sparse",
    "v1_variable_initialization",
}
ELSEWHERE = {"backend", "clear_session", "epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx"}
ELSEWHERE |= {"set_image_data_format", "Function"}


class _Backend:
    def __getattr__(self, name):
        return backend.find(name)


K = _Backend()


@pytest.fixture(autouse=True)
def keras_2():
    generation.settle(2)
    yield
    generation.settle(generation.NEWEST)


def test_every_name_is_there(shared):
    names = set()
    for number in (1, 2):
        text = (shared / "api" / f"keras{number}.txt").read_text()
        names |= set(re.findall(r"def keras\.backend\.(?:common|tensorflow_backend|load_backend)\.(\w+)\(", text))
    assert {name for name in names if backend.find(name) is None} == LEFT_OUT | (ELSEWHERE & names)


def test_gradients_of_a_graph_by_inputs_and_variables():
    x, w = K.placeholder((None, 3)), K.variable(np.ones((3, 2)))
    loss = K.sum(K.square(K.dot(x, w)))
    by_x, by_w = K.gradients(loss, [x, w])
    second = K.gradients(K.sum(by_x), w)[0]
    values = np.arange(6.0).reshape(2, 3)
    f = K.function([x], [loss, by_x, by_w, second], updates=[K.update_add(w, 1.0)])
    product = values @ np.ones((3, 2))
    found = f([values])
    np.testing.assert_allclose(found[0], (product**2).sum())
    np.testing.assert_allclose(found[1], 2 * product @ np.ones((2, 3)))
    np.testing.assert_allclose(found[2], 2 * values.T @ product)
    np.testing.assert_allclose(found[3], _second(values))
    np.testing.assert_allclose(K.get_value(w), 2.0)
    found[1][:] = 0  # may be written to


def _second(x):
    """The gradient by `w` of `sum(2 x w w^T)` at a `w` of ones: `2 (x^T 1 w + 1 (x w))`, summed over the samples."""
    ones = np.ones((len(x), 3))
    return 2 * (x.T @ ones @ np.ones((3, 2)) + ones.T @ x @ np.ones((3, 2)))


def test_the_learning_phase_is_an_input():
    inputs = layers.Input((4,))
    hidden = layers.Dense(3, activation="relu", name="hidden")(inputs)
    dropped = layers.Dropout(0.5)(hidden)
    model = models.Model(inputs, layers.Dense(2)(dropped))
    f = K.function([model.input, K.learning_phase()], [model.get_layer("hidden").output, dropped])
    x = np.random.default_rng(0).normal(size=(8, 4))
    plain, same = f([x, 0])
    np.testing.assert_array_equal(plain, same)
    plain, other = f([x, 1])
    assert ((other == 0) | np.isclose(other, 2 * plain)).all() and (other != plain).any()


def test_gradients_inside_a_model_and_where_nothing_depends():
    inputs = layers.Input((4,))
    hidden = layers.Dense(3)(inputs)
    head = layers.Dense(2)
    outputs = head(hidden)
    by_hidden = K.gradients(outputs[:, 1], hidden)[0]
    found = K.function([inputs], by_hidden)([np.ones((1, 4))])
    np.testing.assert_allclose(found[0], head.kernel.numpy()[:, 1], rtol=1e-6)
    assert K.gradients(K.sum(hidden), outputs) == [None]
    by_kernel = K.gradients(K.sum(outputs), head.kernel)[0]
    assert K.function([inputs], by_kernel)([np.ones((5, 4))]).shape == (3, 2)


def test_updates_inside_a_layer_are_made_at_once():
    class Counting(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, x):
            K.update_add(self.count, 1.0)
            return x

    layer = Counting()
    layer(np.ones((2, 2)))
    assert float(layer.count) == 1
    assert isinstance(K.update(layer.count, 5.0), backend.graph.Update) and float(layer.count) == 1


def test_recurrence_with_a_mask():
    x = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")
    mask = np.array([[1, 1, 0, 1], [1, 0, 0, 0]])

    def step(x, states):
        new = states[0] + x + states[1]
        return 2 * new, [new]

    last, outputs, (state,) = K.rnn(step, x, [np.zeros((2, 3), "float32")], mask=mask, constants=[np.float32(1)])
    sums = np.cumsum((x + 1) * mask[..., None], 1)
    np.testing.assert_allclose(state, sums[:, -1], rtol=1e-5)
    np.testing.assert_allclose(outputs, 2 * sums, rtol=1e-5)
    np.testing.assert_allclose(last, 2 * sums[:, -1], rtol=1e-5)
    backwards = K.rnn(step, x, [np.zeros((2, 3), "float32")], constants=[np.float32(0)], go_backwards=True)[1]
    np.testing.assert_allclose(backwards, 2 * np.cumsum(x[:, ::-1], 1), rtol=1e-5)


RNG = np.random.default_rng(2)
A, B = RNG.normal(size=(2, 3, 4)).astype("float32"), RNG.normal(size=(2, 4, 5)).astype("float32")
V, IMAGE = RNG.normal(size=(2, 4)).astype("float32"), RNG.normal(size=(1, 4, 4, 2)).astype("float32")
CALLS = {
    "batch_dot": ((A, B), np.einsum("bij,bjk->bik", A, B)),
    "batch_flatten": ((A,), A.reshape(2, 12)),
    "cast_to_floatx": (([1, 2],), np.array([1, 2], "float32")),
    "clip": ((V, 0, None), np.clip(V, 0, np.inf)),
    "concatenate": (([V, V],), np.concatenate([V, V], -1)),
    "count_params": ((A,), 24),
    "dot": ((A, B[0]), A @ B[0]),
    "elu": ((V, 0.5), np.where(V > 0, V, 0.5 * np.expm1(V))),
    "gather": ((A, np.array([1, 0])), A[[1, 0]]),
    "hard_sigmoid": ((V,), np.clip(0.2 * V + 0.5, 0, 1)),
    "int_shape": ((A,), (2, 3, 4)),
    "l2_normalize": ((V, 1), V / np.linalg.norm(V, axis=1, keepdims=True)),
    "mean": ((V > 0, 1), (V > 0).mean(1)),
    "permute_dimensions": ((A, (2, 0, 1)), A.transpose(2, 0, 1)),
    "relu": ((V, 0.1, 1.0, 0.2), np.minimum(np.where(V > 0.2, V, 0.1 * (V - 0.2)), 1.0)),
    "repeat": ((V, 3), np.repeat(V[:, None], 3, 1)),
    "repeat_elements": ((A, 2, 1), np.repeat(A, 2, 1)),
    "resize_images": ((IMAGE, 2, 3, "channels_last"), IMAGE.repeat(2, 1).repeat(3, 2)),
    "reverse": ((A, 1), A[:, ::-1]),
    "slice": ((A, (0, 1, 0), (-1, 2, 3)), A[:, 1:3, :3]),
    "spatial_2d_padding": ((IMAGE, ((1, 0), (0, 2))), np.pad(IMAGE, ((0, 0), (1, 0), (0, 2), (0, 0)))),
    "switch": ((V[:, 0] > 0, V, -V), np.where(V[:, :1] > 0, V, -V)),
    "temporal_padding": ((A, (1, 2)), np.pad(A, ((0, 0), (1, 2), (0, 0)))),
    "tile": ((V, (2, 1)), np.tile(V, (2, 1))),
}


@pytest.mark.parametrize("name", CALLS)
def test_functions_of_arrays(name):
    arguments, expected = CALLS[name]
    found = backend.find(name)(*arguments)
    if isinstance(expected, np.ndarray):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    else:
        assert found == expected


def test_a_gradient_has_the_shape_of_what_it_is_taken_by_and_nothing_is_traced(monkeypatch):
    x = K.placeholder((None, None, 3))
    loss = K.sum(K.square(x[:, 1:-1]))
    monkeypatch.setattr(graph, "infer", None)
    assert K.gradients(loss, x)[0].shape == (None, None, 3)
