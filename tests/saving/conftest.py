import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def each_with_fresh_names(fresh_names):
    """Names stand in files."""


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
    """Runs a script with tf_keras on a folder, a new one if none is given; returns the folder.

    The Python that has tf_keras is this one, or that of `TRICERA_TF_KERAS_PYTHON`.
    """
    python = os.environ.get("TRICERA_TF_KERAS_PYTHON")
    if not python and importlib.util.find_spec("tf_keras") is None:
        pytest.skip("tf_keras is not installed")

    def run(script, target=None):
        target = target or tmp_path_factory.mktemp("tf_keras")
        others = ("KERAS_BACKEND", "PYTHONPATH", "XLA_FLAGS")
        environment = {name: value for name, value in os.environ.items() if name not in others}
        command = [python or sys.executable, script, target]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return target

    return run
