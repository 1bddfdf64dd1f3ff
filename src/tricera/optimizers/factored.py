"""Adafactor: the mean square of a matrix kept as one row and one column."""

from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.optimizers.optimizer import Optimizer, hyperparameters


def _rms(x: Any) -> Any:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


@register("optimizer")
class Adafactor(Optimizer):
    """`p = p - a * u / max(1, rms(u) / clip_threshold)`; `u = g / sqrt(v)`, `a = rate * max(epsilon_2, rms(p))`.

    Of an array with rows and columns, `v` is `r * c / mean(r)`: the moving means of `g^2` over its columns and rows.

    Args:
        beta_2_decay: the moving means' momentum is `1 - t ** beta_2_decay`.
        epsilon_1: added to `g^2`.
        epsilon_2: the least size of an array that its step is measured by.
        relative_step: kept for configurations: the rate is at most `1 / sqrt(t)` in any case, as in Keras.

    Reference: Shazeer & Stern, 2018, arXiv:1804.04235.
    """

    @hyperparameters
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
    ): ...

    def build_slots(self) -> None:
        for variable, slots in zip(self._trainable_variables, self._slots, strict=True):
            if not variable.overwrite_with_gradient:
                slots += [*self._row_and_column(variable), self.add_variable_from_reference(variable, "velocity")]

    def _row_and_column(self, variable: Variable) -> list[Variable]:
        shape = variable.shape
        if len(shape) < 2:  # files of Keras have two empty places here
            places = [Variable(0, name=variable.name, trainable=False) for _ in range(2)]
            self._variables += places
            return places
        name = variable.path.replace("/", "_")
        return [self.add_variable(size, name=name) for size in (shape[:-1], (*shape[:-2], shape[-1]))]

    def update(self, p: Any, g: Any, r: Any, c: Any, v: Any, *, rate: Any, step: Any) -> tuple[Any, ...]:
        t = step
        a = jnp.minimum(rate, 1 / jnp.sqrt(t)) * jnp.maximum(self.epsilon_2, _rms(p))
        b2, g2 = 1 - t**self.beta_2_decay, g * g + self.epsilon_1
        if p.ndim < 2:
            v = b2 * v + (1 - b2) * g2
        else:
            r = b2 * r + (1 - b2) * jnp.mean(g2, -1)
            c = b2 * c + (1 - b2) * jnp.mean(g2, -2)
            v = (r / jnp.mean(r, -1, keepdims=True))[..., None] * c[..., None, :]
        u = g / jnp.sqrt(v)
        return p - a * u / jnp.maximum(1, _rms(u) / self.clip_threshold), r, c, v
