"""`keras.legacy.saving`: what stands in `keras.utils.legacy` too."""

from tricera.utils.legacy import deserialize_keras_object, serialize_keras_object

__all__ = ["deserialize_keras_object", "serialize_keras_object"]
