"""The base of learning rate schedules, and how they are found by name."""

from typing import Any

import jax.numpy as jnp

from tricera.engine import registry
from tricera.errors import report
from tricera.optimizers.hyperparameters import Parametric


class LearningRateSchedule(Parametric):
    """The learning rate as a function of the step: override `__call__(step)`."""

    def __call__(self, step: Any) -> Any:
        """The learning rate of step number `step`, counted from 0."""
        what = f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        raise NotImplementedError(report(what))


def check_positive(name: str, steps: Any) -> None:
    """Raise a ValueError where a number of steps is none to divide by."""
    if steps <= 0:
        raise ValueError(report(f"Argument `{name}` must be > 0.", expected="a positive number of steps", got=steps))


def float_step(step: Any) -> Any:
    """The number of the step as a float, to divide."""
    return jnp.asarray(step).astype("float32")


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The plain form of a schedule."""
    return registry.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule of a plain form."""
    return registry.deserialize(config, "schedule", custom_objects)
