"""Steps along the gradient, its momentum, or its sign: SGD, Lion."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.errors import report
from tricera.optimizers.optimizer import Optimizer, with_base_arguments


@register("optimizer")
class SGD(Optimizer):
    """Gradient descent: `m = momentum * m - rate * g; p = p + m`.

    Args:
        nesterov: whether the step looks ahead along the momentum: `p + momentum * m - rate * g`.

    Raises:
        ValueError: `momentum` is not in `[0, 1]`.

    Reference: Sutskever et al., 2013, "On the importance of initialization and momentum in deep learning".
    """

    @with_base_arguments
    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **base: Any):
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(report("`momentum` must be a float between [0, 1].", got=momentum))
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = (("momentum",),) if momentum else ()
        super().__init__(learning_rate, **base)

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

    @with_base_arguments
    def __init__(self, learning_rate: Any = 0.001, beta_1: Any = 0.9, beta_2: float = 0.99, **base: Any):
        if beta_1 <= 0 or beta_1 > 1:
            raise ValueError(
                report(
                    "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD.",
                    got=beta_1,
                )
            )
        self.beta_1, self.beta_2 = beta_1, beta_2
        super().__init__(learning_rate, **base)

    def update(self, p: Any, g: Any, m: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        b1, b2 = self.beta_1, self.beta_2
        return p - rate * jnp.sign(b1 * m + (1 - b1) * g), b2 * m + (1 - b2) * g
