"""keras.random: random arrays. The numbers of a seed are those of Keras on JAX."""

import jax
from jax import numpy as jnp

from tricera import config
from tricera.engine.dtypes import standardize_dtype
from tricera.engine.graph import op
from tricera.engine.random import SeedGenerator, draw_seed
from tricera.errors import report
from tricera.kernels.random import bernoulli

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers.

    Args:
        seed: an integer (the same numbers at every call), a `SeedGenerator`, a key of JAX, or None for the
            process' own.
    """
    dtype = dtype or config.floatx()
    drawn = jax.random.normal(draw_seed(seed), tuple(shape), dtype)
    return drawn * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Numbers in `[minval, maxval)`, all equally likely."""
    dtype = _checked("uniform", dtype or config.floatx(), jnp.floating, "a floating point")
    return jax.random.uniform(draw_seed(seed), tuple(shape), dtype, minval, maxval)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Whole numbers in `[minval, maxval)`, all equally likely."""
    dtype = _checked("randint", dtype, jnp.integer, "an integer")
    return jax.random.randint(draw_seed(seed), tuple(shape), minval, maxval, dtype)


def _checked(name, dtype, kind, words):
    """The name of a dtype that is of a kind."""
    dtype = standardize_dtype(dtype)
    if not jnp.issubdtype(dtype, kind):
        raise ValueError(report(f"`keras.random.{name}` requires {words} `dtype`.", got=dtype))
    return dtype


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers less than two deviations from the mean."""
    dtype = dtype or config.floatx()
    drawn = jax.random.truncated_normal(draw_seed(seed), -2.0, 2.0, tuple(shape), dtype)
    return drawn * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def gamma(shape, alpha, dtype=None, seed=None):
    """Numbers of the gamma distribution of shape `alpha` and rate 1."""
    return jax.random.gamma(draw_seed(seed), jnp.asarray(alpha), tuple(shape), dtype or config.floatx())


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Numbers of the beta distribution: density `x^(alpha - 1) (1 - x)^(beta - 1)`."""
    alpha, beta = jnp.asarray(alpha), jnp.asarray(beta)
    return jax.random.beta(draw_seed(seed), alpha, beta, tuple(shape), dtype or config.floatx())


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """How many of `counts` trials succeed, each with this probability."""
    counts, probabilities = jnp.asarray(counts, "float32"), jnp.asarray(probabilities, "float32")
    return jax.random.binomial(draw_seed(seed), counts, probabilities, tuple(shape), dtype or config.floatx())


@op
def categorical(logits, num_samples, dtype="int32", seed=None):
    """Classes drawn with the probabilities `softmax(logits)`: `(batch, classes) -> (batch, num_samples)`."""
    logits = jnp.asarray(logits)
    shape = (*logits.shape[:-1], num_samples)
    return jax.random.categorical(draw_seed(seed), logits[..., None], axis=-2, shape=shape).astype(dtype)


@op
def shuffle(x, axis=0, seed=None):
    """The elements along `axis` in random order: with more axes than one, each line in an order of its own."""
    return jax.random.permutation(draw_seed(seed), jnp.asarray(x), axis, independent=True)


@op
def dropout(inputs, rate, noise_shape=None, seed=None):
    """`inputs` with a part `rate` of the elements 0, and the others divided by `1 - rate`.

    Args:
        noise_shape: the shape of what is drawn, which broadcasts; None in it stands for the input's size.
    """
    inputs = jnp.asarray(inputs)
    keep = 1 - rate
    sizes = inputs.shape if noise_shape is None else noise_shape
    shape = tuple(n if m is None else m for n, m in zip(inputs.shape, sizes, strict=True))
    kept = bernoulli(draw_seed(seed), keep, shape)
    return jnp.where(kept, inputs / keep, jnp.zeros_like(inputs))
