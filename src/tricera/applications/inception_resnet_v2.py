"""Inception-ResNet V2: what branches of convolutions make of their input is added to it."""

from tricera import errors, layers
from tricera.applications.application import KERAS, TF_KERNELS, application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.engine.layer import Layer
from tricera.engine.registry import register

_SMALL, _MIDDLE, _LARGE = (
    ("block35", (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3)))),
    ("block17", (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))),
    ("block8", (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))),
)


@register("layer")
class CustomScaleLayer(Layer):
    """The first input and `scale` times the second one, added."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        kept, added = inputs
        return kept + self.scale * added


def inception_resnet_v2(x):
    """What branches of convolutions make of their input is scaled down and added to it.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 1536)`.

    Reference: Szegedy et al., 2016, arXiv:1602.07261.
    """
    x = _convolved(x, 32, 3, strides=2, padding="valid")
    x = _convolved(x, 32, 3, padding="valid")
    x = _convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _convolved(x, 80, 1, padding="valid")
    x = _convolved(x, 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    branches = [_chain(x, *row) for row in (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)))]
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = _mixed([*branches, _convolved(pooled, 64, 1)], "mixed_5b")
    for i in range(1, 11):
        x = _block(x, *_SMALL, scale=0.17, index=i)
    branches = [_halved(x, 384), _halved(_chain(x, (256, 1), (256, 3)), 384)]
    x = _mixed([*branches, layers.MaxPooling2D(3, strides=2)(x)], "mixed_6a")
    for i in range(1, 21):
        x = _block(x, *_MIDDLE, scale=0.1, index=i)
    rows = ((384, ((256, 1),)), (288, ((256, 1),)), (320, ((256, 1), (288, 3))))
    branches = [_halved(_chain(x, *row), filters) for filters, row in rows]
    x = _mixed([*branches, layers.MaxPooling2D(3, strides=2)(x)], "mixed_7a")
    for i in range(1, 10):
        x = _block(x, *_LARGE, scale=0.2, index=i)
    x = _block(x, *_LARGE, scale=1.0, index=10, activation=None)
    return _convolved(x, 1536, 1, name="conv_7b")


def _block(x, kind, rows, scale, index, activation="relu"):
    name = f"{kind}_{index}"
    mixed = _mixed([_chain(x, *row) for row in rows], f"{name}_mixed")
    back = layers.Conv2D(x.shape[axis(3)], 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, back])
    return x if activation is None else layers.Activation(activation, name=f"{name}_ac")(x)


def _convolved(x, filters, kernel_size, strides=1, padding="same", name=None):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=axis(3), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)


def _chain(x, *convolutions):
    for filters, kernel_size in convolutions:
        x = _convolved(x, filters, kernel_size)
    return x


def _halved(x, filters):
    return _convolved(x, filters, 3, strides=2, padding="valid")


def _mixed(branches, name):
    return layers.Concatenate(axis=axis(3), name=name)(branches)


_HASHES = ("e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4")
InceptionResNetV2 = application(
    "InceptionResNetV2",
    inception_resnet_v2,
    files(f"{KERAS}inception_resnet_v2/inception_resnet_v2{TF_KERNELS}", _HASHES),
    name="inception_resnet_v2",
    size=299,
    least=75,
)

preprocess_input = of_mode("tf")

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
