"""LossScaleOptimizer: keeps gradients of 16 bits from vanishing and from overflowing."""

import functools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.optimizers.optimizer import Optimizer, choose


@register("optimizer", "lossscaleoptimizer")
class LossScaleOptimizer(Optimizer):
    """Scales the loss up and the gradients down by a factor that adapts, and leaves out steps that overflow.

    The factor halves at each overflow, and doubles after `dynamic_growth_steps` steps without one.

    Raises:
        ValueError: an option is set that belongs to `inner_optimizer`.

    Reference: Micikevicius et al., 2017, arXiv:1710.03740.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ):
        if kwargs.pop("dynamic", None) not in (None, True):
            what = "LossScaleOptimizer always adapts its scale: `dynamic=False` is not supported."
            raise ValueError(report(what, fix="set `loss_scale_factor` on the optimizer itself."))
        for option, value in kwargs.items():
            if value not in (None, False) and (option, value) != ("ema_momentum", 0.99):
                what = f"LossScaleOptimizer does not support `{option}`."
                raise ValueError(report(what, fix=f"set `{option}` on the `inner_optimizer`."))
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        inner_optimizer.loss_scale_factor = None  # the factor here takes its place
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), float(initial_scale), name="dynamic_scale")

    def build(self, variables: Sequence[Variable]) -> None:
        self.inner_optimizer.build(variables)
        self.built, self._trainable_variables = True, list(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """The number of steps that did not overflow."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.inner_optimizer.learning_rate = rate

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the factor."""
        return loss * self.dynamic_scale.raw()

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether there is neither infinity nor NaN in any gradient."""
        finite = (jnp.all(jnp.isfinite(jnp.asarray(g))) for g in grads if g is not None)
        return functools.reduce(jnp.logical_and, finite, jnp.array(True))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if trainable_variables is not None:
            self.build(variables)
        grads = list(grads)
        finite = self.check_finite(grads)

        def step() -> None:
            factor = 1 / self.dynamic_scale.value
            given = zip(grads, variables, strict=True)
            scaled = [g if g is None or v.overwrite_with_gradient else jnp.asarray(g) * factor for g, v in given]
            self.inner_optimizer.apply(scaled, variables)
            self._grow()

        choose(finite, step, self._shrink, [*variables, *self.variables])

    def _grow(self) -> None:
        count = self.step_counter.value + 1
        full = count == self.dynamic_growth_steps
        self.step_counter.assign(jnp.where(full, 0, count))
        self.dynamic_scale.assign(self.dynamic_scale.value * jnp.where(full, 2.0, 1.0))

    def _shrink(self) -> None:
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale.value / 2)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        arguments = ("inner_optimizer", "initial_scale", "dynamic_growth_steps", "name")
        config = super().get_config()
        return {name: config[name] for name in arguments}
