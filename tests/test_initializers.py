import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tricera import initializers
from tricera.engine.random import SeedGenerator, set_random_seed
from tricera.errors import report

RANDOM = [
    ("RandomNormal", {"mean": 0.5, "stddev": 2.0}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
    ("TruncatedNormal", {"mean": 0.5, "stddev": 2.0}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_avg", "distribution": "uniform"}),
    ("VarianceScaling", {"input_axes": (0, 1), "output_axes": (2,)}),
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("Orthogonal", {"gain": 2.0}),
]
CONSTANT = [
    ("Zeros", {}, (2, 3)),
    ("Ones", {}, (2, 3)),
    ("Constant", {"value": 1.5}, (2, 3)),
    ("Identity", {"gain": 2.0}, (2, 3)),
    ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum", "periodic": True}, (8, 1, 5)),
    ("STFT", {"window": None, "scaling": None}, (8, 1, 5)),
]
names = [f"{name}-{i}" for i, (name, _) in enumerate(RANDOM)]


@pytest.mark.parametrize(("name", "arguments"), RANDOM, ids=names)
@pytest.mark.parametrize("shape", [(3, 4, 5), (6, 2, 2)])
def test_random_numbers_are_those_of_keras(keras, name, arguments, shape):
    ours = getattr(initializers, name)(**arguments, seed=1337)
    theirs = getattr(keras.initializers, name)(**arguments, seed=1337)
    np.testing.assert_allclose(ours(shape), theirs(shape), rtol=2e-5, atol=1e-6)
    np.testing.assert_array_equal(ours(shape), ours(shape))
    assert ours(shape).dtype == "float32"


@pytest.mark.parametrize(("name", "arguments", "shape"), CONSTANT)
def test_constants_are_those_of_keras(keras, name, arguments, shape):
    ours, theirs = getattr(initializers, name)(**arguments), getattr(keras.initializers, name)(**arguments)
    np.testing.assert_allclose(ours(shape), theirs(shape), atol=2e-6)
    assert ours(shape, "bfloat16").dtype == "bfloat16"


def test_the_default_seed_follows_the_global_one(keras):
    keras.utils.set_random_seed(7)
    theirs = keras.initializers.GlorotUniform()
    set_random_seed(7)
    ours = initializers.GlorotUniform()
    assert ours.seed == theirs.seed
    np.testing.assert_array_equal(ours((4, 3)), theirs((4, 3)))


def test_a_seed_generator_gives_other_numbers_each_time(keras):
    ours = initializers.RandomNormal(seed=SeedGenerator(4))
    theirs = keras.initializers.RandomNormal(seed=keras.random.SeedGenerator(4))
    for _ in range(2):
        np.testing.assert_allclose(ours((3,)), theirs((3,)), rtol=1e-5)
    again = initializers.deserialize(initializers.serialize(ours))
    assert again.seed.seed == 4


@pytest.mark.parametrize(("name", "arguments"), RANDOM, ids=names)
def test_configuration(keras, name, arguments):
    ours = getattr(initializers, name)(**arguments, seed=1)
    assert ours.get_config() == getattr(keras.initializers, name)(**arguments, seed=1).get_config()
    again = initializers.deserialize(initializers.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    assert initializers.serialize(ours) == keras.initializers.serialize(
        getattr(keras.initializers, name)(**arguments, seed=1)
    )
    np.testing.assert_array_equal(ours.clone()((2, 2, 2)), ours((2, 2, 2)))


def test_every_name_of_keras(keras):
    for name in dir(keras.initializers):
        if not name.startswith("_"):
            ours = getattr(initializers, name)
            assert name in ("Initializer",) or not isinstance(ours, type) or initializers.get(name)


@pytest.mark.parametrize("name", ["zeros", "zero", "one", "uniform", "normal", "HeNormal", "identity"])
def test_names(keras, name):
    assert type(initializers.get(name)).__name__ == type(keras.initializers.get(name)).__name__


def test_get():
    made = initializers.Ones()
    assert initializers.get(made) is made and initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    np.testing.assert_array_equal(initializers.get(np.arange(3.0))((3,)), [0, 1, 2])


def test_low_precision_and_traced_keys():
    assert initializers.GlorotUniform(1)((2, 3), "bfloat16").dtype == jnp.bfloat16
    assert initializers.Orthogonal(seed=1)((2, 3), "float16").dtype == jnp.float16
    eager = initializers.Orthogonal(seed=1)((3, 2))
    np.testing.assert_allclose(jax.jit(lambda: initializers.Orthogonal(seed=1)((3, 2)))(), eager, atol=1e-6)


MESSAGES = [
    (
        lambda: initializers.VarianceScaling(-1.0),
        "Argument `scale` must be positive float.\n  got:      scale=-1.0",
    ),
    (
        lambda: initializers.VarianceScaling(1.0, "fan"),
        "Invalid `mode` argument: 'fan'.\n  expected: 'fan_in' or 'fan_out' or 'fan_avg'",
    ),
    (
        lambda: initializers.get(np.ones((5, 5)))([10, 10]),
        "Expected `shape` to be one that the array fits.\n  expected: (5, 5)\n  got:      (10, 10)",
    ),
    (
        lambda: initializers.Orthogonal()((3,)),
        "The tensor to initialize must be at least two-dimensional.\n  got:      shape=(3,) of rank 1",
    ),
    (
        lambda: initializers.Identity()((3,)),
        report(
            "Identity matrix initializer can only be used for 2D matrices.",
            expected="a shape of 2 sizes",
            got="shape=(3,) of rank 1",
        ),
    ),
    (
        lambda: initializers.HeNormal(seed="x"),
        "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer.\n  got:      seed=x",
    ),
    (
        lambda: initializers.RandomNormal()((2,), "int32"),
        "RandomNormal draws floating point numbers.\n  expected: a float dtype\n  got:      int32",
    ),
    (
        lambda: initializers.STFT(window="bad"),
        "Unknown `window`.\n  expected: a name of `scipy.signal.get_window`\n  got:      'bad'",
    ),
    (
        lambda: initializers.get("glorot_unifrom"),
        "Unknown initializer: 'glorot_unifrom'.\n  fix:      did you mean 'glorot_uniform'?",
    ),
]


@pytest.mark.parametrize(("make", "message"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
