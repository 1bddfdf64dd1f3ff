"""Random bits inside programs are those of `jax.random`."""

import jax
import numpy as np
import pytest

from tricera.kernels.random import bernoulli

KEYS = [np.array(pair, np.uint32) for pair in ((1, 0), (1337, 7), (2**32 - 1, 123456))]


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8, 1.0])
def test_bernoulli_draws_as_jax_does(p):
    for key in KEYS:
        np.testing.assert_array_equal(
            jax.jit(lambda k: bernoulli(k, p, (7, 33)))(key), jax.random.bernoulli(key, p, (7, 33))
        )


def test_bernoulli_of_many_keys():
    keys = np.stack(KEYS)
    together = jax.vmap(lambda key: bernoulli(key, 0.5, (9,)))(keys)
    np.testing.assert_array_equal(together[1], jax.random.bernoulli(KEYS[1], 0.5, (9,)))


def test_bernoulli_of_what_cannot_be_written_out_asks_jax():
    key = jax.random.key(3)
    np.testing.assert_array_equal(bernoulli(key, 0.5, (9,)), jax.random.bernoulli(key, 0.5, (9,)))
    chance = np.linspace(0, 1, 9, dtype=np.float32)
    np.testing.assert_array_equal(bernoulli(KEYS[0], chance, (9,)), jax.random.bernoulli(KEYS[0], chance, (9,)))
