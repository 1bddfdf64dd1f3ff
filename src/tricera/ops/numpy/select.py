"""Elements by place, by condition, by order; sorting, searching and counting."""

import builtins

from jax import numpy as jnp

from tricera.engine.dtypes import is_float
from tricera.engine.graph import op
from tricera.errors import report


@op
def get_item(x, key):
    """`x[key]`."""
    return jnp.asarray(x)[key]


@op
def take(x, indices, axis=None):
    """The elements of `x` at `indices` along `axis`, negative ones counted from the end; flat where None."""
    return jnp.take(jnp.asarray(x), _places(indices), axis=axis)


@op
def take_along_axis(x, indices, axis=None):
    """`y[i, j] = x[i, indices[i, j]]`, for `axis=1`."""
    return jnp.take_along_axis(jnp.asarray(x), _places(indices), axis)


def _places(indices):
    indices = jnp.asarray(indices)
    return indices.astype("int32") if is_float(indices.dtype) else indices


@op
def where(condition, x1=None, x2=None):
    """`x1` where the condition holds, else `x2`; with neither, the places where it does."""
    condition = jnp.asarray(condition)
    if x1 is None and x2 is None:
        return jnp.where(condition)
    if x1 is None or x2 is None:
        raise ValueError(report("`x1` and `x2` either both should be `None` or both should be given."))
    return jnp.where(condition, jnp.asarray(x1), jnp.asarray(x2))


@op
def select(condlist, choicelist, default=0):
    """The element of the first choice whose condition holds, else `default`."""
    return jnp.select([jnp.asarray(c) for c in condlist], [jnp.asarray(c) for c in choicelist], default)


@op
def nonzero(x):
    """The places of what is not 0: one array of indices for each axis."""
    return jnp.nonzero(jnp.asarray(x))


@op
def unravel_index(indices, shape):
    """The indices along each axis of an array of this shape, from those in the flat array."""
    return jnp.unravel_index(jnp.asarray(indices), shape)


# ---- diagonals


@op
def diag(x, k=0):
    """Of a vector the matrix with it on its `k`-th diagonal; of a matrix that diagonal."""
    return jnp.diag(jnp.asarray(x), k)


@op
def diagflat(x, k=0):
    """The matrix with the elements of `x` on its `k`-th diagonal."""
    return jnp.diagflat(jnp.asarray(x), k)


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal of each matrix in the axes `axis1` and `axis2`, along a new last axis."""
    x = jnp.asarray(x)
    if x.ndim and (axis1 - axis2) % x.ndim == 0:
        raise ValueError(report("`axis1` and `axis2` must be different axes.", got=f"{axis1} and {axis2}"))
    return jnp.diagonal(x, offset, axis1, axis2)


@op
def tril(x, k=0):
    """Each matrix with zeros above its `k`-th diagonal."""
    return jnp.tril(jnp.asarray(x), k)


@op
def triu(x, k=0):
    """Each matrix with zeros below its `k`-th diagonal."""
    return jnp.triu(jnp.asarray(x), k)


# ---- order


@op
def sort(x, axis=-1):
    """The elements along `axis`, smallest first."""
    return jnp.sort(jnp.asarray(x), axis)


@op
def argsort(x, axis=-1):
    """The places of the elements along `axis`, that of the smallest first."""
    x = jnp.asarray(x)
    return jnp.argsort(x, axis if x.ndim else None)


@op
def argpartition(x, kth, axis=-1):
    """The places of the elements along `axis`: those of smaller ones, the `kth` smallest, those of larger ones.

    Args:
        axis: None for that of the flat array.
    """
    x, axis = (jnp.ravel(x), -1) if axis is None else (jnp.asarray(x), axis)
    return jnp.argpartition(x, kth, axis)


@op
def searchsorted(sorted_sequence, values, side="left"):
    """Where to put each value so that the sequence stays sorted; before equal ones ("left") or after ("right")."""
    return jnp.searchsorted(jnp.asarray(sorted_sequence), jnp.asarray(values), side)


@op
def digitize(x, bins):
    """The number of the bin of each element: how many of the growing `bins` are `<= x`."""
    return jnp.digitize(jnp.asarray(x), jnp.asarray(bins))


@op
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each whole number from 0 on occurs along the last axis; the sum of its weights where given.

    Shapes: `(..., n) -> (..., max(minlength, max(x) + 1))`.
    """
    x = jnp.asarray(x)
    length = builtins.max(int(x.max()) + 1 if x.size else 0, minlength)
    weights = jnp.ones(x.shape, "int32") if weights is None else jnp.asarray(weights)
    ones = x[..., None] == jnp.arange(length)
    return jnp.sum(ones * weights[..., None], -2, dtype=weights.dtype)


@op
def histogram(x, bins=10, range=None):
    """How many elements fall into each bin, and the bins' edges.

    Args:
        bins: a number of equal bins, or their edges.
        range: the outermost edges; None: the smallest and the largest element.
    """
    return jnp.histogram(jnp.asarray(x), bins, range)


@op
def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    """The different elements (along `axis`, the different slices), sorted; no NaN equals another.

    Args:
        size: so many, the rest `fill_value`; makes it work on symbolic tensors.
    """
    more = {"equal_nan": False, "size": size, "fill_value": fill_value}
    return jnp.unique(jnp.asarray(x), return_index, return_inverse, return_counts, axis, **more)
