"""Names that modules of Keras 1 and 2 had: each is another name for something of today, or something of the past."""

import importlib
from typing import Any

from tricera.engine import registry
from tricera.legacy import backend, layers, paths
from tricera.saving.past import names as past

# By module of Tricera: old name -> today's, in the same module or written out.
NAMES: dict[str, dict[str, str]] = {
    "constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "initializers": {
        "normal": "random_normal",
        "uniform": "random_uniform",
        "zero": "zeros",
        "one": "ones",
    },
    "losses": {"cosine_proximity": "cosine_similarity"},
    "metrics": {"cosine_proximity": "cosine_similarity"},
    "models": {"Container": "Model"},
    "regularizers": {"l1l2": "l1_l2", "activity_l1": "l1", "activity_l2": "l2", "activity_l1l2": "l1_l2"},
}


def find(module: str, name: str) -> Any:
    """What a module of Keras 1 or 2 had by this name; None where it is not known."""
    below = module.removeprefix("tricera").lstrip(".")
    path = f"{below}.{name}".lstrip(".")
    if path in paths.MOVED:
        return importlib.import_module(f"tricera.{paths.MOVED[path]}")
    new = NAMES.get(below, {}).get(name)
    if new is not None:
        return getattr(importlib.import_module(module), new, None)
    if below == "backend":
        return backend.find(name)
    if below == "layers" and name in vars(layers):
        return vars(layers)[name]
    if below == "layers":
        known = registry.names("layer")
        return known.get(past.CLASSES.get(name, name)) if name[:1].isupper() else None
    return None
