"""EfficientNet: inverted bottlenecks that weigh their channels, scaled in width, depth and size together."""

import functools
import math

from tricera import errors, layers
from tricera.applications.application import assemble, axis, classifier, files, halving_pad, in_eights, usual
from tricera.applications.imagenet_utils import decode_predictions, untouched
from tricera.initializers import VarianceScaling

# Stages: kernel size, blocks, channels in and out, how much a block widens inside, strides.
_STAGES = (
    (3, 1, 32, 16, 1, 1),
    (3, 2, 16, 24, 6, 2),
    (5, 2, 24, 40, 6, 2),
    (3, 3, 40, 80, 6, 2),
    (5, 3, 80, 112, 6, 1),
    (5, 4, 112, 192, 6, 2),
    (3, 1, 192, 320, 6, 1),
)
_FOLDER = "https://storage.googleapis.com/keras-applications/"
_DEVIATION = (0.229, 0.224, 0.225)  # of red, green, blue between 0 and 1
DROPPED = 0.2  # of the last block's output; of others in proportion to their place
KERNEL = VarianceScaling(2.0, "fan_out", "truncated_normal")
DENSE = VarianceScaling(1 / 3, "fan_out", "uniform")


def efficientnet(x, width, depth, rescaled):
    """Inverted bottlenecks that weigh their channels; `width` times as many channels, `depth` times as many blocks.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, channels)` with 1280 channels times `width`.
    The network itself scales pixels from 0 to 255.

    Reference: Tan and Le, 2019, arXiv:1905.11946.
    """
    x = layers.Normalization(axis=axis(3))(layers.Rescaling(1 / 255)(x))
    if rescaled:  # the published weights divide by the variances where deviations were meant
        x = layers.Rescaling([1 / math.sqrt(deviation) for deviation in _DEVIATION])(x)
    x = layers.ZeroPadding2D(halving_pad(x, 3), name="stem_conv_pad")(x)
    x = convolved(x, in_eights(32 * width), 3, "stem_conv", "stem_bn", "stem_activation", strides=2, padding="valid")
    counts = [math.ceil(depth * count) for _, count, *_ in _STAGES]
    place = 0
    for stage, (kernel, _, _, filters, ratio, strides) in enumerate(_STAGES):
        for block in range(counts[stage]):
            dropped = DROPPED * place / sum(counts)
            name = f"block{stage + 1}{chr(97 + block)}_"
            x = _block(x, in_eights(filters * width), kernel, 1 if block else strides, ratio, dropped, name)
            place += 1
    return convolved(x, in_eights(1280 * width), 1, "top_conv", "top_bn", "top_activation")


def convolved(x, filters, kernel_size, conv, bn, activation, strides=1, padding="same", momentum=0.99):
    """A convolution, normalized, and activated where `activation` is a name."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=KERNEL,
        name=conv,
    )(x)
    return normalized(x, bn, activation, momentum)


def normalized(x, bn, activation, momentum=0.99):
    """Batch normalization, and an activation where `activation` is a name."""
    x = layers.BatchNormalization(axis=axis(3), momentum=momentum, name=bn)(x)
    return layers.Activation("swish", name=activation)(x) if activation else x


def weighed(x, filters, name):
    """Each channel times a weight between 0 and 1, which a small network of `filters` units finds.

    Reference: Hu et al., 2017, arXiv:1709.01507.
    """
    channels = x.shape[axis(3)]
    shape = (1, 1, channels) if axis(3) == 3 else (channels, 1, 1)
    weights = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    weights = layers.Reshape(shape, name=f"{name}se_reshape")(weights)
    for count, activation, part in ((filters, "swish", "reduce"), (channels, "sigmoid", "expand")):
        weights = layers.Conv2D(
            count,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=KERNEL,
            name=f"{name}se_{part}",
        )(weights)
    return layers.Multiply(name=f"{name}se_excite")([x, weights])


def joined(x, start, strides, dropped, name):
    """`x + start` where their shapes agree; in training `x` is left out of some samples."""
    if strides > 1 or x.shape[axis(3)] != start.shape[axis(3)]:
        return x
    if dropped > 0:
        x = layers.Dropout(dropped, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, start])


def _block(start, filters, kernel, strides, ratio, dropped, name):
    x, channels = start, start.shape[axis(3)]
    if ratio > 1:
        x = convolved(x, channels * ratio, 1, f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
    if strides == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        depthwise_initializer=KERNEL,
        name=f"{name}dwconv",
    )(x)
    x = normalized(x, f"{name}bn", f"{name}activation")
    x = weighed(x, max(1, channels // 4), name)
    x = convolved(x, filters, 1, f"{name}project_conv", f"{name}project_bn", None)
    return joined(x, start, strides, dropped, name)


def _row(public, width, depth, size, dropout, *hashes):
    body = functools.partial(efficientnet, width=width, depth=depth)
    top = functools.partial(classifier, dropout=dropout, kernel_initializer=DENSE)
    source = files(_FOLDER + public.lower(), hashes)

    def build(weights, **given):
        begun = functools.partial(body, rescaled=weights == "imagenet")
        return assemble(begun, source, weights=weights, top=top, size=size, named_pools=True, **given)

    return usual(public, body, build, public.lower())


EfficientNetB0 = _row(
    "EfficientNetB0", 1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"
)
EfficientNetB1 = _row(
    "EfficientNetB1", 1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"
)
EfficientNetB2 = _row(
    "EfficientNetB2", 1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"
)
EfficientNetB3 = _row(
    "EfficientNetB3", 1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"
)
EfficientNetB4 = _row(
    "EfficientNetB4", 1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"
)
EfficientNetB5 = _row(
    "EfficientNetB5", 1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"
)
EfficientNetB6 = _row(
    "EfficientNetB6", 1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"
)
EfficientNetB7 = _row(
    "EfficientNetB7", 2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"
)

preprocess_input = untouched

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]

__getattr__ = errors.missing(__name__, globals())
