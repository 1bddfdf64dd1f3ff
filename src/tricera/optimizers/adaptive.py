"""Each element divided by the size of its own gradients: RMSprop, Adagrad, Adadelta, Ftrl."""

from typing import Any

import jax.numpy as jnp
from jax.lax import rsqrt

from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.optimizers.optimizer import Optimizer, hyperparameters


@register("optimizer", "rmsprop", "RMSProp")
class RMSprop(Optimizer):
    """`p = p - rate * g / sqrt(v + epsilon)`, with `v` the moving mean of `g^2`.

    Args:
        momentum: how much of the last step is added to each step.
        centered: whether to divide by the root of the gradient's variance, `v` less the square of its mean.

    Reference: Tieleman & Hinton, 2012, Lecture 6.5 of "Neural Networks for Machine Learning"; centered:
    Graves, 2013, arXiv:1308.0850.
    """

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
    ): ...

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        wanted = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return tuple((name,) for name, is_wanted in wanted.items() if is_wanted)

    def update(self, p: Any, g: Any, v: Any, *others: Any, rate: Any, step: Any) -> tuple[Any, ...]:
        rest = list(others)
        v = self.rho * v + (1 - self.rho) * (g * g)
        d = v
        if self.centered:
            rest[-1] = self.rho * rest[-1] + (1 - self.rho) * g
            d = v - rest[-1] * rest[-1]
        dp = rate * g * rsqrt(d + self.epsilon)
        if self.momentum > 0:
            dp = rest[0] = self.momentum * rest[0] + dp
        return p - dp, v, *rest


@register("optimizer")
class Adagrad(Optimizer):
    """`p = p - rate * g / sqrt(n + epsilon)`, with `n` the sum of all `g^2`.

    Reference: Duchi et al., 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization".
    """

    slots = (("accumulator",),)

    @hyperparameters
    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7): ...

    def initial(self, slot: str, variable: Variable) -> Any:
        return self.initial_accumulator_value

    def update(self, p: Any, g: Any, n: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        n = n + g * g
        return p - rate * g * rsqrt(n + self.epsilon), n


@register("optimizer")
class Adadelta(Optimizer):
    """`dp = -rms(dp) / rms(g) * g`, by moving mean squares of the steps and of the gradients.

    Reference: Zeiler, 2012, arXiv:1212.5701 (whose learning rate is 1).
    """

    slots = (("accumulated_grad", "accumulated_delta_var"),)

    @hyperparameters
    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7): ...

    def update(self, p: Any, g: Any, eg2: Any, edp2: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        eg2 = self.rho * eg2 + (1 - self.rho) * (g * g)
        dp = -jnp.sqrt(edp2 + self.epsilon) * rsqrt(eg2 + self.epsilon) * g
        edp2 = self.rho * edp2 + (1 - self.rho) * (dp * dp)
        return p + rate * dp, eg2, edp2


@register("optimizer")
class Ftrl(Optimizer):
    """Follow the regularized leader: the `p` that minimizes all linearized losses so far, plus its penalties.

    Args:
        learning_rate_power: how the rate falls with the sum of squares `n`; 0 for a fixed rate.
        l1_regularization_strength: sets elements to exactly zero.
        l2_shrinkage_regularization_strength: an L2 penalty on the gradient's side, not on the leader's.
        beta: the paper's; adds `beta / (2 * rate)` to the L2 penalty.

    Raises:
        ValueError: a strength is negative, or `learning_rate_power` positive.

    Reference: McMahan et al., 2013, "Ad Click Prediction: a View from the Trenches", algorithm 1.
    """

    slots = (("accumulator", "linear"),)

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
    ):
        for name in ("initial_accumulator_value", *(n for n in vars(self) if n.endswith("_strength"))):
            if getattr(self, name) < 0:
                raise ValueError(report(f"`{name}` needs to be positive or zero.", got=getattr(self, name)))
        if learning_rate_power > 0:
            raise ValueError(report("`learning_rate_power` needs to be negative or zero.", got=learning_rate_power))

    def initial(self, slot: str, variable: Variable) -> Any:
        return self.initial_accumulator_value if slot == "accumulator" else 0

    def update(self, p: Any, g: Any, n: Any, z: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        l1, power = self.l1_regularization_strength, -self.learning_rate_power
        l2 = self.l2_regularization_strength + self.beta / (2 * rate)
        new_n = n + g * g
        sigma = (new_n**power - n**power) / rate
        z = z + g + 2 * self.l2_shrinkage_regularization_strength * p - sigma * p
        p = (jnp.clip(z, -l1, l1) - z) / (new_n**power / rate + 2 * l2)
        return p, new_n, z
