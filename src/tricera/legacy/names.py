"""Names that modules of Keras 1 and 2 had: each is another name for something of today, or something of the past."""

import importlib
from typing import Any

import numpy as np

from tricera import layers as public
from tricera.engine import registry
from tricera.legacy import backend, layers, paths, spellings
from tricera.legacy.functions import metrics
from tricera.legacy.layers import merge
from tricera.saving.past import names as past

_ENGINE = {name: f"layers.{name}" for name in ("Input", "InputLayer", "InputSpec", "Layer")}
# By module of Tricera: old name -> today's, in the same module or written out.
NAMES: dict[str, dict[str, str]] = {
    "constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "initializers": {
        "normal": "random_normal",
        "uniform": "random_uniform",
        "zero": "zeros",
        "one": "ones",
    },
    "losses": {"huber_loss": "huber", "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity"},
    "metrics": {"kullback_leibler_divergence": "kl_divergence"},
    "optimizers": {
        "adadelta": "Adadelta",
        "adagrad": "Adagrad",
        "adamax": "Adamax",
        "nadam": "Nadam",
        "optimizer_from_config": "deserialize",
        "rmsprop": "RMSprop",
    },
    "utils": {"plot": "plot_model"},
    "legacy.engine": {
        **_ENGINE,
        "Container": "models.Model",
        "Model": "models.Model",
        "Network": "models.Model",
        "Sequential": "models.Sequential",
        "get_source_inputs": "utils.get_source_inputs",
    },
    "models": {"Container": "Model"},
    "regularizers": {
        "ActivityRegularizer": "L1L2",
        "L1L2Regularizer": "L1L2",
        "WeightRegularizer": "L1L2",
        "l1l2": "l1_l2",
        "activity_l1": "l1",
        "activity_l2": "l2",
        "activity_l1l2": "l1_l2",
    },
}


JOINED = ("layers.Merge", "legacy.engine.Merge", "legacy.engine.merge")  # `layers.merge` is a module


# By module: functions of Keras 1 that nothing of today does; `legacy` keeps them.
FUNCTIONS = {
    "metrics": "cosine cosine_proximity fbeta_score fmeasure matthews_correlation precision recall",
    "utils": "accuracy binary_logloss categorical_probas_to_classes multiclass_logloss multi_gpu_model "
    "probas_to_classes",
}


# What NumPy called Python's own types until 1.24, and programs of that time still do.
_OF_NUMPY = {"bool": bool, "complex": complex, "float": float, "int": int, "object": object, "str": str}


def restore_numpy() -> None:
    """Give NumPy these names back, where it has none of its own: for a process that runs an old program."""
    for name, kind in _OF_NUMPY.items():
        if name not in vars(np):
            setattr(np, name, kind)


def today(module: str, name: str) -> str | None:
    """The path below `keras` of what a module had by an old name; None where the name is none or has no other."""
    if module == "backend":
        return f"ops.{backend.OPS[name]}" if name in backend.OPS else None
    new = past.CLASSES.get(name) if module == "layers" else NAMES.get(module, {}).get(name)
    if new is None or (module == "layers" and new not in vars(public)):
        return None
    return new if "." in new else f"{module}.{new}"


def find(module: str, name: str) -> Any:
    """What a module of Keras 1 or 2 had by this name; None where it is not known."""
    below = module.removeprefix("tricera").lstrip(".")
    path = f"{below}.{name}".lstrip(".")
    if path in paths.MOVED:
        spellings.note_module(f"keras.{path}")
        return importlib.import_module(f"tricera.{paths.MOVED[path]}")
    new = today(below, name)
    if new is not None:
        spellings.note(f"keras.{path}".replace(".legacy.", "."), f"keras.{new}")
    if below == "backend":
        return backend.find(name)
    if new is not None:
        home, _, last = new.rpartition(".")
        return getattr(importlib.import_module(f"tricera.{home}"), last, None)
    if path in JOINED:
        return getattr(merge, name)
    if name in FUNCTIONS.get(below, "").split():
        return getattr(metrics, name)
    if below == "layers" and name in vars(layers):
        return vars(layers)[name]
    if below == "layers":
        known = registry.names("layer")
        return known.get(past.CLASSES.get(name, name)) if name[:1].isupper() else None
    return None
