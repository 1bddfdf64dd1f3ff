"""Models and weights in files: `.keras` and `.weights.h5`, in Keras 3's layout."""

from tricera.engine.registry import CustomObjectScope as CustomObjectScope
from tricera.engine.registry import custom_object_scope as custom_object_scope
from tricera.engine.registry import get_custom_objects as get_custom_objects
from tricera.engine.registry import get_registered_name as get_registered_name
from tricera.engine.registry import get_registered_object as get_registered_object
from tricera.engine.registry import register_keras_serializable as register_keras_serializable
from tricera.saving.editor import KerasFileEditor as KerasFileEditor
from tricera.saving.loading import load_model as load_model
from tricera.saving.loading import model_from_json as model_from_json
from tricera.saving.loading import model_from_yaml as model_from_yaml
from tricera.saving.model import save_model as save_model
from tricera.saving.trust import deserialize_keras_object as deserialize_keras_object
from tricera.saving.trust import serialize_keras_object as serialize_keras_object
from tricera.saving.weights import load_weights as load_weights
from tricera.saving.weights import save_weights as save_weights

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_json",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
