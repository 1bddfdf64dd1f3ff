"""How a model was compiled, as plain data, and back."""

import warnings
from typing import Any

from tricera.engine import registry
from tricera.engine.inputs import where
from tricera.errors import report


def compile_config(model: Any) -> dict[str, Any]:
    """The arguments of `compile` in plain form, the optimizer as it is now; empty for a model not compiled."""
    if not model.compiled:
        return {}
    config = dict(model._compile_config)
    config["optimizer"] = model.optimizer
    return {name: registry.serialize(value) for name, value in config.items()}


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compile as `compile_config` says; a built model's optimizer is built too."""
    if not config:
        return
    if type(model).compile is not registry.find("model", "Model").compile:
        why = "was not called as part of model loading because the model's `compile()` method is custom. "
        fix = "override `compile_from_config`, or compile it after loading."
        warnings.warn(report(f"{where(model)}: `compile()` {why}", fix=fix), stacklevel=3)
        return
    model.compile(**{name: registry.revive(value, registry.roles_at(name)) for name, value in config.items()})
    if model.built and getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
