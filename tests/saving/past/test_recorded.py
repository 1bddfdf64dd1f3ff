"""Files as tf_keras 2.15 writes them, built from configurations that were recorded of it: no TensorFlow is needed."""

import numpy as np
import pytest

from tests.saving.past import keras1
from tests.saving.past.keras1 import numbers
from tricera import saving

SCHEDULES = {
    "CosineDecay": {"decay_steps": 10, "alpha": 0.0, "warmup_target": None, "warmup_steps": 0},
    "CosineDecayRestarts": {"first_decay_steps": 3, "t_mul": 2.0, "m_mul": 1.0, "alpha": 0.0},
    "ExponentialDecay": {"decay_steps": 2, "decay_rate": 0.5, "staircase": False},
    "InverseTimeDecay": {"decay_steps": 2, "decay_rate": 0.5, "staircase": False},
    "PolynomialDecay": {"decay_steps": 10, "end_learning_rate": 0.0001, "power": 1.0, "cycle": True},
}


def sequential(*layers):
    source = {"batch_input_shape": [None, 2], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    stack = [{"class_name": "InputLayer", "config": source}, *layers]
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": stack}}


@pytest.mark.parametrize("kind", SCHEDULES)
def test_schedules_without_a_name(keras, tmp_path, kind):
    """Keras 3 cannot call one that has none, so that the next file says it."""
    config = {"initial_learning_rate": 0.1, **SCHEDULES[kind]}
    rate = {"module": "keras.optimizers.schedules", "class_name": kind, "config": {**config, "name": None}}
    settings = {"name": "SGD", "learning_rate": rate, "momentum": 0.0, "nesterov": False, "is_legacy_optimizer": False}
    training = {"loss": "mse", "metrics": None, "weighted_metrics": None, "loss_weights": None}
    training["optimizer_config"] = {"class_name": "Custom>SGD", "config": settings}
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 1, "activation": "linear"}}
    weights = {"d": [("d/kernel", numbers(2, 1)), ("d/bias", numbers(1))]}
    keras1.write(tmp_path / "m.h5", sequential(layer), weights, version="2.15.0", training=training)
    schedule = saving.load_model(tmp_path / "m.h5").optimizer._learning_rate
    theirs = getattr(keras.optimizers.schedules, kind).from_config(schedule.get_config())
    for step in (0, 1, 4, 11):
        np.testing.assert_allclose(schedule(step), theirs(step), rtol=1e-6)
