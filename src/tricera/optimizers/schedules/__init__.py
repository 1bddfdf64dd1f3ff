"""Learning rate schedules: the rate as a function of the step."""

# ruff: noqa: F401
from tricera.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from tricera.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from tricera.optimizers.schedules.schedule import LearningRateSchedule, deserialize, serialize
