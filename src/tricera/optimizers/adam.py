"""Adam and its kin: steps along the mean of the gradient, divided by the root of its mean square."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.optimizers.gradient import norm
from tricera.optimizers.optimizer import Optimizer, hyperparameters


def adam(p: Any, g: Any, m: Any, v: Any, *highest: Any, b1: float, b2: float, epsilon: float, rate: Any, t: Any) -> Any:
    """Adam's step of one array; with the `highest` v so far, AMSGrad's."""
    a = rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
    m = m + (1 - b1) * (g - m)
    v = v + (1 - b2) * (g * g - v)
    highest = tuple(jnp.maximum(h, v) for h in highest)
    d = highest[0] if highest else v
    return p - a * m / (jnp.sqrt(d) + epsilon), m, v, *highest


@register("optimizer")
class Adam(Optimizer):
    """`p = p - a * m / (sqrt(v) + epsilon)`, with `m` and `v` the moving means of `g` and `g^2`.

    `a = rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)` corrects their start at zero.

    Args:
        amsgrad: whether to divide by the root of the highest `v` so far.

    Reference: Kingma & Ba, 2014, arXiv:1412.6980 (section 2's efficient order, so that `epsilon` is its
    epsilon-hat); Reddi et al., 2019, arXiv:1904.09237.
    """

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ): ...

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        return (("momentum", "velocity"), ("velocity_hat",)) if self.amsgrad else (("momentum", "velocity"),)

    def update(self, p: Any, g: Any, m: Any, v: Any, *highest: Any, rate: Any, step: Any) -> tuple[Any, ...]:
        return adam(p, g, m, v, *highest, b1=self.beta_1, b2=self.beta_2, epsilon=self.epsilon, rate=rate, t=step)


@register("optimizer", "adamw")
class AdamW(Adam):
    """Adam with decoupled weight decay: first `p = p - rate * weight_decay * p`, then Adam's step.

    Raises:
        ValueError: `weight_decay` is None.

    Reference: Loshchilov & Hutter, 2017, arXiv:1711.05101.
    """

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
    ):
        if weight_decay is None:
            what = "Argument `weight_decay` must be a float."
            raise ValueError(report(what, got="None", fix="use Adam, which needs none."))


@register("optimizer")
class Adamax(Optimizer):
    """Adam with the largest instead of the mean square: `u = max(beta_2 * u, |g|)`.

    Reference: Kingma & Ba, 2014, arXiv:1412.6980, section 7.1.
    """

    slots = (("momentum", "norm"),)

    @hyperparameters
    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ): ...

    def update(self, p: Any, g: Any, m: Any, u: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        m = m + (1 - self.beta_1) * (g - m)
        u = jnp.maximum(self.beta_2 * u, jnp.abs(g))
        return p - rate / (1 - self.beta_1**step) * m / (u + self.epsilon), m, u


@register("optimizer")
class Nadam(Optimizer):
    """Adam with Nesterov's look ahead, its momentum warmed up: `mu_t = beta_1 * (1 - 0.5 * 0.96^t)`.

    Reference: Dozat, 2016, "Incorporating Nesterov Momentum into Adam".
    """

    slots = (("momentum", "velocity"),)

    @hyperparameters
    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ): ...

    def build_slots(self) -> None:
        super().build_slots()
        self._u_product = Variable(1.0, dtype="float32", trainable=False)
        self._variables.append(self._u_product)

    def _mu(self, t: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def update_all(self, grads: list[Any], variables: list[Variable], rate: Any) -> None:
        self._u_product.assign(self._u_product.value * self._mu(self._step_number()))
        super().update_all(grads, variables, rate)

    def update(self, p: Any, g: Any, m: Any, v: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        t, product = step, self._u_product.value
        mu, ahead = self._mu(t), self._mu(t + 1)
        m = m + (1 - self.beta_1) * (g - m)
        v = v + (1 - self.beta_2) * (g * g - v)
        m_hat = ahead * m / (1 - product * ahead) + (1 - mu) * g / (1 - product)
        v_hat = v / (1 - self.beta_2**t)
        return p - rate * m_hat / (jnp.sqrt(v_hat) + self.epsilon), m, v


@register("optimizer")
class Lamb(Optimizer):
    """Adam's direction, each array's step as long as the array itself times the rate.

    Reference: You et al., 2019, arXiv:1904.00962.
    """

    slots = (("momentum", "velocity"),)

    @hyperparameters
    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ): ...

    def update(self, p: Any, g: Any, m: Any, v: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        t = step
        m = m + (1 - self.beta_1) * (g - m)
        v = v + (1 - self.beta_2) * (g * g - v)
        r = (m / (1 - self.beta_1**t)) / (jnp.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)
        p_norm, r_norm = norm(p), norm(r)
        trust = jnp.where((p_norm > 0) & (r_norm > 0), p_norm / jnp.where(r_norm > 0, r_norm, 1), 1)
        return p - trust * rate * r, m, v
