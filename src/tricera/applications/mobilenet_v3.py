"""MobileNet V3: the blocks of V2 as a search placed them, some of them weighing their channels."""

import functools
from typing import NamedTuple

from tricera import errors, layers
from tricera.applications.application import CLASSES, KERAS, assemble, axis, files, halving_pad, in_eights
from tricera.applications.imagenet_utils import decode_predictions, untouched
from tricera.applications.mobilenet import check_published


class _Block(NamedTuple):
    """How much a block widens inside, its filters, strides and window; whether it weighs channels, and is swish."""

    ratio: float
    filters: int
    strides: int
    window: int
    weighs: bool
    swish: bool


_SMALL = (
    _Block(1, 16, 2, 3, True, False),
    _Block(72 / 16, 24, 2, 3, False, False),
    _Block(88 / 24, 24, 1, 3, False, False),
    _Block(4, 40, 2, 5, True, True),
    _Block(6, 40, 1, 5, True, True),
    _Block(6, 40, 1, 5, True, True),
    _Block(3, 48, 1, 5, True, True),
    _Block(3, 48, 1, 5, True, True),
    _Block(6, 96, 2, 5, True, True),
    _Block(6, 96, 1, 5, True, True),
    _Block(6, 96, 1, 5, True, True),
)
_LARGE = (
    _Block(1, 16, 1, 3, False, False),
    _Block(4, 24, 2, 3, False, False),
    _Block(3, 24, 1, 3, False, False),
    _Block(3, 40, 2, 5, True, False),
    _Block(3, 40, 1, 5, True, False),
    _Block(3, 40, 1, 5, True, False),
    _Block(6, 80, 2, 3, False, True),
    _Block(2.5, 80, 1, 3, False, True),
    _Block(2.3, 80, 1, 3, False, True),
    _Block(2.3, 80, 1, 3, False, True),
    _Block(6, 112, 1, 3, True, True),
    _Block(6, 112, 1, 3, True, True),
    _Block(6, 160, 2, 5, True, True),
    _Block(6, 160, 1, 5, True, True),
    _Block(6, 160, 1, 5, True, True),
)
# Hashes of the files with the top and without, by what their names say.
_HASHES = {
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_minimalistic_224_1.0": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_minimalistic_224_1.0": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
}


def _body(x, blocks, alpha, minimalistic, include_preprocessing):
    if include_preprocessing:
        x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    swish = _relu if minimalistic else _swish
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = swish(_normalized(x, "conv_bn"))
    for i, block in enumerate(blocks):
        if minimalistic:
            block = block._replace(window=3, weighs=False, swish=False)
        x = _block(x, block, in_eights(block.filters * alpha), f"expanded_conv_{i}_" if i else "expanded_conv_", i > 0)
    x = _mixed(x, in_eights(6 * x.shape[axis()]), "conv_1")
    return swish(_normalized(x, "conv_1_bn"))


def _block(start, block, filters, name, widened):
    x, channels = start, start.shape[axis()]
    active = _swish if block.swish else _relu
    inner = in_eights(channels * block.ratio)
    if widened:
        x = active(_normalized(_mixed(x, inner, f"{name}expand"), f"{name}expand_bn"))
    if block.strides == 2:
        x = layers.ZeroPadding2D(halving_pad(x, block.window), name=f"{name}depthwise_pad")(x)
    x = layers.DepthwiseConv2D(
        block.window,
        strides=block.strides,
        padding="same" if block.strides == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(x)
    x = active(_normalized(x, f"{name}depthwise_bn"))
    if block.weighs:
        x = _weighed(x, inner, f"{name}squeeze_excite_")
    x = _normalized(_mixed(x, filters, f"{name}project"), f"{name}project_bn")
    return layers.Add(name=f"{name}add")([start, x]) if block.strides == 1 and channels == filters else x


def _weighed(x, channels, name):
    """Each channel times a weight between 0 and 1, which a small network finds."""
    weights = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    weights = layers.Conv2D(in_eights(channels / 4), 1, padding="same", name=f"{name}conv")(weights)
    weights = layers.ReLU(name=f"{name}relu")(weights)
    weights = layers.Conv2D(channels, 1, padding="same", name=f"{name}conv_1")(weights)
    weights = layers.ReLU(6.0)(weights + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{name}mul")([x, weights])


def _mixed(x, filters, name):
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x)


def _normalized(x, name):
    return layers.BatchNormalization(axis=axis(), momentum=0.999, epsilon=1e-3, name=name)(x)


def _relu(x):
    return layers.ReLU()(x)


def _swish(x):
    return layers.Activation("hard_swish")(x)


def _top(x, classes, activation, units, minimalistic, dropout_rate):
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(units, 1, padding="same", name="conv_2")(x)
    x = (_relu if minimalistic else _swish)(x)
    if dropout_rate > 0:
        x = layers.Dropout(dropout_rate)(x)
    x = layers.Flatten()(layers.Conv2D(classes, 1, padding="same", name="logits")(x))
    return layers.Activation(activation, name="predictions")(x)


def _mobilenet_v3(kind, blocks, units, *, alpha, minimalistic, dropout_rate, include_preprocessing, weights, **given):
    file = f"{kind}_minimalistic_224_{float(alpha)}" if minimalistic else f"{kind}_224_{float(alpha)}"
    known = tuple(float(name.split("_")[-1]) for name in _HASHES if name.startswith(file.rpartition("_")[0] + "_"))
    check_published(given["name"], weights, alpha=(alpha, known))
    return assemble(
        functools.partial(
            _body,
            blocks=blocks,
            alpha=alpha,
            minimalistic=minimalistic,
            include_preprocessing=include_preprocessing,
        ),
        files(f"{KERAS}mobilenet_v3/weights_mobilenet_v3_{file}_float", _HASHES.get(file, (None, None)), "_no_top_v2"),
        top=functools.partial(
            _top,
            units=in_eights(units * max(1, alpha)),
            minimalistic=minimalistic,
            dropout_rate=dropout_rate,
        ),
        fixed=False,
        named_pools=True,
        weights=weights,
        **given,
    )


def MobileNetV3Small(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=CLASSES,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Small",
):
    """Blocks that widen, convolve each channel by itself, weigh channels, and narrow again; for small machines.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, 576 * alpha)`.

    Args:
        alpha: how many times the channels of the paper.
        minimalistic: whether with windows of 3x3 and relu only, and without weighing channels.
        dropout_rate: the part of the features that the top leaves out in training.
        include_preprocessing: whether the network itself scales pixels from 0 to 255.

    The other arguments are those of `VGG16`.

    Raises:
        ValueError: shape, weights, classes or pooling do not fit together; there are no weights of that `alpha`.

    Reference: Howard et al., 2019, arXiv:1905.02244.
    """
    return _mobilenet_v3("small", _SMALL, 1024, **locals())


def MobileNetV3Large(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=CLASSES,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Large",
):
    """As `MobileNetV3Small`, with more and wider blocks: 960 channels times `alpha` without the top."""
    return _mobilenet_v3("large", _LARGE, 1280, **locals())


preprocess_input = untouched

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
