"""Random arrays: the numbers of a seed are those of Keras on JAX."""

import jax
import numpy as np
import pytest

from tricera import random
from tricera.engine.graph import KerasTensor

ONES = np.ones((4, 5), "float32")
LOGITS = np.log(np.array([[0.1, 0.9], [0.5, 0.5]], "float32"))
CASES = [
    ("normal", (3, 4), 1.0, 2.0),
    ("normal", (3, 4), 0.0, 1.0, "bfloat16"),
    ("uniform", (3, 4), -1.0, 3.0),
    ("randint", (6,), 2, 9),
    ("randint", (6,), 0, 200, "uint8"),
    ("truncated_normal", (3, 4), 1.0, 0.5),
    ("gamma", (4,), 2.0),
    ("gamma", (2, 2), np.array([2.0, 0.5], "float32")),
    ("beta", (4,), 2.0, 3.0),
    ("beta", (4,), 2, 3),
    ("beta", (2, 3), [7.0, 0.5, 1.5], [15.0, 1.5, 4.5]),
    ("binomial", (4,), 10.0, 0.3),
    ("categorical", LOGITS, 5),
    ("categorical", LOGITS, 5, "uint8"),
    ("shuffle", np.arange(10)),
    ("shuffle", np.arange(12).reshape(3, 4)),
    ("shuffle", np.arange(12).reshape(3, 4), 1),
    ("dropout", ONES, 0.4),
    ("dropout", ONES, 0.0),
    ("dropout", ONES.astype("float16"), 0.25),
    ("dropout", ONES, 0.4, (4, 1)),
    ("dropout", ONES, 0.4, (None, 1)),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)])
def test_same_numbers_as_keras(keras, case):
    name, *args = case
    mine, theirs = random.SeedGenerator(7), keras.random.SeedGenerator(7)
    for seed, oracle_seed in ((5, 5), (mine, theirs), (mine, theirs)):
        got = getattr(random, name)(*args, seed=seed)
        expected = getattr(keras.random, name)(*args, seed=oracle_seed)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


def test_a_key_of_jax_is_a_seed(keras):
    for module in (random, keras.random):
        found = module.normal((3,), seed=jax.random.PRNGKey(7))
        np.testing.assert_array_equal(found, jax.random.normal(jax.random.PRNGKey(7), (3,)))
    one, same = (jax.jit(lambda key: random.uniform((2,), seed=key))(jax.random.key(7)) for _ in range(2))
    np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize(
    ("draw", "dtype", "text"),
    [
        (random.randint, "float64", "`keras.random.randint` requires an integer `dtype`.\n  got:      float64"),
        (random.uniform, "int32", "`keras.random.uniform` requires a floating point `dtype`.\n  got:      int32"),
    ],
)
def test_dtypes_that_do_not_fit(draw, dtype, text):
    with pytest.raises(ValueError) as raised:
        draw((2,), 0, 10, dtype=dtype)
    assert str(raised.value) == text


def test_without_a_seed_each_draw_differs():
    assert not np.array_equal(random.uniform((8,)), random.uniform((8,)))


def test_symbolic_tensors():
    x = KerasTensor((None, 5))
    assert random.dropout(x, 0.5, seed=1).shape == (None, 5)
    assert random.shuffle(x, seed=1).shape == (None, 5)
    assert random.categorical(x, 3, seed=1).shape == (None, 3)
