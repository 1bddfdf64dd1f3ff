import numpy as np
import pytest

from tricera.engine import naming


@pytest.fixture(autouse=True)
def fresh_names(keras):
    keras.backend.clear_session()
    naming.reset()


@pytest.fixture
def fill():
    """Sets each of some variables to values of its own."""

    def set_values(variables):
        rng = np.random.default_rng(1)
        for variable in variables:
            if str(variable.dtype).startswith(("float", "bfloat")):
                variable.assign(rng.uniform(0.1, 1, variable.shape))

    return set_values
