"""Optimizers as Keras 1 and 2 had them: the rate falls by `decay`, and `epsilon` may stand elsewhere.

A model that an old Keras saved goes on with these where Keras 3's would make other steps.
"""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.optimizers import adam, adaptive, sgd
from tricera.optimizers.optimizer import Optimizer


class _Decaying(Optimizer):
    """Base: step `t`, from 0, has the rate `learning_rate / (1 + decay * t)`.

    Args:
        decay: how fast the rate falls.
        kwargs: the arguments of the optimizer of Keras 3.
    """

    def __init__(self, decay: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.decay = decay

    def _get_current_learning_rate(self) -> Any:
        step = jnp.asarray(self.iterations, "float32")
        return super()._get_current_learning_rate() / (1 + self.decay * step)


@register("optimizer")
class SGDV2(_Decaying, sgd.SGD):
    """SGD whose rate decays."""


@register("optimizer")
class AdamV2(_Decaying, adam.Adam):
    """Adam whose rate decays."""


@register("optimizer")
class AdamaxV2(_Decaying, adam.Adamax):
    """Adamax whose rate decays."""


@register("optimizer")
class AdadeltaV2(_Decaying, adaptive.Adadelta):
    """Adadelta whose rate decays."""


@register("optimizer")
class FtrlV2(_Decaying, adaptive.Ftrl):
    """Ftrl whose rate decays."""


@register("optimizer")
class AdagradV2(_Decaying, adaptive.Adagrad):
    """`p = p - rate * g / (sqrt(n) + epsilon)`."""

    def update(self, p: Any, g: Any, n: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        n = n + g * g
        return p - rate * g / (jnp.sqrt(n) + self.epsilon), n


@register("optimizer")
class RMSpropV2(_Decaying, adaptive.RMSprop):
    """`p = p - rate * g / (sqrt(v) + epsilon)`; with momentum, as in Keras 3."""

    def update(self, p: Any, g: Any, v: Any, *others: Any, rate: Any, step: Any) -> tuple[Any, ...]:
        if self.momentum > 0:
            return super().update(p, g, v, *others, rate=rate, step=step)
        v = self.rho * v + (1 - self.rho) * (g * g)
        mean = tuple(self.rho * m + (1 - self.rho) * g for m in others)  # of the gradients, if centered
        d = v - mean[0] * mean[0] if mean else v
        return p - rate * g / (jnp.sqrt(d) + self.epsilon), v, *mean


@register("optimizer")
class NadamV2(adam.Nadam):
    """Nadam whose momentum warms up slowly: `mu_t = beta_1 * (1 - 0.5 * 0.96^(schedule_decay * t))`."""

    def __init__(self, schedule_decay: float = 0.004, **kwargs: Any):
        super().__init__(**kwargs)
        self.schedule_decay = schedule_decay

    def _mu(self, t: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * 0.96 ** (self.schedule_decay * t))
