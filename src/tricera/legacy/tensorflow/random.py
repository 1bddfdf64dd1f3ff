"""`tf.random`: numbers of Tricera's generators, by TensorFlow's names."""

import numpy as np
from jax import numpy as jnp

from tricera import random
from tricera.engine.random import SeedGenerator, set_random_seed
from tricera.legacy.tensorflow import tensor
from tricera.legacy.tensorflow.arrange import sizes_of
from tricera.legacy.tensorflow.tensor import convert_to_tensor

_generators: dict[int, SeedGenerator] = {}  # of the seeds that single calls were given


def set_seed(seed):
    """Seed everything random."""
    set_random_seed(int(seed))
    _generators.clear()


def _source(seed):
    """A seed of one call begins a row of numbers, of which each call takes the next."""
    return None if seed is None else _generators.setdefault(seed, SeedGenerator(seed))


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Normal numbers."""
    return random.normal(sizes_of(shape), mean, stddev, dtype, _source(seed))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Normal numbers less than two deviations from the mean."""
    return random.truncated_normal(sizes_of(shape), mean, stddev, dtype, _source(seed))


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None):
    """Numbers in `[minval, maxval)`, all equally likely; `maxval` is 1 for real numbers."""
    if tensor.as_dtype(dtype).is_integer:
        return random.randint(sizes_of(shape), minval, maxval, dtype, _source(seed))
    return random.uniform(sizes_of(shape), minval, 1.0 if maxval is None else maxval, dtype, _source(seed))


def gamma(shape, alpha, beta=None, dtype="float32", seed=None, name=None):
    """Numbers of the gamma distribution of shape `alpha` and rate `beta`."""
    drawn = random.gamma((*sizes_of(shape), *np.shape(alpha)), alpha, dtype, _source(seed))
    return drawn if beta is None else drawn / beta


def shuffle(value, seed=None, name=None):
    """The rows in a random order."""
    value = convert_to_tensor(value)
    return value[random.shuffle(jnp.arange(value.shape[0]), seed=_source(seed))]


def categorical(logits, num_samples, dtype="int64", seed=None, name=None):
    """Classes drawn with the probabilities `softmax(logits)`."""
    return random.categorical(convert_to_tensor(logits), num_samples, dtype or "int64", _source(seed))


def _of_pair(seed):
    """The integer that stands for the two of a stateless function."""
    first, second = np.asarray(seed).tolist()
    return (first * 0x9E3779B1 + second) & 0xFFFFFFFF


def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype="float32", name=None):
    """Normal numbers, the same for the same seed."""
    return random.normal(sizes_of(shape), mean, stddev, dtype, _of_pair(seed))


def stateless_uniform(shape, seed, minval=0.0, maxval=1.0, dtype="float32", name=None):
    """Numbers in `[minval, maxval)`, the same for the same seed."""
    return random.uniform(sizes_of(shape), minval, maxval, dtype, _of_pair(seed))


class Generator:
    """A source of random numbers of its own."""

    def __init__(self, seed=None):
        self._seed = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed, alg=None):
        """The generator of a seed."""
        return cls(int(seed))

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """A generator of a seed of its own."""
        return cls()

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """Normal numbers."""
        return random.normal(sizes_of(shape), mean, stddev, dtype, self._seed)

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        """Numbers in `[minval, maxval)`."""
        if tensor.as_dtype(dtype).is_integer:
            return random.randint(sizes_of(shape), minval, maxval, dtype, self._seed)
        return random.uniform(sizes_of(shape), minval, 1.0 if maxval is None else maxval, dtype, self._seed)


def get_global_generator():
    """A generator."""
    return Generator()


__getattr__ = tensor.missing("tensorflow.random", globals())
