"""Control flow, gradients, names, and messages of the operations."""

import re

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from tricera import ops
from tricera.engine.graph import Function, KerasTensor
from tricera.engine.registry import names
from tricera.engine.variable import Variable

X = np.arange(6, dtype="float32").reshape(3, 2)


def test_every_name_of_keras(keras):
    public = {name for name in dir(keras.ops) if not name.startswith("_") and callable(getattr(keras.ops, name))}
    assert public - set(dir(ops)) == set()
    for space in ("numpy", "nn", "linalg", "image"):
        theirs = {name for name in dir(getattr(keras.ops, space)) if not name.startswith("_")}
        assert theirs - set(dir(getattr(ops, space))) == set()


def test_the_ops_behind_operators_are_registered():
    needed = """
        add subtract multiply true_divide floor_divide mod power matmul logical_and logical_or logical_xor less
        less_equal greater greater_equal equal not_equal negative absolute logical_not get_item reshape cast squeeze
        transpose
    """
    assert set(needed.split()) <= set(names("op"))
    assert all(re.fullmatch("[a-z_0-9]+", name) for name in ops.__all__)


def test_operators_of_variables_and_symbolic_tensors():
    variable, x = Variable(X), KerasTensor((None, 2))
    np.testing.assert_allclose((2 - variable) @ variable.value.T, (2 - X) @ X.T)
    y = abs(-(x[:, 0] * 2 + 1) / 4) ** 2 > variable[0, 1]
    assert (y.shape, y.dtype) == ((None,), "bool")
    np.testing.assert_array_equal(Function(x, y).run(jnp.asarray(X)), np.abs(-(X[:, 0] * 2 + 1) / 4) ** 2 > 1)


def test_the_batch_size_of_a_symbolic_tensor_in_a_new_shape():
    x = KerasTensor((None, 2, 3))
    assert ops.shape(x) == (None, 2, 3)
    assert ops.reshape(x, (ops.shape(x)[0], 6)).shape == (None, 6)
    assert ops.reshape(X, 6).shape == (6,)


def test_control_flow():
    assert ops.cond(True, lambda: 1, lambda: 2) == 1
    assert ops.switch(5, [lambda x: x, lambda x: x * 3], 2) == 6
    assert ops.fori_loop(0, 4, lambda i, total: total + i, 0) == 6
    assert ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0) == 12
    assert ops.while_loop(lambda i, j: i < 10, lambda i, j: (i + 3, j * 2), (0, 1)) == (12, 16)
    assert ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0, maximum_iterations=2) == 6
    last, sums = ops.scan(lambda total, x: (total + x, total), 0.0, X[:, 0])
    assert (float(last), sums.tolist()) == (6.0, [0.0, 0.0, 2.0])
    assert ops.associative_scan(jnp.add, X[:, 1]).tolist() == [1.0, 4.0, 9.0]
    assert ops.map(lambda row: row.sum(), X).tolist() == [1.0, 5.0, 9.0]
    assert ops.vectorized_map(lambda row: row.sum(), X).tolist() == [1.0, 5.0, 9.0]
    assert ops.vectorize(lambda x: x + 1)(X).tolist() == (X + 1).tolist()


def test_control_flow_of_symbolic_tensors():
    x = KerasTensor((None, 2))
    assert ops.map(lambda row: row.sum(), x).shape == (None,)
    assert ops.vectorized_map(lambda row: row * 2, x).shape == (None, 2)
    assert ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (0, x))[1].shape == (None, 2)
    last, rows = ops.scan(lambda total, row: (total + row, total), np.zeros(2, "float32"), x)
    assert (last.shape, rows.shape) == ((2,), (None, 2))


def test_sums_of_bytes_are_not_bytes():
    x = np.full((2, 3), 100, "int8")
    for product in (ops.matmul(x, x.T), ops.einsum("ij,kj->ik", x, x)):
        assert product.dtype == "int32" and (product == 30_000).all()


def test_gradients():
    @ops.custom_gradient
    def twice(x):
        return 2 * x, lambda upstream: upstream * 7

    assert jax.grad(twice)(3.0) == 7
    assert jax.grad(lambda x: ops.stop_gradient(x) * x)(3.0) == 3
    value, derivative = ops.jvp(ops.square, (3.0,), (1.0,))
    assert (value, derivative) == (9, 6)
    assert np.isfinite(jax.grad(lambda x: ops.normalize(x).sum())(np.zeros(3, "float32"))).all()
    assert np.isfinite(jax.grad(lambda x: ops.divide_no_nan(x, 0.0))(1.0))


def test_attention_with_a_soft_cap():
    query = np.sin(np.arange(24, dtype="float32")).reshape(1, 3, 2, 4)
    logits = 2 * np.tanh(np.einsum("btnh,bsnh->bnts", query, query) / 2 / 2)
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    got = ops.dot_product_attention(query, query, query, attn_logits_soft_cap=2.0)
    np.testing.assert_allclose(got, np.einsum("bnts,bsnh->btnh", weights, query), rtol=1e-5)


def test_messages():
    with pytest.raises(ValueError) as caught:
        ops.categorical_crossentropy(X, X[:, :1])
    assert str(caught.value) == (
        "Arguments `target` and `output` must have the same shape.\n  got:      target (3, 2), output (3, 1)"
    )
    with pytest.raises(ValueError) as caught:
        ops.binary_crossentropy(X, X[0])
    assert str(caught.value) == (
        "Arguments `target` and `output` must have the same rank.\n  got:      target (3, 2), output (2,)"
    )
    with pytest.raises(ValueError) as caught:
        ops.sparse_categorical_crossentropy(X[:2, 0], X)
    assert str(caught.value) == (
        "Arguments `target` and `output` must have the same shape up until the last axis.\n"
        "  got:      target (2,), output (3, 2)"
    )
    with pytest.raises(ValueError) as caught:
        ops.scatter_update(X, [[0]], X[:1], "mean")
    assert str(caught.value) == (
        "Unknown `reduction`.\n  expected: None, 'add', 'max', 'min' or 'mul'\n  got:      'mean'"
    )
    with pytest.raises(ValueError) as caught:
        ops.stft(X, 2, 1, 2, window="box")
    assert str(caught.value) == (
        "If a string is passed to `window`, it must be the name of a window.\n"
        "  expected: 'hann' or 'hamming'\n  got:      'box'"
    )
    with pytest.raises(ValueError) as caught:
        ops.ctc_decode(X[None], [3], strategy="best")
    assert str(caught.value) == "Invalid strategy.\n  expected: 'greedy' or 'beam_search'\n  got:      'best'"
    with pytest.raises(ValueError) as caught:
        ops.rearrange(X, "a b -> a c")
    assert str(caught.value) == (
        "rearrange: the pattern 'a b -> a c' does not fit.\n  got:      a tensor of shape (3, 2)"
    )
