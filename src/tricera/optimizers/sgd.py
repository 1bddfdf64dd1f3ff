"""Steps along the gradient, its momentum, or its sign: SGD, Lion."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.errors import report
from tricera.optimizers.optimizer import Optimizer, hyperparameters


@register("optimizer")
class SGD(Optimizer):
    """Gradient descent: `m = momentum * m - rate * g; p = p + m`.

    Args:
        nesterov: whether the step looks ahead along the momentum: `p + momentum * m - rate * g`.

    Raises:
        ValueError: `momentum` is not in `[0, 1]`.

    Reference: Sutskever et al., 2013, "On the importance of initialization and momentum in deep learning".
    """

    @hyperparameters
    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False):
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(report("`momentum` must be a float between [0, 1].", got=momentum))

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum",),) if self.momentum else ()

    def update(self, p: Any, g: Any, *slots: Any, rate: Any, step: Any) -> tuple[Any, ...]:
        if not slots:
            return (p - rate * g,)
        (m,) = slots
        m = self.momentum * m - rate * g
        return p + (self.momentum * m - rate * g if self.nesterov else m), m


@register("optimizer")
class Lion(Optimizer):
    """A step of constant size along the sign of a momentum: `p = p - rate * sign(beta_1 * m + (1 - beta_1) * g)`.

    Raises:
        ValueError: `beta_1` is not in `(0, 1]`.

    Reference: Chen et al., 2023, arXiv:2302.06675.
    """

    slots = (("momentum",),)

    @hyperparameters
    def __init__(self, learning_rate: Any = 0.001, beta_1: Any = 0.9, beta_2: float = 0.99):
        if beta_1 <= 0 or beta_1 > 1:
            what = "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD."
            raise ValueError(report(what, got=beta_1))

    def update(self, p: Any, g: Any, m: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        b1, b2 = self.beta_1, self.beta_2
        return p - rate * jnp.sign(b1 * m + (1 - b1) * g), b2 * m + (1 - b2) * g
