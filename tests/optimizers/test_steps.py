"""Ten steps of every optimizer and option, against real Keras."""

import numpy as np
import pytest

from tricera import optimizers
from tricera.engine.variable import Variable

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True, "rho": 0.7, "epsilon": 1e-3}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_1": 0.5, "beta_2": 0.6, "learning_rate": 0.1}),
    ("AdamW", {}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Ftrl", {"learning_rate": 0.1}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "learning_rate_power": -0.7,
            "beta": 0.3,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.3,
        },
    ),
    ("Lion", {}),
    ("Lamb", {}),
    ("Adafactor", {"learning_rate": 0.5}),
    ("Adafactor", {"learning_rate": 0.5, "relative_step": False, "clip_threshold": 0.3}),
    ("Muon", {"learning_rate": 0.1}),
    (
        "Muon",
        {"nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5, "adam_weight_decay": 0.3},
    ),
    ("Muon", {"exclude_layers": ["ker"], "learning_rate": 0.1}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.1}),
    ("ScheduleFreeAdamW", {"warmup_steps": 5, "weight_decay": 0.1}),
]

OPTIONS = [
    {"clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"global_clipnorm": 0.5},
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.7},
    {"use_ema": True, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 4.0},
    {"gradient_accumulation_steps": 3},
    {
        "gradient_accumulation_steps": 2,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.1,
        "clipnorm": 0.5,
    },
]

TABLE = [*OPTIMIZERS] + [(name, options) for name in ("SGD", "Adam", "RMSprop", "Nadam") for options in OPTIONS]

RNG = np.random.default_rng(0)
START = [RNG.normal(size=shape).astype("float32") for shape in ((3, 2), (2,))]
GRADIENTS = [[RNG.normal(size=p.shape).astype("float32") for p in START] for _ in range(10)]


def variables(module_variable):
    return [module_variable(p, name=name) for p, name in zip(START, ("kernel", "bias"), strict=True)]


def run(optimizer, trained):
    """Ten steps; what all variables are then, the optimizer's too."""
    optimizer.build(trained)
    for grads in GRADIENTS:
        optimizer.apply(grads, trained)
    optimizer.finalize_variable_values(trained)
    return [(v.path, np.asarray(v.value)) for v in [*trained, *optimizer.variables]]


def fresh(name, options):
    return getattr(optimizers, name)(**options, name="same")


def label(row):
    return "-".join([row[0], *(f"{k}={v}" for k, v in row[1].items())])


@pytest.mark.parametrize("row", TABLE, ids=label)
def test_ten_steps_are_those_of_keras(keras, row):
    name, options = row
    theirs = run(getattr(keras.optimizers, name)(**options, name="same"), variables(keras.Variable))
    ours = run(fresh(name, options), variables(Variable))
    for (path, mine), (name, real) in zip(ours, theirs, strict=True):
        assert plain(path) == plain(name)
        assert mine.dtype == real.dtype
        np.testing.assert_allclose(mine, real, rtol=2e-6, atol=2e-6, err_msg=path)


def plain(path):
    return path.rstrip("_0123456789")  # unnamed variables carry a number
