"""Schedules that decay by one formula: exponential, inverse time, polynomial, by pieces."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.errors import report
from tricera.optimizers.hyperparameters import attributes
from tricera.optimizers.schedules.schedule import LearningRateSchedule, check_positive, float_step


@register("schedule")
class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        staircase: whether the exponent is rounded down, so that the rate falls in steps.
    """

    @attributes
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "ExponentialDecay",
    ):
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        t = float_step(step) / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (jnp.floor(t) if self.staircase else t)


@register("schedule")
class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        staircase: whether `step / decay_steps` is rounded down.
    """

    @attributes
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "InverseTimeDecay",
    ):
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        t = float_step(step) / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (jnp.floor(t) if self.staircase else t))


@register("schedule")
class PolynomialDecay(LearningRateSchedule):
    """`(initial - end) * (1 - step / decay_steps) ** power + end`, constant after `decay_steps`.

    Args:
        cycle: whether `decay_steps` grows to its next multiple, instead of staying at the end rate.
    """

    @attributes
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = "PolynomialDecay",
    ):
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        t = float_step(step) / self.decay_steps
        t = t / jnp.maximum(jnp.ceil(t), 1) if self.cycle else jnp.minimum(t, 1)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * (1 - t) ** self.power + self.end_learning_rate


@register("schedule")
class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]`, where `i` is the number of `boundaries` below the step.

    Raises:
        ValueError: there is not one more value than boundaries.
    """

    @attributes
    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str | None = "PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            what = "The length of boundaries should be 1 less than the length of values."
            expected = f"{len(boundaries) + 1} values for {len(boundaries)} boundaries"
            raise ValueError(report(what, expected=expected, got=f"{len(values)} values"))

    def __call__(self, step: Any) -> Any:
        passed = jnp.sum(jnp.asarray(step) > jnp.asarray(self.boundaries))
        return jnp.asarray(self.values, "float32")[passed]
