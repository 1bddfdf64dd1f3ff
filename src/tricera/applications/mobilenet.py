"""MobileNet: each channel is convolved by itself, then all are mixed by a convolution of window 1."""

import functools

from tricera import config, errors, layers
from tricera.applications.application import CLASSES, KERAS, assemble, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.errors import report

_SIZES = (128, 160, 192, 224)
_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
# Filters and strides of the blocks.
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


def _body(x, alpha, depth_multiplier):
    x = _convolved(x, int(32 * alpha), 3, "conv1", strides=2)
    for i, (filters, strides) in enumerate(_BLOCKS, 1):
        if strides == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
        x = layers.DepthwiseConv2D(
            3,
            strides=strides,
            padding="same" if strides == 1 else "valid",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{i}",
        )(x)
        x = _convolved(_active(x, f"conv_dw_{i}"), int(filters * alpha), 1, f"conv_pw_{i}")
    return x


def _convolved(x, filters, kernel_size, name, strides=1):
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding="same", use_bias=False, name=name)(x)
    return _active(x, name)


def _active(x, name):
    return layers.ReLU(6.0, name=f"{name}_relu")(layers.BatchNormalization(axis=axis(), name=f"{name}_bn")(x))


def _top(x, classes, activation, dropout):
    x = layers.Dropout(dropout, name="dropout")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
    return layers.Activation(activation, name="predictions")(layers.Reshape((classes,), name="reshape_2")(x))


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=CLASSES,
    classifier_activation="softmax",
    name=None,
):
    """Blocks of a depthwise convolution and one of window 1.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, 1024 * alpha)`.

    Args:
        alpha: how many times the channels of the paper.
        depth_multiplier: filters for each channel of a depthwise convolution.
        dropout: the part of the features that the top leaves out in training.

    The other arguments are those of `VGG16`.

    Raises:
        ValueError: shape, weights, classes or pooling do not fit together; there are no weights of that `alpha`.

    Reference: Howard et al., 2017, arXiv:1704.04861.
    """
    given = locals()
    for option in ("alpha", "depth_multiplier", "dropout"):
        given.pop(option)
    check_published("MobileNet", weights, alpha=(alpha, _ALPHAS), depth_multiplier=(depth_multiplier, (1,)))
    side = side_of(input_shape, include_top, weights, _SIZES)
    given["name"] = name or f"mobilenet_{alpha:.2f}_{side}"
    return assemble(
        functools.partial(_body, alpha=alpha, depth_multiplier=depth_multiplier),
        files(f"{KERAS}mobilenet/mobilenet_{_ALPHAS.get(alpha)}_{side}_tf", without="_no_top"),
        top=functools.partial(_top, dropout=dropout),
        **given,
    )


def check_published(public, weights, **options):
    """Raise ValueError where weights of ImageNet are wanted and an option's value is none of those they are for."""
    for option, (value, known) in options.items():
        if weights == "imagenet" and value not in known:
            raise ValueError(
                report(
                    f"{public}: there are no weights of ImageNet for this `{option}`.",
                    expected=f"one of {', '.join(map(str, known))}",
                    got=f"{option}={value}",
                    fix="one of these, or `weights=None`.",
                )
            )


def side_of(input_shape, include_top, weights, published):
    """The size of images that a model's name and its file of weights tell; the files exist for some sizes only."""
    if input_shape is None:
        rows = columns = 224 if include_top else None
    else:
        rows, columns = input_shape[1:] if config.image_data_format() == "channels_first" else input_shape[:2]
    return 224 if weights == "imagenet" and (rows != columns or rows not in published) else rows


preprocess_input = of_mode("tf")

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
