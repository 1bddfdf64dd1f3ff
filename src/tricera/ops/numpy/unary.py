"""Functions of one array, element by element."""

from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op


@op
def absolute(x):
    """`|x|`."""
    return jnp.absolute(jnp.asarray(x))


abs = absolute


@op
def arccos(x):
    """`y` with `cos(y) = x`."""
    return jnp.arccos(jnp.asarray(x))


@op
def arccosh(x):
    """`y >= 0` with `cosh(y) = x`."""
    return jnp.arccosh(jnp.asarray(x))


@op
def arcsin(x):
    """`y` with `sin(y) = x`."""
    return jnp.arcsin(jnp.asarray(x))


@op
def arcsinh(x):
    """`y` with `sinh(y) = x`."""
    return jnp.arcsinh(jnp.asarray(x))


@op
def arctan(x):
    """`y` with `tan(y) = x`."""
    return jnp.arctan(jnp.asarray(x))


@op
def arctanh(x):
    """`y` with `tanh(y) = x`."""
    return jnp.arctanh(jnp.asarray(x))


@op
def cbrt(x):
    """`x ** (1 / 3)`, negative where `x` is."""
    return jnp.cbrt(jnp.asarray(x))


@op
def ceil(x):
    """The smallest whole number `>= x`."""
    return jnp.ceil(_as_float(x))


@op
def cos(x):
    """`cos(x)`, in radians."""
    return jnp.cos(jnp.asarray(x))


@op
def cosh(x):
    """`(e^x + e^-x) / 2`."""
    return jnp.cosh(jnp.asarray(x))


@op
def deg2rad(x):
    """`x * pi / 180`."""
    return jnp.deg2rad(jnp.asarray(x))


@op
def exp(x):
    """`e^x`."""
    return jnp.exp(jnp.asarray(x))


@op
def exp2(x):
    """`2^x`."""
    return jnp.exp2(jnp.asarray(x))


@op
def expm1(x):
    """`e^x - 1`, precise near 0."""
    return jnp.expm1(jnp.asarray(x))


@op
def fabs(x):
    """`|x|`, as a float."""
    return jnp.fabs(jnp.asarray(x))


@op
def floor(x):
    """The largest whole number `<= x`."""
    return jnp.floor(_as_float(x))


@op
def i0(x):
    """The modified Bessel function of the first kind, of order 0."""
    return jnp.i0(jnp.asarray(x))


@op
def log(x):
    """The natural logarithm."""
    return jnp.log(jnp.asarray(x))


@op
def log10(x):
    """The logarithm to base 10."""
    return jnp.log10(jnp.asarray(x))


@op
def log1p(x):
    """`log(1 + x)`, precise near 0."""
    return jnp.log1p(jnp.asarray(x))


@op
def log2(x):
    """The logarithm to base 2."""
    return jnp.log2(jnp.asarray(x))


@op
def negative(x):
    """`-x`."""
    return jnp.negative(jnp.asarray(x))


@op
def rad2deg(x):
    """`x * 180 / pi`."""
    return jnp.rad2deg(jnp.asarray(x))


@op
def reciprocal(x):
    """`1 / x`."""
    return jnp.reciprocal(jnp.asarray(x))


@op
def sign(x):
    """-1, 0 or 1, as the sign of `x`."""
    return jnp.sign(jnp.asarray(x))


@op
def sin(x):
    """`sin(x)`, in radians."""
    return jnp.sin(jnp.asarray(x))


@op
def sinc(x):
    """`sin(pi x) / (pi x)`, and 1 at 0."""
    return jnp.sinc(jnp.asarray(x))


@op
def sinh(x):
    """`(e^x - e^-x) / 2`."""
    return jnp.sinh(jnp.asarray(x))


@op
def sqrt(x):
    """The square root."""
    return jnp.sqrt(jnp.asarray(x))


@op
def square(x):
    """`x * x`."""
    return jnp.square(jnp.asarray(x))


@op
def tan(x):
    """`tan(x)`, in radians."""
    return jnp.tan(jnp.asarray(x))


@op
def tanh(x):
    """`(e^x - e^-x) / (e^x + e^-x)`."""
    return jnp.tanh(jnp.asarray(x))


@op
def trunc(x):
    """`x` without its fraction, towards 0."""
    return jnp.trunc(jnp.asarray(x))


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """`x` with these numbers for NaN and the infinities; the dtype's largest and smallest for None."""
    return jnp.nan_to_num(jnp.asarray(x), nan=nan, posinf=posinf, neginf=neginf)


@op
def round(x, decimals=0):
    """The nearest number with so many decimals; halves go to the even one."""
    x = jnp.asarray(x)
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        return jnp.round(x.astype(config.floatx()), decimals).astype(x.dtype)
    return jnp.round(x, decimals)


def _as_float(x):
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


# ---- complex numbers


@op
def angle(x):
    """The angle of a complex number, in radians."""
    return jnp.angle(jnp.asarray(x))


@op
def conjugate(x):
    """The complex conjugate."""
    return jnp.conjugate(jnp.asarray(x))


conj = conjugate


@op
def imag(x):
    """The imaginary part."""
    return jnp.imag(jnp.asarray(x))


@op
def real(x):
    """The real part."""
    return jnp.real(jnp.asarray(x))


# ---- functions of one's own


def vectorize(pyfunc, *, excluded=None, signature=None):
    """`pyfunc`, made for single elements (or for what `signature` names), applied to all elements of arrays."""
    return jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature)
