"""The host's random numbers are those of `jax.random`."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tricera.kernels import threefry

KEYS = [np.array(pair, np.uint32) for pair in ((1, 0), (1337, 7), (2**32 - 1, 123456))]
SHAPES = [(), (1,), (7,), (3, 5, 11), (0, 4), (301, 333)]


@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_are_those_of_jax(shape):
    for key in KEYS:
        np.testing.assert_array_equal(threefry.bits(key, shape), jax.random.bits(key, shape, "uint32"))
        uniform = threefry.uniform(key, shape, -0.0871, 0.0871)
        np.testing.assert_array_equal(uniform, jax.random.uniform(key, shape, "float32", -0.0871, 0.0871))
        np.testing.assert_allclose(threefry.normal(key, shape), jax.random.normal(key, shape), atol=2e-6)
        ours, theirs = (draw(key, -2, 2, shape) for draw in (threefry.truncated_normal, jax.random.truncated_normal))
        np.testing.assert_allclose(ours, theirs, atol=2e-6)
        assert ours.dtype == np.float32 and ours.shape == shape


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.floats(-8, 8, width=32), st.floats(0, 8, width=32))
def test_uniform_is_bit_for_bit_in_any_range(first, second, low, span):
    key, high = np.array([first, second], np.uint32), np.float32(low + span)
    expected = jax.random.uniform(key, (33,), "float32", low, high)
    np.testing.assert_array_equal(threefry.uniform(key, (33,), low, high), expected)


def test_chunks_and_threads_leave_the_stream_whole(monkeypatch):
    whole = threefry.bits(KEYS[1], (1000,))
    monkeypatch.setattr(threefry, "_CHUNK", 17)
    np.testing.assert_array_equal(threefry.bits(KEYS[1], (1000,)), whole)


def test_counters_pass_32_bits():
    start = 2**32 - 2
    words = threefry._hash_counters(KEYS[1], start, start + 4)
    assert len(np.unique(words)) == 4
    np.testing.assert_array_equal(words[2:], threefry._hash_counters(KEYS[1], 2**32, 2**32 + 2))


def test_other_dtypes_and_traced_keys_ask_jax():
    key = KEYS[0]
    np.testing.assert_array_equal(threefry.normal(key, (5,), "bfloat16"), jax.random.normal(key, (5,), "bfloat16"))
    np.testing.assert_array_equal(
        jax.jit(lambda key: threefry.truncated_normal(key, -2, 2, (5,)))(key),
        jax.random.truncated_normal(key, -2, 2, (5,)),
    )
