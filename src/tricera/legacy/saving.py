"""`keras.legacy.saving`: what stands in `keras.utils.legacy` too; and `keras.engine.saving` of Keras 2."""

from tricera import errors
from tricera.legacy.functions.inner import model_from_config
from tricera.legacy.functions.stored import (
    load_weights_from_hdf5_group,
    load_weights_from_hdf5_group_by_name,
    preprocess_weights_for_loading,
    save_weights_to_hdf5_group,
)
from tricera.saving import load_model, model_from_json, save_model
from tricera.saving.loading import model_from_yaml
from tricera.utils.legacy import deserialize_keras_object, serialize_keras_object

__all__ = [
    "deserialize_keras_object",
    "load_model",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
    "preprocess_weights_for_loading",
    "save_model",
    "save_weights_to_hdf5_group",
    "serialize_keras_object",
]

__getattr__ = errors.missing(__name__, globals())
