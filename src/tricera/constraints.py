"""Projections of weights, done after each step of training: each constraint makes of an array one that fulfils it."""

from typing import Any

import jax.numpy as jnp

from tricera import config as settings
from tricera import errors
from tricera.engine import registry
from tricera.engine.configured import Configured
from tricera.engine.registry import register


def get(identifier: Any) -> Any:
    """The constraint that a name, a configuration, a class or a constraint means."""
    return registry.resolve("constraint", identifier)


def serialize(constraint: Any) -> Any:
    """The plain form of a constraint."""
    return registry.serialize(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The constraint of a plain form."""
    return registry.deserialize(config, "constraint", custom_objects)


class Constraint(Configured):
    """Base of all constraints: `constraint(w)` is the array that takes the place of `w`; here `w` itself."""

    def __call__(self, w: Any) -> Any:
        return w


@register("constraint", "maxnorm")
class MaxNorm(Constraint):
    """Norms along `axis` of at most `max_value`.

    Args:
        axis: the axis or axes of one unit's weights: 0 for Dense, `[0, 1, 2]` for Conv2D.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w):
        w = jnp.asarray(w)
        norms = _norm(w, self.axis)
        return w * (jnp.clip(norms, 0, self.max_value) / (settings.epsilon() + norms))


@register("constraint", "nonneg")
class NonNeg(Constraint):
    """No negative weights: `max(w, 0)`."""

    def __call__(self, w):
        w = jnp.asarray(w)
        return w * (w >= 0).astype(w.dtype)


@register("constraint", "unitnorm")
class UnitNorm(Constraint):
    """Norms of 1 along `axis`."""

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w):
        w = jnp.asarray(w)
        return w / (settings.epsilon() + _norm(w, self.axis))


@register("constraint")
class MinMaxNorm(Constraint):
    """Norms along `axis` between `min_value` and `max_value`.

    Args:
        rate: how far a step goes towards the bound: 1 is all the way.
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w):
        w = jnp.asarray(w)
        norms = _norm(w, self.axis)
        target = self.rate * jnp.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (target / (settings.epsilon() + norms))


def _norm(w: Any, axis: Any) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=axis, keepdims=True))


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

__getattr__ = errors.missing(__name__, globals())
