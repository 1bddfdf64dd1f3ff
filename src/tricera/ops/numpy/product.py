"""Products of vectors, matrices and tensors, and what slides one array along another."""

from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.graph import op
from tricera.kernels import product


@op
def matmul(x1, x2):
    """The matrix product over the last two axes, the others broadcast; of vectors the dot product."""
    x1, x2 = jnp.asarray(x1), jnp.asarray(x2)
    if x1.dtype == x2.dtype == jnp.int8:  # their sums have no place in a byte
        return jnp.matmul(x1, x2, preferred_element_type=jnp.int32)
    return product.matmul(x1, x2)


@op
def dot(x1, x2):
    """`sum_k x1[..., k] * x2[..., k, :]`, every matrix of `x1` with every one of `x2`."""
    return jnp.dot(jnp.asarray(x1), jnp.asarray(x2))


@op
def inner(x1, x2):
    """The sum of products over the last axis of both."""
    return jnp.inner(jnp.asarray(x1), jnp.asarray(x2))


@op
def outer(x1, x2):
    """`y[i, j] = x1[i] * x2[j]`, of the flat arrays."""
    return jnp.outer(jnp.asarray(x1), jnp.asarray(x2))


@op
def vdot(x1, x2):
    """The dot product of the flat arrays, the first one conjugated."""
    return jnp.vdot(jnp.asarray(x1), jnp.asarray(x2))


@op
def tensordot(x1, x2, axes=2):
    """The sum of products over `axes`: the last so many of `x1` and the first of `x2`, or a list for each."""
    return jnp.tensordot(jnp.asarray(x1), jnp.asarray(x2), axes)


@op
def einsum(subscripts, *operands, **kwargs):
    """The sum of products that Einstein's notation names: `"bij,bjk->bik"`."""
    operands = [jnp.asarray(x) for x in operands]
    if all(x.dtype == jnp.int8 for x in operands):
        kwargs.setdefault("preferred_element_type", jnp.int32)
    return jnp.einsum(subscripts, *operands, **kwargs)


@op
def kron(x1, x2):
    """Kronecker's product: each element of `x1` times all of `x2`."""
    return jnp.kron(jnp.asarray(x1), jnp.asarray(x2))


@op
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of 3 (or 2) components along these axes."""
    return jnp.cross(jnp.asarray(x1), jnp.asarray(x2), axisa, axisb, axisc, axis)


@op
def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of the diagonal in the axes `axis1` and `axis2`."""
    x = jnp.asarray(x)
    return jnp.trace(x, offset, axis1, axis2, dtype="int32" if x.dtype == bool else None)


@op
def slogdet(x):
    """The determinant's sign, and the logarithm of its size."""
    return tuple(jnp.linalg.slogdet(jnp.asarray(x)))


@op
def correlate(x1, x2, mode="valid"):
    """`y[k] = sum_n x1[n + k] * x2[n]`, for two vectors.

    Args:
        mode: "valid": where they overlap wholly; "full": where at all; "same": as long as the longer one.
    """
    x1, x2 = jnp.asarray(x1), jnp.asarray(x2)
    dtype = jnp.result_type(x1, x2)
    dtype = dtype if jnp.issubdtype(dtype, jnp.inexact) else "float32"
    return jnp.correlate(x1.astype(dtype), x2.astype(dtype), mode)


@op
def corrcoef(x):
    """Pearson's correlation of each row with each other."""
    return jnp.corrcoef(jnp.asarray(x))


@op
def diff(a, n=1, axis=-1):
    """The difference of neighbours along `axis`, `n` times."""
    scope.spend("diff", steps=n)
    return jnp.diff(jnp.asarray(a), n, axis)


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of `y` along `axis` by the trapezoidal rule, at the places `x`, or `dx` apart."""
    return jnp.trapezoid(jnp.asarray(y), None if x is None else jnp.asarray(x), dx, axis)
