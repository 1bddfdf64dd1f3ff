"""Networks with weights that were trained on ImageNet. So far VGG16 and VGG19."""

from tricera import errors
from tricera.applications import imagenet_utils, vgg16, vgg19
from tricera.applications.vgg import VGG16, VGG19

__all__ = ["VGG16", "VGG19", "imagenet_utils", "vgg16", "vgg19"]

__getattr__ = errors.missing(__name__, globals())
