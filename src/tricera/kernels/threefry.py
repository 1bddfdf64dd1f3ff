"""JAX's threefry2x32 generator in NumPy: random numbers for initial weights without compiling a program for each shape.

Same numbers as `jax.random` on a raw `uint32[2]` key. Where the host cannot give them (a traced key, a dtype other
than float32, the unpartitionable generator), `jax.random` is asked.

Reference: Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_CHUNK = 1 << 15  # elements whose two words and scratch stay in the second-level cache
_THREADS = 4

# Giles, 2012, "Approximating the erfinv function", table 5: single precision, highest power first.
_ERFINV_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_ERFINV_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def bits(key: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Uniform random `uint32`, as `jax.random.bits(key, shape, "uint32")`."""
    return _fill(key, shape, np.uint32, lambda words: words)


def uniform(key, shape: Sequence[int], minval=0.0, maxval=1.0, dtype="float32"):
    """Uniform numbers in `[minval, maxval)`, bit for bit those of `jax.random.uniform`."""
    if not _on_host(key, dtype):
        return jax.random.uniform(key, tuple(shape), dtype, minval, maxval)
    return _fill(key, shape, np.float32, lambda words: _between(words, np.float32(minval), np.float32(maxval)))


def normal(key, shape: Sequence[int], dtype="float32"):
    """Normal numbers of mean 0 and deviation 1: `sqrt(2) * erf_inv(u)`, u uniform in (-1, 1)."""
    if not _on_host(key, dtype):
        return jax.random.normal(key, tuple(shape), dtype)
    low = np.nextafter(np.float32(-1), np.float32(0))
    return _fill(key, shape, np.float32, lambda words: _probit(_between(words, low, np.float32(1))))


def truncated_normal(key, lower, upper, shape: Sequence[int], dtype="float32"):
    """Normal numbers that lie in `(lower, upper)`: `sqrt(2) * erf_inv(u)`, u between the two bounds' `erf`."""
    if not _on_host(key, dtype):
        return jax.random.truncated_normal(key, lower, upper, tuple(shape), dtype)
    low, high = (np.float32(math.erf(np.float32(bound) / np.float32(math.sqrt(2)))) for bound in (lower, upper))
    inside = np.nextafter(np.float32(lower), np.float32(np.inf)), np.nextafter(np.float32(upper), np.float32(-np.inf))

    def draw(words):
        numbers = _probit(_between(words, low, high))
        return np.clip(numbers, *inside, out=numbers)

    return _fill(key, shape, np.float32, draw)


def _on_host(key, dtype) -> bool:
    known = not isinstance(key, jax.core.Tracer) and getattr(key, "dtype", None) == np.uint32
    return known and np.dtype(dtype) == np.float32 and jax.config.jax_threefry_partitionable


def _fill(key, shape: Sequence[int], dtype, draw: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """`draw` of each chunk's random words; chunks are independent, and NumPy frees the interpreter's lock in each."""
    key = np.asarray(key, np.uint32)
    out = np.empty(tuple(shape), dtype)
    flat = out.reshape(-1)

    def fill(start: int) -> None:
        stop = min(start + _CHUNK, flat.size)
        flat[start:stop] = draw(_hash_counters(key, start, stop))

    starts = range(0, flat.size, _CHUNK)
    if len(starts) < 2 * _THREADS:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(fill, starts))
    return out


def _hash_counters(key: np.ndarray, start: int, stop: int) -> np.ndarray:
    """The two words of threefry2x32 of the 64-bit counters in `[start, stop)`, combined by exclusive or."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    counters = np.arange(start, stop, dtype=np.uint64)
    x, y = (counters >> np.uint64(32)).astype(np.uint32), counters.astype(np.uint32)
    spill = np.empty_like(x)
    x += keys[0]
    y += keys[1]
    for turn in range(5):
        for rotation in _ROTATIONS[turn % 2]:
            x += y
            np.right_shift(y, np.uint32(32 - rotation), out=spill)
            y <<= np.uint32(rotation)
            y |= spill
            y ^= x
        x += keys[(turn + 1) % 3]
        y += np.uint32((int(keys[(turn + 2) % 3]) + turn + 1) & 0xFFFFFFFF)
    x ^= y
    return x


def _between(words: np.ndarray, low: np.float32, high: np.float32) -> np.ndarray:
    """23 random bits as the mantissa of a number in [1, 2), moved to `[low, high)`; in place."""
    words >>= np.uint32(9)
    words |= np.uint32(0x3F800000)
    numbers = words.view(np.float32)
    numbers -= np.float32(1)
    if low:  # XLA rounds once: a fused multiply and add, which double precision holds
        numbers = (numbers.astype(np.float64) * (high - low) + low).astype(np.float32)
    else:
        numbers *= high
    return np.maximum(numbers, low, out=numbers)


def _probit(u: np.ndarray) -> np.ndarray:
    """`sqrt(2) * erf_inv(u)`."""
    w = np.log(1 - u * u)
    np.negative(w, out=w)
    tail = w >= 5
    ratio = _polynomial(_ERFINV_CENTRE, w - np.float32(2.5))
    ratio[tail] = _polynomial(_ERFINV_TAIL, np.sqrt(w[tail]) - np.float32(3))
    ratio *= u
    ratio *= np.float32(math.sqrt(2))
    return ratio


def _polynomial(coefficients: Sequence[float], w: np.ndarray) -> np.ndarray:
    total = np.full_like(w, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= w
        total += np.float32(coefficient)
    return total
