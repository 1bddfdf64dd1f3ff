"""Learning rate schedules, against real Keras at every step."""

import numpy as np
import pytest

from tricera import optimizers
from tricera.engine.variable import Variable
from tricera.optimizers import schedules

TABLE = [
    ("ExponentialDecay", (0.1, 3, 0.5), {}),
    ("ExponentialDecay", (0.1, 3, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 3, 0.5), {}),
    ("InverseTimeDecay", (0.1, 3, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 4), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 4, 0.01), {"cycle": True}),
    ("PiecewiseConstantDecay", ([2, 5], [0.3, 0.2, 0.1]), {}),
    ("PiecewiseConstantDecay", ([2.5], [0.3, 0.2]), {}),
    ("CosineDecay", (0.1, 6), {"alpha": 0.2}),
    ("CosineDecay", (0.1, 5), {"warmup_target": 0.5, "warmup_steps": 4}),
    ("CosineDecayRestarts", (0.1, 3), {"alpha": 0.1, "m_mul": 0.8}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 1.0, "m_mul": 0.5}),
]


@pytest.mark.parametrize(("name", "args", "options"), TABLE)
def test_rates_are_those_of_keras(keras, name, args, options):
    mine, real = (getattr(module, name)(*args, **options) for module in (schedules, keras.optimizers.schedules))
    assert mine.get_config() == real.get_config()
    steps = range(12)
    np.testing.assert_allclose([mine(t) for t in steps], [real(t) for t in steps], rtol=2e-6, atol=1e-7)
    again = schedules.deserialize(schedules.serialize(mine))
    assert type(again) is type(mine)
    assert again.get_config() == mine.get_config()
    assert schedules.serialize(mine) == keras.optimizers.schedules.serialize(real)


def test_a_schedule_counts_iterations_and_leaves_no_variable(keras):
    rates = []
    for module, cell in ((keras.optimizers, keras.Variable), (optimizers, Variable)):
        p = cell(np.zeros(2, "float32"), name="p")
        optimizer = module.SGD(module.schedules.PiecewiseConstantDecay([0, 2], [1.0, 0.5, 0.25]), name="same")
        for _ in range(5):
            optimizer.apply([np.ones(2, "float32")], [p])
            rates.append((float(p.value[0]), float(optimizer.learning_rate), [v.path for v in optimizer.variables]))
        assert isinstance(module.deserialize(module.serialize(optimizer)), module.SGD)
    assert rates[:5] == rates[5:]


def test_a_schedule_of_ones_own():
    class Halving(schedules.LearningRateSchedule):
        def __init__(self, start):
            self.start = start

        def __call__(self, step):
            return self.start / 2.0**step

    optimizer = optimizers.SGD(Halving(1.0))
    p = Variable(np.zeros(2, "float32"))
    for _ in range(3):
        optimizer.apply([np.ones(2, "float32")], [p])
    assert p.numpy().tolist() == [-1.75, -1.75]
    assert Halving.from_config(optimizer._learning_rate.get_config())(0) == 1.0


ERRORS = [
    (
        lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
        "Argument `decay_steps` must be > 0.\n  expected: a positive number of steps\n  got:      0",
    ),
    (
        lambda: schedules.CosineDecayRestarts(0.1, -1),
        "Argument `first_decay_steps` must be > 0.\n  expected: a positive number of steps\n  got:      -1",
    ),
    (
        lambda: schedules.PiecewiseConstantDecay([1], [0.1]),
        (
            "The length of boundaries should be 1 less than the length of values.\n"
            "  expected: 2 values for 1 boundaries\n  got:      1 values"
        ),
    ),
    (
        lambda: schedules.LearningRateSchedule()(1),
        "Learning rate schedule 'LearningRateSchedule' must override `__call__(self, step)`.",
    ),
    (
        lambda: schedules.deserialize({"class_name": "ExponentialDecai", "config": {}}),
        "Unknown schedule: 'ExponentialDecai'.\n  fix:      did you mean 'ExponentialDecay'?",
    ),
]


@pytest.mark.parametrize(("make", "text"), ERRORS)
def test_errors(make, text):
    with pytest.raises((ValueError, NotImplementedError)) as raised:
        make()
    assert str(raised.value) == text
