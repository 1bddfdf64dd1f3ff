"""keras.ops.linalg: factors, norms and solutions of matrices, the last two axes of an array."""

from functools import partial

import jax
from jax import numpy as jnp
from jax import scipy

from tricera.engine.graph import op
from tricera.errors import report


@op
def cholesky(x, upper=False):
    """The lower triangular L with `L @ L^T = x`; its transpose where `upper`."""
    factor = jnp.linalg.cholesky(_matrices(x, square=True), upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise ValueError(report("Cholesky decomposition failed.", fix="pass a positive definite matrix."))
    return factor


def _matrices(x, square=False):
    x = jnp.asarray(x)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        expected = "(..., n, n)" if square else "(..., m, n)"
        raise ValueError(report("The input is no matrix of the right shape.", expected=expected, got=x.shape))
    return x


@op
def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    x = jnp.asarray(x)
    unit = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    return scipy.linalg.cho_solve((x, not upper), unit)


@op
def det(x):
    """The determinant."""
    return jnp.linalg.det(jnp.asarray(x))


@op
def logdet(x):
    """The logarithm of the determinant of a positive definite matrix."""
    return jnp.linalg.slogdet(jnp.asarray(x))[1]


@op
def eig(x):
    """Eigenvalues, and eigenvectors as columns; on CPU only."""
    return tuple(jnp.linalg.eig(jnp.asarray(x)))


@op
def eigh(x):
    """Eigenvalues of a symmetric matrix, smallest first, and eigenvectors as columns."""
    return tuple(jnp.linalg.eigh(_matrices(x, square=True)))


@op
def inv(x):
    """The inverse."""
    return jnp.linalg.inv(jnp.asarray(x))


@op
def pinv(x, rcond=None):
    """Moore and Penrose's inverse; singular values below `rcond` times the largest count as 0."""
    return jnp.linalg.pinv(jnp.asarray(x), rcond)


@op
def lu_factor(x):
    """L and U in one matrix, and the pivots: row i was exchanged with row `pivots[i]`."""
    return tuple(scipy.linalg.lu_factor(jnp.asarray(x)))


@op
def matrix_rank(x, tol=None):
    """The number of singular values above `tol`."""
    return jnp.linalg.matrix_rank(_matrices(x), tol)


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors (one axis) or matrices (two); None: of the flat array, Euclidean.

    Args:
        ord: a number p for `sum(|x|^p)^(1/p)`, infinity, "fro" or "nuc".
    """
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype("float32")
    return jnp.linalg.norm(x, ord, axis, keepdims)


@op
def qr(x, mode="reduced"):
    """`x = Q @ R`: orthogonal and upper triangular; `mode="complete"`: Q square."""
    if mode not in ("reduced", "complete"):
        raise ValueError(report("`mode` is unknown. Expected one of {'reduced', 'complete'}.", got=repr(mode)))
    return tuple(jnp.linalg.qr(_matrices(x), mode))


@op
def solve(a, b):
    """`x` with `a @ x = b`."""
    return _solved(jnp.linalg.solve, a, b)


@op
def solve_triangular(a, b, lower=False):
    """`x` with `a @ x = b`, for a triangular `a`."""
    return _solved(partial(scipy.linalg.solve_triangular, lower=lower), a, b)


def _solved(solver, a, b):
    """With a vector for `b`, one axis less than `a` has, or a matrix."""
    a, b = jnp.asarray(a), jnp.asarray(b)
    return solver(a, b) if b.ndim != a.ndim - 1 else jnp.squeeze(solver(a, b[..., None]), -1)


@op
def lstsq(a, b, rcond=None):
    """The `x` for which `|a @ x - b|` is smallest."""
    return jnp.linalg.lstsq(jnp.asarray(a), jnp.asarray(b), rcond)[0]


@op
def svd(x, full_matrices=True, compute_uv=True):
    """U, singular values s (largest first) and V^H with `x = U @ diag(s) @ V^H`; only s unless `compute_uv`."""
    found = jnp.linalg.svd(jnp.asarray(x), full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@op
def jvp(fun, primals, tangents, has_aux=False):
    """`fun(*primals)`, and its derivative in the direction of `tangents`."""
    primals, tangents = jax.tree.map(jnp.asarray, (tuple(primals), tuple(tangents)))
    return jax.jvp(fun, primals, tangents, has_aux)
