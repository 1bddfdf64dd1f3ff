"""What every test shares: the platform, a disk cache of compiled programs, seeds, real Keras, real data."""

import functools
import math
import os
import random
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
CACHE = REPOSITORY / ".cache"

# Read when JAX, Keras and Tricera are first imported, hence set before anything else is imported.
os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("KERAS_HOME", str(CACHE / "keras"))
os.environ.setdefault("TRICERA_CACHE_DIR", str(CACHE / "xla"))

import hypothesis  # noqa: E402
import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import tricera  # noqa: E402, F401  (sets XLA up, for real Keras too, in whatever order tests import the two)
from tests import quick  # noqa: E402

# The first example compiles, so no deadline; the same examples in every run.
hypothesis.settings.register_profile("tricera", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("tricera")


@pytest.fixture(autouse=True)
def seeds():
    """The same random numbers in every test, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture(scope="session")
def keras():
    """Real Keras, on its JAX backend: the oracle. Its programs are made in less time; they are the same."""
    import keras

    assert keras.backend.backend() == "jax"
    assert keras.__version__.startswith("3.15")
    from keras.src.backend.jax import random, trainer

    trainer.jit = quick.jit
    for name in ("normal", "truncated_normal", "uniform"):
        setattr(random, name, _shared_by_shapes(getattr(random, name)))
    return keras


def _shared_by_shapes(draw, size=4096):
    """Draw few numbers as the first of many: each hangs on its place alone, and one program makes them all."""

    @functools.wraps(draw)
    def drawn(shape, *args, **kwargs):
        if jax.export.is_symbolic_dim(count := math.prod(shape)) or count > size:
            return draw(shape, *args, **kwargs)
        numbers = draw((size,), *args, **kwargs)
        if not isinstance(numbers, jax.core.Tracer):
            numbers = np.asarray(numbers)
        return jax.numpy.asarray(numbers[:count].reshape(shape))

    return drawn


@pytest.fixture
def fresh_names(keras):
    """Names are counted from the beginning, by Keras and by Tricera."""
    quick.forget_names(keras)


@pytest.fixture(scope="session")
def shared():
    """The folder of real data beside the checkout, or `$TRICERA_SHARED`; without it the test is skipped."""
    folder = Path(os.environ.get("TRICERA_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder
