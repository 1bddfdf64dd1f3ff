"""ResNet50, and what its images and predictions need."""

from tricera import errors
from tricera.applications.resnet import ResNet50, decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
