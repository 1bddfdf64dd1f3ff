"""Random bits for noise inside compiled programs."""

import math

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from tricera.machine import platform

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def bernoulli(key, p: float, shape):
    """True with probability `p`: the same draws as `jax.random.bernoulli(key, p, shape)`.

    On CPU, JAX passes over all words once for each of threefry's five rounds of four; written out, XLA fuses all twenty
    and the comparison into one loop.
    """
    if not _written_out(key, p, shape):
        return jax.random.bernoulli(key, p, shape)
    # A uniform number is the upper 23 bits times 2**-23, so that the comparison can be made on the bits.
    limit = math.ceil(float(np.float32(p)) * 2**23)
    # The barrier keeps XLA from drawing the bits again wherever they are used, above all for the gradient.
    return lax.optimization_barrier((_words(key, math.prod(shape)) >> 9 < np.uint32(limit)).reshape(shape))


def _written_out(key, p, shape) -> bool:
    static = isinstance(p, float | int) and all(isinstance(size, int) for size in shape)
    plain = getattr(key, "dtype", None) == np.uint32 and key.shape == (2,)
    usual = jax.config.jax_threefry_partitionable and not jax.config.jax_enable_x64
    return static and plain and usual and math.prod(shape) < 2**32 and platform() == "cpu"


def _words(key, size: int):
    """threefry2x32 of the counters below `size`, its two words combined by exclusive or."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    x, y = jnp.broadcast_to(keys[0], (size,)), lax.iota(jnp.uint32, size) + keys[1]
    for turn in range(5):
        for rotation in _ROTATIONS[turn % 2]:
            x = x + y
            y = x ^ (y << np.uint32(rotation) | y >> np.uint32(32 - rotation))
        x, y = x + keys[(turn + 1) % 3], y + keys[(turn + 2) % 3] + np.uint32(turn + 1)
    return x ^ y
