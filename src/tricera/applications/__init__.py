"""Networks with weights that were trained on ImageNet."""

from tricera import errors
from tricera.applications import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    nasnet,
    resnet,
    resnet50,
    resnet_v2,
    squeezenet,
    vgg16,
    vgg19,
    xception,
)
from tricera.applications.convnext import ConvNeXtBase, ConvNeXtLarge, ConvNeXtSmall, ConvNeXtTiny, ConvNeXtXLarge
from tricera.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from tricera.applications.efficientnet import (
    EfficientNetB0,
    EfficientNetB1,
    EfficientNetB2,
    EfficientNetB3,
    EfficientNetB4,
    EfficientNetB5,
    EfficientNetB6,
    EfficientNetB7,
)
from tricera.applications.efficientnet_v2 import (
    EfficientNetV2B0,
    EfficientNetV2B1,
    EfficientNetV2B2,
    EfficientNetV2B3,
    EfficientNetV2L,
    EfficientNetV2M,
    EfficientNetV2S,
)
from tricera.applications.inception_resnet_v2 import InceptionResNetV2
from tricera.applications.inception_v3 import InceptionV3
from tricera.applications.mobilenet import MobileNet
from tricera.applications.mobilenet_v2 import MobileNetV2
from tricera.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
from tricera.applications.nasnet import NASNetLarge, NASNetMobile
from tricera.applications.resnet import ResNet50, ResNet101, ResNet152
from tricera.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
from tricera.applications.squeezenet import SqueezeNet
from tricera.applications.vgg import VGG16, VGG19
from tricera.applications.xception import Xception

__all__ = [
    "VGG16",
    "VGG19",
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "SqueezeNet",
    "Xception",
    "convnext",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "nasnet",
    "resnet",
    "resnet50",
    "resnet_v2",
    "squeezenet",
    "vgg16",
    "vgg19",
    "xception",
]

__getattr__ = errors.missing(__name__, globals())
