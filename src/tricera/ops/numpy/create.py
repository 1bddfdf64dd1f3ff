"""New arrays: filled, counted, or shaped like others."""

from jax import numpy as jnp

from tricera import config
from tricera.engine.dtypes import result_type
from tricera.engine.graph import op


def zeros(shape, dtype=None):
    """Zeros, of `floatx` where `dtype` is None."""
    return jnp.zeros(shape, dtype or config.floatx())


def ones(shape, dtype=None):
    """Ones, of `floatx` where `dtype` is None."""
    return jnp.ones(shape, dtype or config.floatx())


def empty(shape, dtype=None):
    """An array whose elements nobody has set: zeros."""
    return jnp.zeros(shape, dtype or config.floatx())


@op
def full(shape, fill_value, dtype=None):
    """An array that holds `fill_value` everywhere."""
    return jnp.full(shape, jnp.asarray(fill_value), dtype or config.floatx())


@op
def zeros_like(x, dtype=None):
    """Zeros in the shape of `x`."""
    return jnp.zeros_like(jnp.asarray(x), dtype)


@op
def ones_like(x, dtype=None):
    """Ones in the shape of `x`."""
    return jnp.ones_like(jnp.asarray(x), dtype)


@op
def empty_like(x, dtype=None):
    """An array in the shape of `x` whose elements nobody has set: zeros."""
    return jnp.zeros_like(jnp.asarray(x), dtype)


@op
def full_like(x, fill_value, dtype=None):
    """`fill_value` in the shape of `x`."""
    return jnp.full_like(jnp.asarray(x), jnp.asarray(fill_value), dtype)


@op
def array(x, dtype=None):
    """`x` as an array."""
    return jnp.asarray(x, dtype)


@op
def copy(x):
    """Another array with the same elements."""
    return jnp.copy(jnp.asarray(x))


def eye(N, M=None, k=0, dtype=None):
    """Ones on the `k`-th diagonal of an `N` by `M` matrix, zeros elsewhere."""
    return jnp.eye(N, M, k, dtype or config.floatx())


def identity(n, dtype=None):
    """Ones on the diagonal of an `n` by `n` matrix, zeros elsewhere."""
    return jnp.identity(n, dtype or config.floatx())


def tri(N, M=None, k=0, dtype=None):
    """Ones on and below the `k`-th diagonal of an `N` by `M` matrix, zeros above."""
    return jnp.tri(N, M, k, dtype or config.floatx())


@op
def arange(start, stop=None, step=None, dtype=None):
    """The numbers from `start`, `step` apart, before `stop`; from 0 before `start` where `stop` is None."""
    given = [x for x in (start, stop, step) if x is not None]
    dtype = dtype or result_type(*(getattr(x, "dtype", type(x)) for x in given))
    return jnp.arange(start, stop, step, dtype)


@op
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` numbers at equal distances from `start` to `stop`."""
    return jnp.linspace(jnp.asarray(start), jnp.asarray(stop), num, endpoint, retstep, dtype, axis)


@op
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """`base ** linspace(start, stop, num)`."""
    return jnp.logspace(jnp.asarray(start), jnp.asarray(stop), num, endpoint, base, dtype, axis)


@op
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers with equal ratios from `start` to `stop`."""
    return jnp.geomspace(jnp.asarray(start), jnp.asarray(stop), num, endpoint, dtype, axis)


@op
def meshgrid(*x, indexing="xy"):
    """The coordinates of a grid: each vector repeated along the axes of the others.

    Args:
        indexing: "ij": the first vector runs along the first axis; "xy": along the second.
    """
    return jnp.meshgrid(*map(jnp.asarray, x), indexing=indexing)


@op
def vander(x, N=None, increasing=False):
    """The powers of `x`, `N` of them, as columns; highest first unless `increasing`."""
    return jnp.vander(jnp.asarray(x), N, increasing)


# ---- windows


@op
def bartlett(x):
    """The triangular window of `x` points."""
    return jnp.bartlett(x).astype(config.floatx())


@op
def blackman(x):
    """The Blackman window of `x` points: `0.42 - 0.5 cos(t) + 0.08 cos(2 t)`."""
    return jnp.blackman(x).astype(config.floatx())


@op
def hamming(x):
    """The Hamming window of `x` points: `0.54 - 0.46 cos(t)`."""
    return jnp.hamming(x).astype(config.floatx())


@op
def hanning(x):
    """The Hann window of `x` points: `0.5 - 0.5 cos(t)`."""
    return jnp.hanning(x).astype(config.floatx())


@op
def kaiser(x, beta):
    """The Kaiser window of `x` points: `i0(beta * sqrt(1 - t^2)) / i0(beta)`, t from -1 to 1."""
    return jnp.kaiser(x, beta).astype(config.floatx())
