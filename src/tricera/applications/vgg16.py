"""VGG16, and what its images and predictions need."""

from tricera import errors
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.applications.vgg import VGG16

preprocess_input = of_mode("caffe")

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
