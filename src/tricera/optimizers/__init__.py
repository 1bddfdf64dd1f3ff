"""Optimizers: how gradients change variables."""

# ruff: noqa: F401
from typing import Any

from tricera import errors
from tricera.engine import registry
from tricera.errors import report
from tricera.optimizers import schedules
from tricera.optimizers.adam import Adam, Adamax, AdamW, Lamb, Nadam
from tricera.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from tricera.optimizers.factored import Adafactor
from tricera.optimizers.multi import MultiOptimizer, OptimizerMap
from tricera.optimizers.muon import Muon
from tricera.optimizers.optimizer import Optimizer
from tricera.optimizers.scaling import LossScaleOptimizer
from tricera.optimizers.schedulefree import ScheduleFreeAdamW
from tricera.optimizers.sgd import SGD, Lion


def get(identifier: Any) -> Any:
    """The optimizer that a name (in any case), a configuration or an optimizer means.

    Raises:
        ValueError: it means none.
    """
    if isinstance(identifier, str) and identifier.lower() in registry.names("optimizer"):
        identifier = identifier.lower()
    found = registry.resolve("optimizer", identifier)
    if found is None or isinstance(found, Optimizer):
        return found
    what = f"Could not interpret optimizer identifier: {identifier!r}."
    expected = "an Optimizer, its name or its configuration"
    raise ValueError(report(what, expected=expected, got=type(found).__name__))


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The plain form of an optimizer."""
    return registry.serialize(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer of a plain form."""
    return registry.deserialize(config, "optimizer", custom_objects)


__all__ = ["schedules"]
__all__ += [name for name, thing in vars().items() if getattr(thing, "__module__", "").startswith(__name__)]

__getattr__ = errors.missing(__name__, globals())
