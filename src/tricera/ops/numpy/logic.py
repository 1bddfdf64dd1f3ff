"""Questions with the answers true and false."""

from jax import numpy as jnp

from tricera.engine.graph import op


@op
def isfinite(x):
    """Whether `x` is neither infinite nor NaN."""
    return jnp.isfinite(jnp.asarray(x))


@op
def isinf(x):
    """Whether `x` is infinite."""
    return jnp.isinf(jnp.asarray(x))


@op
def isnan(x):
    """Whether `x` is NaN."""
    return jnp.isnan(jnp.asarray(x))


@op
def isneginf(x):
    """Whether `x` is negative infinity."""
    return jnp.isneginf(jnp.asarray(x))


@op
def isposinf(x):
    """Whether `x` is positive infinity."""
    return jnp.isposinf(jnp.asarray(x))


@op
def isreal(x):
    """Whether the imaginary part of `x` is 0."""
    return jnp.isreal(jnp.asarray(x))


@op
def signbit(x):
    """Whether the sign bit of `x` is set."""
    return jnp.signbit(jnp.asarray(x))


@op
def logical_not(x):
    """Whether `x` is false."""
    return jnp.logical_not(jnp.asarray(x))


@op
def equal(x1, x2):
    """`x1 == x2`, elementwise."""
    return jnp.equal(jnp.asarray(x1), jnp.asarray(x2))


@op
def greater(x1, x2):
    """`x1 > x2`."""
    return jnp.greater(jnp.asarray(x1), jnp.asarray(x2))


@op
def greater_equal(x1, x2):
    """`x1 >= x2`."""
    return jnp.greater_equal(jnp.asarray(x1), jnp.asarray(x2))


@op
def less(x1, x2):
    """`x1 < x2`."""
    return jnp.less(jnp.asarray(x1), jnp.asarray(x2))


@op
def less_equal(x1, x2):
    """`x1 <= x2`."""
    return jnp.less_equal(jnp.asarray(x1), jnp.asarray(x2))


@op
def logical_and(x1, x2):
    """Whether both are true."""
    return jnp.logical_and(jnp.asarray(x1), jnp.asarray(x2))


@op
def logical_or(x1, x2):
    """Whether one is true."""
    return jnp.logical_or(jnp.asarray(x1), jnp.asarray(x2))


@op
def logical_xor(x1, x2):
    """Whether just one is true."""
    return jnp.logical_xor(jnp.asarray(x1), jnp.asarray(x2))


@op
def not_equal(x1, x2):
    """`x1 != x2`, elementwise."""
    return jnp.not_equal(jnp.asarray(x1), jnp.asarray(x2))


@op
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """`|x1 - x2| <= atol + rtol * |x2|`."""
    return jnp.isclose(jnp.asarray(x1), jnp.asarray(x2), rtol, atol, equal_nan)


@op
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `isclose` holds everywhere."""
    return jnp.allclose(jnp.asarray(x1), jnp.asarray(x2), rtol, atol, equal_nan)


@op
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each element of `x1` is one of `x2`; the opposite where `invert`."""
    return jnp.isin(jnp.asarray(x1), jnp.asarray(x2), assume_unique, invert)


@op
def all(x, axis=None, keepdims=False):
    """Whether every element along `axis` is true."""
    return jnp.all(jnp.asarray(x), axis, keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """Whether some element along `axis` is true."""
    return jnp.any(jnp.asarray(x), axis, keepdims=keepdims)
