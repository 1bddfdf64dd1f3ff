"""Names that modules of Keras 1 and 2 had: each is another name for something of today, or something of the past."""

import importlib
from typing import Any

import numpy as np

from tricera import layers as public
from tricera.engine import registry
from tricera.legacy import backend, layers, paths, spellings
from tricera.legacy.layers import merge
from tricera.legacy.training import callbacks
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


JOINED = ("layers.Merge", "engine.Merge", "engine.merge")  # `layers.merge` is a module


_PLAIN = (
    "BaseLogger GeneratorEnqueuer OrderedEnqueuer Reduction SequenceEnqueuer batch_shuffle check_for_unexpected_keys "
    "get_from_module getargspec has_arg is_all_none is_generator_or_sequence is_sequence iter_sequence_infinite "
    "make_batches make_tuple object_list_uid slice_X slice_arrays to_list transpose_shape unpack_singleton "
    "_batch_shuffle _is_all_none _make_batches _object_list_uid _slice_X _slice_arrays _to_list"
)
_STORED = "load_weights_from_hdf5_group load_weights_from_hdf5_group_by_name save_weights_to_hdf5_group"
# By module: what nothing of today is or does, by the module below `tricera` that keeps it.
KEPT = {
    "callbacks": {"legacy.functions.inner": "BaseLogger"},
    "layers": {"legacy.functions.inner": "time_distributed_dense"},
    "legacy.engine": {
        "legacy.functions.plain": _PLAIN,
        "legacy.functions.stored": _STORED,
        "legacy.functions.summaries": "count_params",
    },
    "losses": {"legacy.functions.plain": "Reduction"},
    "metrics": {
        "legacy.functions.inner": "clone_metric clone_metrics",
        "legacy.functions.metrics": "cosine cosine_proximity fbeta_score fmeasure matthews_correlation precision "
        "recall",
    },
    "models": {
        "legacy.functions.inner": "model_from_config",
        "legacy.layers.graph": "Graph",
        "saving.loading": "model_from_yaml",
    },
    "optimizers": {"legacy.functions.inner": "clip_norm"},
    "regularizers": {"legacy.functions.inner": "EigenvalueRegularizer"},
    "utils": {
        "legacy.functions.inner": "layer_from_config",
        "legacy.functions.metrics": "accuracy binary_logloss categorical_probas_to_classes multiclass_logloss "
        "multi_gpu_model probas_to_classes",
        "legacy.functions.plain": _PLAIN,
        "legacy.functions.stored": "HDF5Matrix ask_to_proceed_with_overwrite validate_file",
        "legacy.functions.summaries": "convert_all_kernels_in_model convert_dense_weights_data_format count_params "
        "count_total_params get_test_data is_model is_wrapped_model keras_test layer_test print_summary",
        "legacy.functions.windows": "conv_input_length conv_output_length convert_kernel deconv_length "
        "normalize_padding normalize_tuple",
    },
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
    path = f"{below}.{name}".lstrip(".").removeprefix("legacy." if below == "legacy.engine" else "")
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
    if path == "callbacks.BaseLogger":
        return callbacks.BaseLogger
    if path in JOINED:
        return getattr(merge, name)
    for home, kept in KEPT.get(below, {}).items():
        if name in kept.split():
            return getattr(importlib.import_module(f"tricera.{home}"), name)
    if below == "layers" and name in vars(layers):
        return vars(layers)[name]
    if below == "layers":
        known = registry.names("layer")
        return known.get(past.CLASSES.get(name, name)) if name[:1].isupper() else None
    return None
