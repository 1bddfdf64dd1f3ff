"""Schedules that follow half a cosine, once or with restarts."""

import math
from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.optimizers.hyperparameters import attributes
from tricera.optimizers.schedules.schedule import LearningRateSchedule, check_positive, float_step


def _half_cosine(t: Any) -> Any:
    return 0.5 * (1 + jnp.cos(math.pi * t))


@register("schedule")
class CosineDecay(LearningRateSchedule):
    """`rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)`, after an optional linear warm-up.

    Args:
        alpha: the last rate as a fraction of the highest.
        warmup_target: the rate that the warm-up reaches and the decay starts from; None for no warm-up.
        warmup_steps: how many steps the warm-up takes, before `decay_steps` begin to count.

    Reference: Loshchilov & Hutter, 2016, arXiv:1608.03983.
    """

    @attributes
    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str | None = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ):
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        step = float_step(step)
        if self.warmup_target is None:
            return self._decayed(self.initial_learning_rate, step)
        low, high = self.initial_learning_rate, self.warmup_target
        warming = low + (high - low) * step / max(self.warmup_steps, 1)
        return jnp.where(step < self.warmup_steps, warming, self._decayed(high, step - self.warmup_steps))

    def _decayed(self, rate: float, step: Any) -> Any:
        t = jnp.minimum(step / self.decay_steps, 1)
        return rate * ((1 - self.alpha) * _half_cosine(t) + self.alpha)


@register("schedule", "SGDRDecay")
class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines one after the other: each `t_mul` times as long and `m_mul` times as high as the one before.

    Args:
        alpha: the lowest rate as a fraction of the initial one.

    Reference: Loshchilov & Hutter, 2016, arXiv:1608.03983.
    """

    @attributes
    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = "SGDRDecay",
    ):
        check_positive("first_decay_steps", first_decay_steps)

    def __call__(self, step: Any) -> Any:
        t, q = float_step(step) / self.first_decay_steps, self.t_mul
        if q == 1:
            i = jnp.floor(t)
            t = t - i
        else:  # i periods, of lengths 1, q, q^2, ..., last together (1 - q^i) / (1 - q)
            i = jnp.floor(jnp.log(1 - t * (1 - q)) / math.log(q))
            t = (t - (1 - q**i) / (1 - q)) / q**i
        return self.initial_learning_rate * ((1 - self.alpha) * self.m_mul**i * _half_cosine(t) + self.alpha)
