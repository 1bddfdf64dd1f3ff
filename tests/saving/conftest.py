import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def always_fresh_names(fresh_names):
    """Files hold names."""


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
    """Runs a script of tf_keras' with the folder that it is given, or a new one; returns the folder.

    The Python is that of the tests, if it has tf_keras, or `$TRICERA_TF_KERAS_PYTHON`.
    """
    python = os.environ.get("TRICERA_TF_KERAS_PYTHON") or sys.executable
    if python == sys.executable and importlib.util.find_spec("tf_keras") is None:
        pytest.skip("tf_keras is not installed")
    kept = {
        name: value for name, value in os.environ.items() if name not in ("KERAS_BACKEND", "XLA_FLAGS", "PYTHONPATH")
    }

    def run(script, target=None):
        target = target or tmp_path_factory.mktemp("tf_keras")
        done = subprocess.run([python, script, target], env=kept, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return target

    return run
