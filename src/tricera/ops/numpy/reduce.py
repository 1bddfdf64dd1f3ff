"""Sums, means, extremes and quantiles along axes.

`axis` is a number, several, or None for all; `keepdims` keeps each as an axis of size 1.
"""

from jax import numpy as jnp

from tricera.engine.graph import op


@op
def mean(x, axis=None, keepdims=False):
    """The mean along `axis`; of integers a float."""
    return jnp.mean(jnp.asarray(x), axis, keepdims=keepdims)


@op
def median(x, axis=None, keepdims=False):
    """The middle element along `axis`; of two, their mean."""
    return jnp.median(jnp.asarray(x), axis, keepdims=keepdims)


@op
def std(x, axis=None, keepdims=False):
    """The standard deviation along `axis`: `sqrt(var(x))`."""
    return jnp.std(jnp.asarray(x), axis, keepdims=keepdims)


@op
def sum(x, axis=None, keepdims=False):
    """The sum along `axis`; of booleans, their number."""
    return jnp.sum(jnp.asarray(x), axis, keepdims=keepdims)


@op
def var(x, axis=None, keepdims=False):
    """The variance along `axis`: `mean((x - mean(x))^2)`."""
    return jnp.var(jnp.asarray(x), axis, keepdims=keepdims)


@op
def ptp(x, axis=None, keepdims=False):
    """`max(x) - min(x)` along `axis`."""
    return jnp.ptp(jnp.asarray(x), axis, keepdims=keepdims)


@op
def amax(x, axis=None, keepdims=False):
    """The largest element along `axis`."""
    return jnp.max(jnp.asarray(x), axis, keepdims=keepdims)


@op
def amin(x, axis=None, keepdims=False):
    """The smallest element along `axis`."""
    return jnp.min(jnp.asarray(x), axis, keepdims=keepdims)


@op
def argmax(x, axis=None, keepdims=False):
    """The place of the first largest element along `axis`; None: in the flat array."""
    return jnp.argmax(jnp.asarray(x), axis, keepdims=keepdims)


@op
def argmin(x, axis=None, keepdims=False):
    """The place of the first smallest element along `axis`; None: in the flat array."""
    return jnp.argmin(jnp.asarray(x), axis, keepdims=keepdims)


@op
def max(x, axis=None, keepdims=False, initial=None):
    """The largest element along `axis`, and no less than `initial`."""
    return jnp.max(jnp.asarray(x), axis, keepdims=keepdims, initial=initial)


@op
def min(x, axis=None, keepdims=False, initial=None):
    """The smallest element along `axis`, and no more than `initial`."""
    return jnp.min(jnp.asarray(x), axis, keepdims=keepdims, initial=initial)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product along `axis`."""
    return jnp.prod(jnp.asarray(x), axis, keepdims=keepdims, dtype=dtype)


@op
def average(x, axis=None, weights=None):
    """`sum(weights * x) / sum(weights)` along `axis`; equal weights where None."""
    return jnp.average(jnp.asarray(x), axis, None if weights is None else jnp.asarray(weights))


@op
def count_nonzero(x, axis=None):
    """How many elements along `axis` are not 0."""
    return jnp.count_nonzero(jnp.asarray(x), axis)


@op
def cumprod(x, axis=None, dtype=None):
    """The product of all elements up to each one, along `axis`; None: in the flat array."""
    return jnp.cumprod(jnp.asarray(x), axis, dtype)


@op
def cumsum(x, axis=None, dtype=None):
    """The sum of all elements up to each one, along `axis`; None: in the flat array."""
    return jnp.cumsum(jnp.asarray(x), axis, dtype)


@op
def nancumprod(x, axis=None, dtype=None):
    """`cumprod` with 1 for NaN, along `axis`; None: in the flat array."""
    return jnp.nancumprod(jnp.asarray(x), axis, dtype)


@op
def nancumsum(x, axis=None, dtype=None):
    """`cumsum` with 0 for NaN, along `axis`; None: in the flat array."""
    return jnp.nancumsum(jnp.asarray(x), axis, dtype)


@op
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The number below which the part `q` (0 to 1) of the elements along `axis` lies.

    Shapes: `q` of shape `(n,)` puts an axis of n first.

    Args:
        method: between two elements "linear", "lower", "higher", "midpoint" or "nearest".
    """
    return jnp.quantile(_floats(x), jnp.asarray(q), axis, method=method, keepdims=keepdims)


@op
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile` of what is not NaN."""
    return jnp.nanquantile(_floats(x), jnp.asarray(q), axis, method=method, keepdims=keepdims)


@op
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """The quantile of `q / 100`."""
    return jnp.quantile(_floats(x), jnp.asarray(q) / 100, axis, method=method, keepdims=keepdims)


@op
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """`percentile` of what is not NaN."""
    return jnp.nanquantile(_floats(x), jnp.asarray(q) / 100, axis, method=method, keepdims=keepdims)


def _floats(x):
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32")


@op
def nanargmax(x, axis=None, keepdims=False):
    """`argmax` of what is not NaN; -1 where all are."""
    return jnp.nanargmax(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanargmin(x, axis=None, keepdims=False):
    """`argmin` of what is not NaN; -1 where all are."""
    return jnp.nanargmin(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanmax(x, axis=None, keepdims=False):
    """`max` of what is not NaN."""
    return jnp.nanmax(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanmean(x, axis=None, keepdims=False):
    """`mean` of what is not NaN."""
    return jnp.nanmean(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanmedian(x, axis=None, keepdims=False):
    """`median` of what is not NaN."""
    return jnp.nanmedian(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanmin(x, axis=None, keepdims=False):
    """`min` of what is not NaN."""
    return jnp.nanmin(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanprod(x, axis=None, keepdims=False):
    """`prod` with 1 for NaN."""
    return jnp.nanprod(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanstd(x, axis=None, keepdims=False):
    """`std` of what is not NaN."""
    return jnp.nanstd(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nansum(x, axis=None, keepdims=False):
    """`sum` with 0 for NaN."""
    return jnp.nansum(jnp.asarray(x), axis, keepdims=keepdims)


@op
def nanvar(x, axis=None, keepdims=False):
    """`var` of what is not NaN."""
    return jnp.nanvar(jnp.asarray(x), axis, keepdims=keepdims)
