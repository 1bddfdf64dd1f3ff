"""Schedules that decay by one formula: exponential, inverse time, polynomial, by pieces."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.errors import report
from tricera.optimizers.schedules.schedule import LearningRateSchedule, float_step, positive


@register("schedule")
class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        staircase: whether the exponent is rounded down, so that the rate falls in steps.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "ExponentialDecay",
    ):
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase, self.name = positive("decay_steps", decay_steps), staircase, name

    def __call__(self, step: Any) -> Any:
        t = float_step(step) / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (jnp.floor(t) if self.staircase else t)


@register("schedule")
class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        staircase: whether `step / decay_steps` is rounded down.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = "InverseTimeDecay",
    ):
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps, self.staircase, self.name = positive("decay_steps", decay_steps), staircase, name

    def __call__(self, step: Any) -> Any:
        t = float_step(step) / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * (jnp.floor(t) if self.staircase else t))


@register("schedule")
class PolynomialDecay(LearningRateSchedule):
    """`(initial - end) * (1 - step / decay_steps) ** power + end`, constant after `decay_steps`.

    Args:
        cycle: whether `decay_steps` grows to its next multiple, instead of staying at the end rate.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = "PolynomialDecay",
    ):
        self.initial_learning_rate, self.end_learning_rate = initial_learning_rate, end_learning_rate
        self.decay_steps, self.power, self.cycle, self.name = positive("decay_steps", decay_steps), power, cycle, name

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

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str | None = "PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                report(
                    "The length of boundaries should be 1 less than the length of values.",
                    expected=f"{len(boundaries) + 1} values for {len(boundaries)} boundaries",
                    got=f"{len(values)} values",
                )
            )
        self.boundaries, self.values, self.name = boundaries, values, name

    def __call__(self, step: Any) -> Any:
        passed = jnp.sum(jnp.asarray(step) > jnp.asarray(self.boundaries))
        return jnp.asarray(self.values, "float32")[passed]
