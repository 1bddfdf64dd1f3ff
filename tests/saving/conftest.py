import importlib.util
import os
import subprocess
import sys

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


@pytest.fixture(scope="module")
def tf_keras_writes(tmp_path_factory):
    """Runs a script that has tf_keras write into the folder that it is given; returns the folder."""
    if importlib.util.find_spec("tf_keras") is None:
        pytest.skip("tf_keras is not installed")

    def run(script):
        target = tmp_path_factory.mktemp("tf_keras")
        environment = {name: value for name, value in os.environ.items() if name not in ("KERAS_BACKEND", "XLA_FLAGS")}
        done = subprocess.run([sys.executable, script, target], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return target

    return run
