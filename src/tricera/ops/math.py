"""keras.ops.math: segments, the largest elements, Fourier transforms, and special functions."""

import jax
from jax import lax
from jax import numpy as jnp
from jax.scipy import special

from tricera.engine.graph import op
from tricera.errors import report


@op
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """The sum of the rows of `data` with the same id, for each id from 0; negative ids are left out."""
    return jax.ops.segment_sum(*_segments(data, segment_ids), num_segments, sorted)


@op
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """The largest elements of the rows of `data` with the same id, for each id from 0."""
    return jax.ops.segment_max(*_segments(data, segment_ids), num_segments, sorted)


@op
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """The smallest elements of the rows of `data` with the same id, for each id from 0."""
    return jax.ops.segment_min(*_segments(data, segment_ids), num_segments, sorted)


@op
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """The product of the rows of `data` with the same id, for each id from 0."""
    return jax.ops.segment_prod(*_segments(data, segment_ids), num_segments, sorted)


def _segments(data, segment_ids):
    data, ids = jnp.asarray(data), jnp.asarray(segment_ids).astype("int32")
    got = f"data {data.shape}, segment_ids {ids.shape}"
    if ids.ndim != 1:
        raise ValueError(report("Argument `segment_ids` should be an 1-D vector, an id for each row.", got=got))
    if data.shape[0] != ids.shape[0]:
        raise ValueError(report("Argument `segment_ids` and `data` should have same leading dimension.", got=got))
    return data, ids


@op
def top_k(x, k, sorted=True):
    """The `k` largest elements along the last axis, largest first, and their places."""
    return tuple(lax.top_k(jnp.asarray(x), k))


@op
def in_top_k(targets, predictions, k):
    """Whether the prediction of each target class is among the `k` largest; ties count, what is not finite does not.

    Shapes: targets `(batch,)`, predictions `(batch, classes) -> (batch,)`.
    """
    targets, predictions = jnp.asarray(targets).astype("int32"), jnp.asarray(predictions)
    chosen = jnp.take_along_axis(predictions, targets[:, None], axis=-1, mode="fill", fill_value=jnp.nan)
    larger = jnp.sum(predictions > chosen, -1)
    return jnp.logical_and(larger < k, jnp.isfinite(chosen[:, 0]))


@op
def logsumexp(x, axis=None, keepdims=False):
    """`log(sum(e^x))` along `axis`, safe from overflow."""
    return special.logsumexp(jnp.asarray(x), axis, keepdims=keepdims)


@op
def rsqrt(x):
    """`1 / sqrt(x)`."""
    x = jnp.asarray(x)
    return lax.rsqrt(x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype("float32"))


@op
def erf(x):
    """The error function: `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`."""
    return special.erf(jnp.asarray(x))


@op
def erfc(x):
    """`1 - erf(x)`, precise for large `x`."""
    return special.erfc(jnp.asarray(x))


@op
def erfinv(x):
    """`y` with `erf(y) = x`."""
    return special.erfinv(jnp.asarray(x))


@op
def cdist(x, y):
    """The Euclidean distance of each row of `x` to each row of `y`: `(..., n, d), (..., m, d) -> (..., n, m)`."""
    difference = jnp.asarray(x)[..., :, None, :] - jnp.asarray(y)[..., None, :, :]
    return jnp.linalg.norm(difference, axis=-1)


@op
def view_as_complex(x):
    """Complex numbers from real and imaginary parts along the last axis, of size 2."""
    x = jnp.asarray(x)
    if x.shape[-1] != 2:
        raise ValueError(report("Last dimension of input must be size 2 (real and imaginary).", got=f"shape {x.shape}"))
    return lax.complex(x[..., 0], x[..., 1])


@op
def view_as_real(x):
    """Real and imaginary parts along a new last axis."""
    x = jnp.asarray(x)
    return jnp.stack([jnp.real(x), jnp.imag(x)], -1)
