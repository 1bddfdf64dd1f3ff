"""VGG19, and what its images and predictions need."""

from tricera import errors
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.applications.vgg import VGG19

preprocess_input = of_mode("caffe")

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
