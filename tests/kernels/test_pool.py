"""Pooling against `lax.reduce_window` and its gradients."""

import jax
import numpy as np
import pytest
from jax import export, lax
from jax import numpy as jnp

from tricera.kernels.pool import average_pool, max_pool

CASES = {
    "tiles": ((2, 6, 4, 3), 2, None, "valid"),
    "tiles with a rest": ((2, 7, 5, 3), 2, None, "valid"),
    "tiles with a rest, same": ((2, 7, 5, 3), (2, 3), None, "same"),
    "overlapping": ((2, 7, 6, 3), 3, 2, "same"),
    "apart": ((2, 7, 6, 3), 2, 3, "valid"),
    "line": ((2, 7, 3), 2, 2, "same"),
    "volume": ((2, 4, 5, 6, 2), 2, None, "valid"),
}


def windows(x, size, strides):
    rank = x.ndim - 2
    size = np.broadcast_to(size, rank)
    return (1, *size, 1), (1, *np.broadcast_to(size if strides is None else strides, rank), 1)


def reference_max(x, size, strides, padding):
    return lax.reduce_window(x, -jnp.inf, lax.max, *windows(x, size, strides), padding.upper())


def reference_average(x, size, strides, padding):
    def total(x):
        return lax.reduce_window(x, 0.0, lax.add, *windows(x, size, strides), padding.upper())

    return total(x) / total(jnp.ones_like(x))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ours, theirs", [(max_pool, reference_max), (average_pool, reference_average)])
def test_value_and_gradient(ours, theirs, case):
    shape, size, strides, padding = CASES[case]
    # Few different values: ties are frequent, and their gradient belongs to the first.
    x = jnp.asarray(np.random.default_rng(0).integers(-2, 2, shape), jnp.float32)
    expected, pull = jax.vjp(lambda x: theirs(x, size, strides, padding), x)
    y, pull_ours = jax.vjp(lambda x: ours(x, size, strides, padding), x)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    slope = jnp.arange(1.0, y.size + 1).reshape(y.shape)
    np.testing.assert_allclose(pull_ours(slope)[0], pull(slope)[0], rtol=1e-6)


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_channels_first_is_channels_last_moved(pool):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 6, 3)), jnp.float32)
    y = pool(jnp.moveaxis(x, -1, 1), (2, 3), None, "same", "channels_first")
    np.testing.assert_allclose(y, jnp.moveaxis(pool(x, (2, 3), None, "same"), -1, 1), rtol=1e-6)


def test_max_pool_is_differentiable_forward_twice_and_under_vmap():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 4, 4, 3)), jnp.float32)

    def loss(pool, x):
        return jnp.sum(pool(x, 2, None, "valid") ** 3)

    for derive in (
        lambda f: jax.jvp(f, (x,), (jnp.ones_like(x),))[1],
        lambda f: jax.grad(lambda x: jnp.sum(jax.grad(f)(x) ** 2))(x),
    ):
        ours, theirs = (derive(lambda x, pool=pool: loss(pool, x)) for pool in (max_pool, reference_max))
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    np.testing.assert_array_equal(jax.vmap(lambda x: max_pool(x[None], 2)[0])(x), max_pool(x, 2))


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_unknown_sizes_and_dtypes(pool):
    b, h = export.symbolic_shape("b, h")
    for shape, expected in [((b, 5, 6, 3), "(b, 3, 3, 3)"), ((b, h, 6, 3), "(b, - floordiv(- h, 2), 3, 3)")]:
        y = jax.eval_shape(lambda x: pool(x, 2, None, "same"), jax.ShapeDtypeStruct(shape, jnp.bfloat16))
        assert (str(y.shape), y.dtype) == (expected, jnp.bfloat16)


def test_max_pool_of_integers_and_of_nan():
    np.testing.assert_array_equal(max_pool(jnp.arange(8).reshape(1, 4, 2), 2), [[[2, 3], [6, 7]]])
    assert np.isnan(max_pool(jnp.array([1.0, jnp.nan, 2.0, 3.0]).reshape(1, 4, 1), 2)[0, 0, 0])
