"""Inception V3: branches of convolutions of several widths, side by side."""

from tricera import errors, layers
from tricera.applications.application import KERAS, TF_KERNELS, application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode


def inception_v3(x):
    """Branches of convolutions of several widths, side by side; wide windows are taken apart into rows and columns.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 2048)`.

    Reference: Szegedy et al., 2015, arXiv:1512.00567.
    """
    x = _convolved(x, 32, 3, strides=2, padding="valid")
    x = _convolved(x, 32, 3, padding="valid")
    x = _convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _convolved(x, 80, 1, padding="valid")
    x = _convolved(x, 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for block, pooled in enumerate((32, 64, 64)):
        branches = (_chain(x, (64, 1)), _chain(x, (48, 1), (64, 5)), _chain(x, (64, 1), (96, 3), (96, 3)))
        x = _mixed([*branches, _pooled(x, pooled)], f"mixed{block}")
    branches = (_halved(x, 384), _halved(_chain(x, (64, 1), (96, 3)), 96))
    x = _mixed([*branches, layers.MaxPooling2D(3, strides=2)(x)], "mixed3")
    for block, n in enumerate((128, 160, 160, 192), 4):
        single = _chain(x, (192, 1))
        double = _chain(x, (n, 1), (n, (1, 7)), (192, (7, 1)))
        fourfold = _chain(x, (n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7)))
        x = _mixed([single, double, fourfold, _pooled(x, 192)], f"mixed{block}")
    branches = (_halved(_chain(x, (192, 1)), 320), _halved(_chain(x, (192, 1), (192, (1, 7)), (192, (7, 1))), 192))
    x = _mixed([*branches, layers.MaxPooling2D(3, strides=2)(x)], "mixed8")
    for i in (0, 1):
        single = _chain(x, (320, 1))
        forked = _forked(_chain(x, (384, 1)), f"mixed9_{i}")
        longer = _forked(_chain(x, (448, 1), (384, 3)), None)
        x = _mixed([single, forked, longer, _pooled(x, 192)], f"mixed{9 + i}")
    return x


def _convolved(x, filters, kernel_size, strides=1, padding="same"):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=False)(x)
    return layers.Activation("relu")(layers.BatchNormalization(axis=axis(3), scale=False)(x))


def _chain(x, *convolutions):
    for filters, kernel_size in convolutions:
        x = _convolved(x, filters, kernel_size)
    return x


def _halved(x, filters):
    return _convolved(x, filters, 3, strides=2, padding="valid")


def _pooled(x, filters):
    return _convolved(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def _forked(x, name):
    return _mixed([_convolved(x, 384, (1, 3)), _convolved(x, 384, (3, 1))], name)


def _mixed(branches, name):
    return layers.Concatenate(axis=axis(3), name=name)(branches)


_HASHES = ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63")
InceptionV3 = application(
    "InceptionV3",
    inception_v3,
    files(f"{KERAS}inception_v3/inception_v3{TF_KERNELS}", _HASHES),
    name="inception_v3",
    size=299,
    least=75,
)

preprocess_input = of_mode("tf")

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
