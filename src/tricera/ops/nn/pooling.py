"""Pooling."""

from jax import numpy as jnp

from tricera import config
from tricera.engine import scope
from tricera.engine.graph import op
from tricera.kernels import pool


@op
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest element of each window of the spatial axes: `(batch, *spatial, channels)` or channels first."""
    data_format = config.standardize_data_format(data_format)
    return pool.max_pool(jnp.asarray(inputs), pool_size, strides, padding, data_format)


@op
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window of the spatial axes: `(batch, *spatial, channels)` or channels first."""
    data_format = config.standardize_data_format(data_format)
    return pool.average_pool(jnp.asarray(inputs), pool_size, strides, padding, data_format)


@op
def adaptive_max_pool(inputs, output_size, data_format=None):
    """The largest element of each of `output_size` windows, which together cover each spatial axis."""
    return _adaptive(jnp.max, inputs, output_size, data_format)


@op
def adaptive_average_pool(inputs, output_size, data_format=None):
    """The mean of each of `output_size` windows, which together cover each spatial axis."""
    return _adaptive(jnp.mean, inputs, output_size, data_format)


def _adaptive(reduce, x, output_size, data_format):
    """Window i of n reaches from `floor(i * size / n)` to `ceil((i + 1) * size / n)`."""
    x, first = jnp.asarray(x), 1 if config.standardize_data_format(data_format) == "channels_last" else 2
    rank = x.ndim - 2
    counts = (output_size,) * rank if isinstance(output_size, int) else output_size
    for axis, count in enumerate(counts, first):
        if count is None:
            continue
        size = int(x.shape[axis])
        scope.spend("adaptive pooling", steps=count)
        edges = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        x = jnp.stack([reduce(jnp.take(x, jnp.arange(a, b), axis), axis) for a, b in edges], axis)
    return x
