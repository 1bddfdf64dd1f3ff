"""Xception: separable convolutions with shortcuts around them."""

from tricera import errors, layers
from tricera.applications.application import KERAS, TF_KERNELS, application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode


def xception(x):
    """Separable convolutions, with shortcuts around every two or three of them.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 2048)`.

    Reference: Chollet, 2016, arXiv:1610.02357.
    """
    for i, (filters, strides) in enumerate(((32, 2), (64, 1)), 1):
        name = f"block1_conv{i}"
        x = _relu(_normalized(layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=name)(x), name), name)
    x = _halving(x, (128, 128), 2)
    x = _halving(x, (256, 256), 3)
    x = _halving(x, (728, 728), 4)
    for block in range(5, 13):
        inner = x
        for i in (1, 2, 3):
            inner = _separable(inner, 728, f"block{block}_sepconv{i}")
        x = layers.Add()([inner, x])
    x = _halving(x, (728, 1024), 13)
    for i, filters in enumerate((1536, 2048), 1):
        name = f"block14_sepconv{i}"
        x = _relu(_separable(x, filters, name, active=False), name)
    return x


def _halving(x, filters, block):
    """Two separable convolutions and a pooling, beside a convolution with strides."""
    shortcut = layers.Conv2D(filters[-1], 1, strides=2, padding="same", use_bias=False)(x)
    shortcut = layers.BatchNormalization(axis=axis())(shortcut)
    for i, count in enumerate(filters, 1):
        # Block 2 begins with what block 1 has activated already.
        x = _separable(x, count, f"block{block}_sepconv{i}", active=(block, i) != (2, 1))
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.Add()([x, shortcut])


def _separable(x, filters, name, active=True):
    if active:
        x = _relu(x, name)
    return _normalized(layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x), name)


def _normalized(x, name):
    return layers.BatchNormalization(axis=axis(), name=f"{name}_bn")(x)


def _relu(x, name):
    return layers.Activation("relu", name=f"{name}_act")(x)


_HASHES = ("0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97")
_FILES = files(f"{KERAS}xception/xception{TF_KERNELS}", _HASHES)
Xception = application("Xception", xception, _FILES, size=299, least=71)

preprocess_input = of_mode("tf")

__all__ = ["Xception", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
