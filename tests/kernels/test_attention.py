"""Attention in blocks of targets: the numbers are those of the whole table, the memory is not."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import tricera as keras
from tricera import layers, ops
from tricera.kernels import attention
from tricera.ops.nn import attention as fused

RNG = np.random.default_rng(0)
BATCH, TARGETS, SOURCES, HEADS, SIZE = 2, 13, 7, 4, 8


def normal(*shape):
    return jnp.asarray(RNG.standard_normal(shape), "float32")


@pytest.fixture
def small_blocks(monkeypatch):
    def begin(scores=100):
        monkeypatch.setitem(attention._AT_ONCE, "cpu", scores)

    return begin


def assert_close(one, other):
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5), one, other)


@pytest.mark.parametrize("heads", [HEADS, 2])
def test_values_and_gradients_are_those_of_the_whole_table(small_blocks, heads):
    query, key, value = normal(BATCH, TARGETS, HEADS, SIZE), *(normal(BATCH, SOURCES, heads, SIZE) for _ in "kv")
    bias, mask = normal(1, HEADS, 1, SOURCES), RNG.random((BATCH, 1, TARGETS, SOURCES)) > 0.3

    def total(*arrays):
        *arrays, bias = arrays
        return jnp.sum(jnp.sin(ops.dot_product_attention(*arrays, bias, mask, is_causal=True)))

    derive = jax.value_and_grad(total, (0, 1, 2, 3))
    whole = derive(query, key, value, bias)
    small_blocks()
    assert_close(derive(query, key, value, bias), whole)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Attention(use_scale=True),
        lambda: layers.Attention(score_mode="concat"),
        lambda: layers.AdditiveAttention(),
    ],
)
def test_layers_in_blocks(small_blocks, layer):
    layer, query, value = layer(), normal(BATCH, TARGETS, SIZE), normal(BATCH, SOURCES, SIZE)
    masks = [RNG.random((BATCH, TARGETS)) > 0.3, RNG.random((BATCH, SOURCES)) > 0.3]

    def total(query, value):
        return ops.sum(ops.sin(layer([query, value], mask=masks, use_causal_mask=True)))

    def derived():
        by_arguments = ops.grad(total, argnums=(0, 1))(query, value)
        return by_arguments, ops.grad(total, variables=layer.trainable_variables)(query, value)

    layer([query, value])
    whole = derived()
    small_blocks()
    assert_close(derived(), whole)


def test_each_block_drops_its_own_weights(small_blocks):
    layer = layers.MultiHeadAttention(1, 64, dropout=0.5, seed=1)
    x = normal(1, 64, 64)
    layer(x, x)
    layer._value_dense.kernel.assign(jnp.eye(64).reshape(64, 1, 64))
    layer._output_dense.kernel.assign(jnp.eye(64).reshape(1, 64, 64))
    layer._query_dense.kernel.assign(jnp.zeros((64, 1, 64)))
    small_blocks(256)
    weights = np.asarray(layer(x, jnp.eye(64)[None], training=True)[0])
    assert set(np.unique(np.round(weights * 64, 4))) == {0.0, 2.0}
    assert 0.45 < np.mean(weights > 0) < 0.55
    assert not np.array_equal(weights[:4], weights[4:8])
    again = np.asarray(layer(x, jnp.eye(64)[None], training=True)[0])
    assert not np.array_equal(weights, again)


def test_no_memory_for_the_table():
    shape = (1, 4096, 4, 8)

    def memory(size):
        x = jax.ShapeDtypeStruct((1, size, *shape[2:]), "float32")
        program = jax.jit(jax.grad(lambda *x: jnp.sum(ops.dot_product_attention(*x)), (0, 1, 2)))
        return program.lower(x, x, x).compile().memory_analysis().temp_size_in_bytes

    table = 4 * 4 * shape[1] ** 2
    assert memory(shape[1]) < 0.4 * table
    assert memory(1024) > 4 * 4 * 1024**2 / 2, "small tables are made whole"


@pytest.mark.parametrize(
    ("dtype", "enabled", "asked"), [("float32", None, 0), ("bfloat16", None, 1), ("float32", True, 1)]
)
def test_on_a_gpu_cudnn_is_asked(monkeypatch, dtype, enabled, asked):
    """With what JAX says where cuDNN has no program: it is an error only for those who asked for it."""
    calls = []

    def refuse(*args, implementation, **kwargs):
        calls.append(implementation)
        raise NotImplementedError("cuDNN has none")

    monkeypatch.setattr(fused, "platform", lambda: "gpu")
    monkeypatch.setattr(jax.nn, "dot_product_attention", refuse)
    monkeypatch.setitem(keras.config._settings, "flash_attention", enabled)
    x = normal(1, 2, 1, 4).astype(dtype)
    if enabled:
        with pytest.raises(NotImplementedError):
            ops.dot_product_attention(x, x, x)
    else:
        assert ops.dot_product_attention(x, x, x).shape == x.shape
    assert calls == ["cudnn"] * asked
