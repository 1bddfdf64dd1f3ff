"""MobileNet V2: blocks that widen, convolve each channel by itself, and narrow again without an activation."""

import functools

from tricera import errors, layers
from tricera.applications.application import (
    CLASSES,
    KERAS,
    TF_KERNELS,
    assemble,
    axis,
    files,
    halving_pad,
    in_eights,
)
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.applications.mobilenet import check_published, side_of

_SIZES = (96, 128, 160, 192, 224)
_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
# How much a block widens inside, its filters, blocks, strides of the first one.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _body(x, alpha):
    x = layers.Conv2D(in_eights(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = _active(x, "bn_Conv1", "Conv1_relu")
    name = "expanded_conv_"
    block = 0
    for ratio, filters, count, strides in _STAGES:
        for i in range(count):
            x = _block(x, ratio, in_eights(int(filters * alpha)), 1 if i else strides, name)
            block += 1
            name = f"block_{block}_"
    x = layers.Conv2D(in_eights(1280 * max(1, alpha)), 1, use_bias=False, name="Conv_1")(x)
    return _active(x, "Conv_1_bn", "out_relu")


def _block(start, ratio, filters, strides, name):
    x, channels = start, start.shape[axis()]
    if ratio > 1:
        x = layers.Conv2D(ratio * channels, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = _active(x, f"{name}expand_BN", f"{name}expand_relu")
    if strides == 2:
        x = layers.ZeroPadding2D(halving_pad(x, 3), name=f"{name}pad")(x)
    padding = "same" if strides == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=strides, padding=padding, use_bias=False, name=f"{name}depthwise")(x)
    x = _active(x, f"{name}depthwise_BN", f"{name}depthwise_relu")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = _normalized(x, f"{name}project_BN")
    return layers.Add(name=f"{name}add")([start, x]) if strides == 1 and channels == filters else x


def _normalized(x, name):
    return layers.BatchNormalization(axis=axis(), momentum=0.999, epsilon=1e-3, name=name)(x)


def _active(x, bn, relu):
    return layers.ReLU(6.0, name=relu)(_normalized(x, bn))


def _top(x, classes, activation):
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=CLASSES,
    classifier_activation="softmax",
    name=None,
):
    """Blocks that widen, convolve each channel by itself, and narrow again without an activation.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, 1280)`, more for an `alpha` above 1.

    Args:
        alpha: how many times the channels of the paper.

    The other arguments are those of `VGG16`.

    Raises:
        ValueError: shape, weights, classes or pooling do not fit together; there are no weights of that `alpha`.

    Reference: Sandler et al., 2018, arXiv:1801.04381.
    """
    given = locals()
    given.pop("alpha")
    check_published("MobileNetV2", weights, alpha=(alpha, _ALPHAS))
    side = side_of(input_shape, include_top, weights, _SIZES)
    given["name"] = name or f"mobilenetv2_{alpha:.2f}_{side}"
    stem = f"{KERAS}mobilenet_v2/mobilenet_v2{TF_KERNELS}_{float(alpha)}_{side}"
    return assemble(functools.partial(_body, alpha=alpha), files(stem, without="_no_top"), top=_top, **given)


preprocess_input = of_mode("tf")

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
