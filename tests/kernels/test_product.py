"""Products of a dense layer against `jnp.matmul`, whose gradients JAX derives."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from tricera.kernels import product

SHAPES = {
    "dense": ((4, 3), (3, 5)),
    "many samples": ((3, 8, 3), (3, 5)),
    "wide": ((2, 600), (600, 520)),
    "vector": ((3,), (3, 5)),
    "batched": ((2, 4, 3), (2, 3, 5)),
}


def operands(name, dtype="float32"):
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.normal(size=shape), dtype) for shape in SHAPES[name]]


def close(ours, theirs):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), ours, theirs)


@pytest.mark.parametrize("name", SHAPES)
def test_value_and_gradients(name):
    x, w = operands(name)
    expected, pull = jax.vjp(jnp.matmul, x, w)
    y, pull_ours = jax.vjp(product.matmul, x, w)
    close((y, pull_ours(expected)), (expected, pull(expected)))


def test_every_way_to_differentiate_and_to_batch():
    x, w = operands("dense")

    def sharp(matmul):
        def f(w, x):
            return jnp.sum(jnp.tanh(matmul(x, w)) ** 2)

        hessian = jax.jacfwd(jax.grad(f))(w, x), jax.jacrev(jax.jacrev(f))(w, x)
        each = jax.vmap(jax.grad(f), (None, 0))(w, jnp.stack([x, 2 * x]))
        return hessian, each, jax.jvp(f, (w, x), (w, x)), jax.vmap(matmul, (0, None))(jnp.stack([x, x]), w)

    close(sharp(product.matmul), sharp(jnp.matmul))


def test_the_weights_gradient_sums_over_the_last_axis_of_what_it_turned(monkeypatch):
    monkeypatch.setattr(product.native.library, "name_of", lambda target: None)
    x, w = operands("dense")
    lowered = jax.jit(jax.grad(lambda w: product.matmul(x * 2, w).sum())).lower(w).as_text()
    assert "optimization_barrier" in lowered
    assert "contracting_dims = [0] x [0]" not in lowered


def test_mixed_dtypes_promote():
    x, w = operands("dense", "bfloat16")
    assert product.matmul(x, w).dtype == "bfloat16"
    assert product.matmul(x, w.astype("float32")).dtype == "float32"
    assert product.matmul(jnp.ones((2, 3), "int32"), jnp.ones((3, 5), "int32")).dtype == "int32"
