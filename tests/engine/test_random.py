"""Seeds: the same numbers as Keras on JAX, and as often as one likes."""

import random

import numpy as np
import pytest

import tricera
from tricera.engine.random import SeedGenerator, draw_seed


def draws(K):
    generator = K.random.SeedGenerator(5)
    yield from (generator.next(), generator.next(ordered=False), generator.next(ordered=False), generator.next())
    yield from (K.random.normal((2,), seed=generator), K.random.uniform((2,), seed=3))
    K.utils.set_random_seed(11)
    dropout = K.layers.Dropout(0.5)
    yield from (K.initializers.GlorotUniform()((2, 2)), K.random.normal((2,)), K.random.normal((2,)))
    yield from (dropout(np.ones((2, 5), "float32"), training=True), np.random.rand(), random.random())  # noqa: NPY002
    yield from (K.layers.Dense(2)(np.ones((2, 5), "float32")),)


def test_numbers_are_those_of_keras(keras):
    for ours, theirs in zip([*draws(tricera)], [*draws(keras)], strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-5)


def test_the_same_seed_is_the_same_run():
    found = []
    for _ in range(2):
        tricera.utils.set_random_seed(3)
        model = tricera.Sequential([tricera.Input((4,)), tricera.layers.Dropout(0.5), tricera.layers.Dense(2)])
        model.compile("sgd", "mse")
        x = np.random.normal(size=(8, 4))  # noqa: NPY002
        model.fit(x, x[:, :2], epochs=2, batch_size=4, verbose=0)
        found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_no_seed():
    with pytest.raises(ValueError) as text:
        SeedGenerator("one")
    assert str(text.value) == "Argument `seed` must be an integer.\n  got:      'one'"
    with pytest.raises(ValueError) as half:
        draw_seed(0.5)
    assert str(half.value) == (
        "Argument `seed` must be either an integer or an instance of `SeedGenerator`.\n  got:      0.5 (of type float)"
    )
    with pytest.raises(ValueError) as number:
        tricera.utils.set_random_seed(1.5)
    assert str(number.value) == "Expected `seed` argument to be an integer.\n  got:      1.5"
