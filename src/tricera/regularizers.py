"""Penalties on weights or outputs, added to the loss: each regularizer makes a scalar of an array."""

import math
from typing import Any

import jax.numpy as jnp

from tricera import errors
from tricera.engine import registry
from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.errors import report


def get(identifier: Any) -> Any:
    """The regularizer that a name, a configuration, a class or a regularizer means."""
    return registry.resolve("regularizer", identifier)


def serialize(regularizer: Any) -> Any:
    """The plain form of a regularizer."""
    return registry.serialize(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The regularizer of a plain form."""
    return registry.deserialize(config, "regularizer", custom_objects)


class Regularizer(Configured):
    """Base of all regularizers: `regularizer(x)` is a scalar."""

    def __call__(self, x: Any) -> Any:
        raise NotImplementedError(report("Regularizer subclasses must implement the `__call__()` method."))


@register("regularizer")
class L1(Regularizer):
    """`l1 * sum(|x|)`."""

    def __init__(self, l1: Any = 0.01):
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        return self.l1 * jnp.sum(jnp.abs(jnp.asarray(x)))


@register("regularizer")
class L2(Regularizer):
    """`l2 * sum(x^2)`."""

    def __init__(self, l2: Any = 0.01):
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        return self.l2 * jnp.sum(jnp.square(jnp.asarray(x)))


@register("regularizer", "l1_l2")
class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x^2)`."""

    def __init__(self, l1: Any = 0.0, l2: Any = 0.0):
        self.l1, self.l2 = _factor("l1", l1 or 0.0), _factor("l2", l2 or 0.0)

    def __call__(self, x):
        x = jnp.asarray(x)
        return self.l1 * jnp.sum(jnp.abs(x)) + self.l2 * jnp.sum(jnp.square(x))


@register("regularizer")
class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between each two rows (or columns) of a matrix."""

    def __init__(self, factor: Any = 0.01, mode: str = "rows"):
        self.factor = _factor("factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                report("Invalid value for argument `mode`.", expected="'rows' or 'columns'", got=repr(mode))
            )
        self.mode = mode

    def __call__(self, inputs):
        x = jnp.asarray(inputs)
        if x.ndim != 2:
            raise ValueError(
                report("Inputs to OrthogonalRegularizer must have rank 2.", got=f"inputs.shape={tuple(x.shape)}")
            )
        rows = x if self.mode == "rows" else x.T
        rows = rows / jnp.sqrt(jnp.maximum(jnp.sum(rows**2, axis=1, keepdims=True), 1e-12))
        n = rows.shape[0]
        return self.factor * 0.5 * jnp.sum(jnp.abs(rows @ rows.T) * (1 - jnp.eye(n))) / (n * (n - 1) / 2 or 1)


def _factor(name: str, value: Any) -> float:
    if isinstance(value, str | bool) or not (math.isfinite(value) and value >= 0):
        raise ValueError(
            report(f"Invalid value for argument {name}.", expected="a non-negative float", got=f"{name}={value!r}")
        )
    return float(value)


l1, l2, l1_l2 = L1, L2, L1L2
orthogonal_regularizer = OrthogonalRegularizer

__getattr__ = errors.missing(__name__, globals())
