"""ScheduleFreeAdamW: Adam at a point between the fast iterate and the average of all iterates."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.optimizers.optimizer import Optimizer, hyperparameters


@register("optimizer", "schedulefreeadamw")
class ScheduleFreeAdamW(Optimizer):
    """Adam's steps move `z`; `x` is the mean of all `z`; the gradient is taken at `p = (1 - beta_1) * z + beta_1 * x`.

    Needs no schedule that falls. What is kept as "momentum" is `z`; `x` is found from `p` and `z`.

    Args:
        warmup_steps: how many steps the rate rises linearly.

    Reference: Defazio et al., 2024, arXiv:2405.15682, algorithm 1.
    """

    slots = (("momentum", "velocity"),)

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
    ): ...

    def initial(self, slot: str, variable: Variable) -> Any:
        return variable.raw() if slot == "momentum" else 0

    def update(self, p: Any, g: Any, z: Any, v: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        t, b1, b2 = step, self.beta_1, jnp.float32(self.beta_2)  # one rounding of 1 - b2, in v and in its correction
        if self.warmup_steps:
            rate = rate * jnp.minimum(1, t / self.warmup_steps)
        v = b2 * v + (1 - b2) * (g * g)
        d = g / (jnp.sqrt(v / (1 - b2**t)) + self.epsilon)
        x = (p - (1 - b1) * z) / b1
        z = z - rate * d
        x = x + (z - x) / t
        return (1 - b1) * z + b1 * x, z, v
