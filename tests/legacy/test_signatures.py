"""What constructors of Keras 1 and 2 took where their arguments were left out or told by position."""

import ast
import importlib
import inspect
import re

import numpy as np
import pytest

from tricera import layers
from tricera.engine import naming
from tricera.legacy import arguments, generation, names, signatures

LISTED = re.compile(r"class keras\.(layers|optimizers|constraints|regularizers|initializers)\.(?:\w+\.)*(\w+)\((.*)\)$")
SYNONYMS = {"linear": None, "normal": "truncated_normal", "uniform": "random_uniform"}


@pytest.fixture
def keras_of():
    """A function that lets the habits of a generation hold, until the test ends."""
    before = generation.current()
    yield generation.settle
    generation.settle(before)


def listed(shared, number):
    """Module, class and defaults of each constructor in the list of a generation."""
    for line in (shared / "api" / f"keras{number}.txt").read_text().splitlines():
        if match := LISTED.match(line.partition("  #")[0]):
            told = ast.parse(f"def f({match[3]}): pass").body[0].args
            words = [word.arg for word in told.args][len(told.args) - len(told.defaults) :]
            yield match[1], match[2], dict(zip(words, told.defaults, strict=True))


def plain(value):
    """A default in one spelling: equal sizes as one, names in snake case."""
    value = SYNONYMS.get(value, value) if isinstance(value, str) else value
    if isinstance(value, tuple) and len({plain(each) for each in value}) == 1:
        return plain(value[0])
    return naming.snake_case(value) if isinstance(value, str) else value


@pytest.mark.parametrize("number, count", [(1, 270), (2, 430)])
def test_what_is_left_out_is_what_it_was(number, count, shared, keras_of):
    keras_of(number)
    compared, different = 0, []
    for module, name, defaults in listed(shared, number):
        home = importlib.import_module(f"tricera.{module}")
        cls = vars(home).get(name) or names.find(home.__name__, name)
        if not isinstance(cls, type):
            continue
        now = {k: p.default for k, p in inspect.signature(cls).parameters.items()} | signatures.defaults(cls)
        for argument, node in defaults.items():
            if not isinstance(node, ast.Constant | ast.Tuple | ast.UnaryOp):
                continue
            _, kwargs = arguments.translate(cls, (), {argument: ast.literal_eval(node)})
            today = arguments.new_name(cls)(argument) or argument
            if today in now and today in kwargs:
                compared += 1
                if plain(kwargs[today]) != plain(now[today]):
                    different.append((name, argument, kwargs[today], now[today]))
    assert compared > count and different == []


def test_the_order_of_keras_1(keras_of):
    keras_of(1)
    dense = arguments.translate(layers.Dense, (3, "uniform", "tanh"), {})
    assert dense == ((3,), {"kernel_initializer": "random_uniform", "activation": "tanh"})
    conv = arguments.translate(layers.Conv2D, (8, 3, 5, "he_normal", "relu", None, "same", (2, 1)), {"bias": False})
    assert conv[0] == (8, (3, 5))
    chosen = {"kernel_initializer": "he_normal", "activation": "relu", "weights": None}
    assert conv[1] == {**chosen, "padding": "same", "strides": (2, 1), "use_bias": False}
    assert arguments.translate(layers.LSTM, (4,), {}) == ((4,), {"recurrent_activation": "hard_sigmoid_v2"})
    assert arguments.translate(layers.BatchNormalization, (0.1,), {}) == ((), {"epsilon": 0.1})


def test_the_modes_of_normalization(keras_of):
    keras_of(1)
    x = np.random.default_rng(0).normal(3, 2, (8, 4)).astype("float32")

    def normalized(mode):
        cls, args, kwargs = arguments.construction(layers.BatchNormalization, (0.001, mode), {})
        return cls(*args, **kwargs)(x)

    np.testing.assert_allclose(normalized(0), x / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_allclose(normalized(1), (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True), atol=2e-2)
    np.testing.assert_allclose(normalized(2), (x - x.mean(0)) / x.std(0), atol=2e-2)
    with pytest.raises(ValueError, match="'mode'"):
        normalized(3)


def test_what_is_newer_than_it_seems_keeps_its_order(keras_of):
    keras_of(1)
    assert arguments.translate(layers.Dense, (3, "relu"), {}) == ((3, "relu"), {})
    assert arguments.translate(layers.Conv2D, (8, (3, 3), (2, 2)), {}) == ((8, (3, 3), (2, 2)), {})
    keras_of(3)
    assert arguments.translate(layers.Dense, (3, "uniform"), {}) == ((3, "uniform"), {})
    assert arguments.translate(layers.LSTM, (4,), {}) == ((4,), {})
