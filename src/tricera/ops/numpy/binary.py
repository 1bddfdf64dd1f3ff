"""Arithmetic of two arrays, element by element, the smaller one broadcast; and of their bits."""

from jax import numpy as jnp

from tricera.engine.graph import op


@op
def add(x1, x2):
    """`x1 + x2`."""
    return jnp.add(jnp.asarray(x1), jnp.asarray(x2))


@op
def arctan2(x1, x2):
    """The angle of the point `(x2, x1)`, in radians."""
    return jnp.arctan2(jnp.asarray(x1), jnp.asarray(x2))


@op
def divide(x1, x2):
    """`x1 / x2`."""
    return jnp.true_divide(jnp.asarray(x1), jnp.asarray(x2))


@op
def true_divide(x1, x2):
    """`x1 / x2`: what the operator `/` calls."""
    return jnp.true_divide(jnp.asarray(x1), jnp.asarray(x2))


@op
def floor_divide(x1, x2):
    """The largest whole number `<= x1 / x2`."""
    return jnp.floor_divide(jnp.asarray(x1), jnp.asarray(x2))


@op
def fmax(x1, x2):
    """The larger one; where one is NaN, the other."""
    return jnp.fmax(jnp.asarray(x1), jnp.asarray(x2))


@op
def fmin(x1, x2):
    """The smaller one; where one is NaN, the other."""
    return jnp.fmin(jnp.asarray(x1), jnp.asarray(x2))


@op
def fmod(x1, x2):
    """The rest of `x1 / x2`, with the sign of `x1`."""
    return jnp.fmod(jnp.asarray(x1), jnp.asarray(x2))


@op
def gcd(x1, x2):
    """The greatest common divisor."""
    return jnp.gcd(jnp.asarray(x1), jnp.asarray(x2))


@op
def heaviside(x1, x2):
    """0 where `x1 < 0`, `x2` where `x1 == 0`, 1 where `x1 > 0`."""
    return jnp.heaviside(jnp.asarray(x1), jnp.asarray(x2))


@op
def hypot(x1, x2):
    """`sqrt(x1^2 + x2^2)`."""
    return jnp.hypot(jnp.asarray(x1), jnp.asarray(x2))


@op
def lcm(x1, x2):
    """The least common multiple."""
    return jnp.lcm(jnp.asarray(x1), jnp.asarray(x2))


@op
def ldexp(x1, x2):
    """`x1 * 2^x2`."""
    return jnp.ldexp(jnp.asarray(x1), jnp.asarray(x2))


@op
def logaddexp(x1, x2):
    """`log(e^x1 + e^x2)`."""
    return jnp.logaddexp(jnp.asarray(x1), jnp.asarray(x2))


@op
def logaddexp2(x1, x2):
    """`log2(2^x1 + 2^x2)`."""
    return jnp.logaddexp2(jnp.asarray(x1), jnp.asarray(x2))


@op
def maximum(x1, x2):
    """The larger one."""
    return jnp.maximum(jnp.asarray(x1), jnp.asarray(x2))


@op
def minimum(x1, x2):
    """The smaller one."""
    return jnp.minimum(jnp.asarray(x1), jnp.asarray(x2))


@op
def mod(x1, x2):
    """The rest of `x1 / x2`, with the sign of `x2`."""
    return jnp.mod(jnp.asarray(x1), jnp.asarray(x2))


@op
def multiply(x1, x2):
    """`x1 * x2`."""
    return jnp.multiply(jnp.asarray(x1), jnp.asarray(x2))


@op
def nextafter(x1, x2):
    """The next float after `x1` towards `x2`."""
    return jnp.nextafter(jnp.asarray(x1), jnp.asarray(x2))


@op
def power(x1, x2):
    """`x1 ** x2`."""
    return jnp.power(jnp.asarray(x1), jnp.asarray(x2))


@op
def subtract(x1, x2):
    """`x1 - x2`."""
    return jnp.subtract(jnp.asarray(x1), jnp.asarray(x2))


@op
def divide_no_nan(x1, x2):
    """`x1 / x2`, and 0 where `x2 == 0`."""
    x1, x2 = jnp.asarray(x1), jnp.asarray(x2)
    safe = jnp.where(x2 == 0, jnp.ones_like(x2), x2)
    return jnp.where(x2 == 0, 0, jnp.true_divide(x1, safe))


@op
def clip(x, x_min, x_max):
    """`x` moved into `[x_min, x_max]`."""
    x = jnp.asarray(x)
    return jnp.clip(x.astype("int32") if x.dtype == bool else x, x_min, x_max)


# ---- bits


@op
def bitwise_and(x, y):
    """The bits that both have."""
    return jnp.bitwise_and(jnp.asarray(x), jnp.asarray(y))


@op
def bitwise_left_shift(x, y):
    """`x * 2^y`."""
    return jnp.left_shift(jnp.asarray(x), jnp.asarray(y))


left_shift = bitwise_left_shift


@op
def bitwise_or(x, y):
    """The bits that one has."""
    return jnp.bitwise_or(jnp.asarray(x), jnp.asarray(y))


@op
def bitwise_right_shift(x, y):
    """The bits of `x` moved right by `y`, the sign kept."""
    return jnp.right_shift(jnp.asarray(x), jnp.asarray(y))


right_shift = bitwise_right_shift


@op
def bitwise_xor(x, y):
    """The bits that just one has."""
    return jnp.bitwise_xor(jnp.asarray(x), jnp.asarray(y))


@op
def bitwise_not(x):
    """Each bit turned over."""
    return jnp.bitwise_not(jnp.asarray(x))


bitwise_invert = bitwise_not
