"""`tf.linalg`, and what of it is in `tf`."""

import jax
from jax import numpy as jnp

from tricera import ops
from tricera.legacy.tensorflow import arrange, math, tensor
from tricera.legacy.tensorflow.tensor import convert_to_tensor, lift, of_arrays

cholesky = of_arrays(ops.cholesky)
det = of_arrays(ops.det)
diag_part = of_arrays(lambda x: jnp.diagonal(x, axis1=-2, axis2=-1))
einsum, l2_normalize, tensordot = arrange.einsum, math.l2_normalize, arrange.tensordot
eigh = of_arrays(ops.eigh)
inv = of_arrays(ops.inv)
logdet = of_arrays(ops.logdet)
matrix_transpose = of_arrays(lambda x: jnp.swapaxes(x, -1, -2))
pinv = of_arrays(ops.pinv)
qr = of_arrays(ops.qr)
solve = of_arrays(ops.solve)
trace = of_arrays(lambda x: jnp.trace(x, axis1=-2, axis2=-1))


@lift
def matmul(a, b, transpose_a=False, transpose_b=False):
    """The matrix product of the last two axes."""
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    a = jnp.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(a, jnp.swapaxes(b, -1, -2) if transpose_b else b)


@lift
def matvec(a, b, transpose_a=False):
    """A matrix times a vector."""
    a = convert_to_tensor(a)
    return jnp.einsum("...ij,...j->...i", jnp.swapaxes(a, -1, -2) if transpose_a else a, convert_to_tensor(b))


@lift
def norm(tensor, ord="euclidean", axis=None, keepdims=False):
    """The length of vectors along an axis; of all elements, if none is said."""
    x, axis = convert_to_tensor(tensor), tuple(axis) if isinstance(axis, list) else axis
    if ord == "euclidean" or (ord == 2 and not isinstance(axis, tuple)):
        return jnp.sqrt(jnp.sum(jnp.square(jnp.abs(x)), axis, keepdims=keepdims))
    return jnp.linalg.norm(x if axis is not None else x.ravel(), ord, axis, keepdims)


@lift
def eye(num_rows, num_columns=None, batch_shape=None, dtype="float32"):
    """The identity matrix, once for each element of a batch."""
    one = jnp.eye(num_rows, num_columns, dtype=dtype)
    return one if batch_shape is None else jnp.broadcast_to(one, (*batch_shape, *one.shape))


@lift
def diag(diagonal):
    """Matrices with these diagonals."""
    x = convert_to_tensor(diagonal)
    return x[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype)


@lift
def band_part(input, num_lower, num_upper):
    """The diagonals near the main one; -1 stands for all."""
    x = convert_to_tensor(input)
    distance = jnp.arange(x.shape[-2])[:, None] - jnp.arange(x.shape[-1])
    inside = ((num_lower < 0) | (distance <= num_lower)) & ((num_upper < 0) | (-distance <= num_upper))
    return jnp.where(inside, x, jnp.zeros_like(x))


@lift
def svd(tensor, full_matrices=False, compute_uv=True):
    """The singular values s, and u and v with `tensor = u s v^T`."""
    found = jnp.linalg.svd(convert_to_tensor(tensor), full_matrices, compute_uv)
    return (found[1], found[0], jnp.swapaxes(found[2], -1, -2)) if compute_uv else found


@lift
def triangular_solve(matrix, rhs, lower=True, adjoint=False):
    """The x with `matrix x = rhs`, for a triangular matrix."""
    return jax.scipy.linalg.solve_triangular(
        convert_to_tensor(matrix), convert_to_tensor(rhs), trans=2 if adjoint else 0, lower=lower
    )


__getattr__ = tensor.missing("tensorflow.linalg", globals())
