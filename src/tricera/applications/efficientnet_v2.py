"""EfficientNet V2: the first stages convolve all channels at once instead of each by itself."""

import functools
import math

from tricera import errors, layers
from tricera.applications.application import KERAS, assemble, axis, classifier, files, function, in_eights
from tricera.applications.efficientnet import DENSE, DROPPED, KERNEL, convolved, joined, normalized, weighed
from tricera.applications.imagenet_utils import decode_predictions, untouched
from tricera.initializers import Constant

_MOMENTUM = 0.9
# Stages: blocks, channels out, how much a block widens inside, strides. The first three convolve all channels at once.
_B = ((1, 16, 1, 1), (2, 32, 4, 2), (2, 48, 4, 2), (3, 96, 4, 2), (5, 112, 6, 1), (8, 192, 6, 2))
_S = ((2, 24, 1, 1), (4, 48, 4, 2), (4, 64, 4, 2), (6, 128, 4, 2), (9, 160, 6, 1), (15, 256, 6, 2))
_M = (
    (3, 24, 1, 1),
    (5, 48, 4, 2),
    (5, 80, 4, 2),
    (7, 160, 4, 2),
    (14, 176, 6, 1),
    (18, 304, 6, 2),
    (5, 512, 6, 1),
)
_L = (
    (4, 32, 1, 1),
    (7, 64, 4, 2),
    (7, 96, 4, 2),
    (10, 192, 4, 2),
    (19, 224, 6, 1),
    (25, 384, 6, 2),
    (7, 640, 6, 1),
)
_FUSED = 3


def efficientnet_v2(x, stages, stem, width, depth, prepare):
    """Inverted bottlenecks; those of the first stages convolve all channels at once, the others weigh their channels.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 1280)`,
    1408 in B2 and 1536 in B3. With `include_preprocessing` the network itself scales pixels from 0 to 255.

    Reference: Tan and Le, 2021, arXiv:2104.00298.
    """
    x = prepare(x)
    x = _convolved(x, _in_eights(stem * width), 3, "stem_conv", "stem_bn", "stem_activation", strides=2)
    total, place = sum(count for count, *_ in stages), 0
    for stage, (count, filters, ratio, strides) in enumerate(stages):
        block = _fused if stage < _FUSED else _inverted
        for i in range(math.ceil(depth * count)):
            dropped, name = DROPPED * place / total, f"block{stage + 1}{chr(97 + i)}_"
            x = block(x, _in_eights(filters * width), 1 if i else strides, ratio, dropped, name)
            place += 1
    return _convolved(x, _in_eights(1280 * width), 1, "top_conv", "top_bn", "top_activation")


_convolved = functools.partial(convolved, momentum=_MOMENTUM)
_in_eights = functools.partial(in_eights, least=0)


def _fused(start, filters, strides, ratio, dropped, name):
    project = (f"{name}project_conv", f"{name}project_bn")
    if ratio == 1:
        x = _convolved(start, filters, 3, *project, f"{name}project_activation", strides=strides)
    else:
        expand = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
        x = _convolved(start, start.shape[axis(3)] * ratio, 3, *expand, strides=strides)
        x = _convolved(x, filters, 1, *project, None)
    return joined(x, start, strides, dropped, name)


def _inverted(start, filters, strides, ratio, dropped, name):
    channels = start.shape[axis(3)]
    expand = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
    x = _convolved(start, channels * ratio, 1, *expand)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=KERNEL,
        name=f"{name}dwconv2",
    )(x)
    x = normalized(x, f"{name}bn", f"{name}activation", _MOMENTUM)
    x = weighed(x, max(1, channels // 4), name)
    x = _convolved(x, filters, 1, f"{name}project_conv", f"{name}project_bn", None)
    return joined(x, start, strides, dropped, name)


def _standardized(x):
    """Pixels from 0 to 255 by ImageNet's means and deviations, which only images of three channels have."""
    if x.shape[axis(3)] != 3:
        return _centred(x)
    x = layers.Rescaling(1 / 255)(x)
    variance = [0.229**2, 0.224**2, 0.225**2]
    return layers.Normalization(mean=[0.485, 0.456, 0.406], variance=variance, axis=axis(3))(x)


def _centred(x):
    """Pixels from 0 to 255 as numbers from -1 to 1."""
    return layers.Rescaling(1 / 128, offset=-1)(x)


def _row(public, name, stages, stem, size, *hashes, width=1.0, depth=1.0, prepare=_centred):
    body = functools.partial(efficientnet_v2, stages=stages, stem=stem, width=width, depth=depth)
    top = functools.partial(classifier, dropout=0.2, kernel_initializer=DENSE, bias_initializer=Constant(0.0))
    source = files(f"{KERAS}efficientnet_v2/{name}", hashes)

    def signature(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=name,
    ):
        return locals()

    def build(include_preprocessing, **given):
        begun = functools.partial(body, prepare=prepare if include_preprocessing else lambda x: x)
        return assemble(begun, source, top=top, size=size, named_pools=True, **given)

    return function(public, body, signature, build)


def _row_of_b(public, width, depth, size, *hashes):
    name = f"efficientnetv2-{public[-2:].lower()}"
    return _row(public, name, _B, 32, size, *hashes, width=width, depth=depth, prepare=_standardized)


EfficientNetV2B0 = _row_of_b(
    "EfficientNetV2B0", 1.0, 1.0, 224, "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"
)
EfficientNetV2B1 = _row_of_b(
    "EfficientNetV2B1", 1.0, 1.1, 240, "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"
)
EfficientNetV2B2 = _row_of_b(
    "EfficientNetV2B2", 1.1, 1.2, 260, "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"
)
EfficientNetV2B3 = _row_of_b(
    "EfficientNetV2B3", 1.2, 1.4, 300, "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"
)
EfficientNetV2S = _row(
    "EfficientNetV2S",
    "efficientnetv2-s",
    _S,
    24,
    384,
    "e1d88a8495beba45748fedd0cecbe016",
    "af0682fb74e8c54910f2d4393339c070",
)
EfficientNetV2M = _row(
    "EfficientNetV2M",
    "efficientnetv2-m",
    _M,
    24,
    480,
    "a3bf6aa3276309f4fc6a34aa114c95cd",
    "1b8dc055df72dde80d614482840fe342",
)
EfficientNetV2L = _row(
    "EfficientNetV2L",
    "efficientnetv2-l",
    _L,
    32,
    480,
    "27e6d408b53c7ebc868fefa357689935",
    "b0b66b5c863aef5b46e8608fe1711615",
)

preprocess_input = untouched

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]

__getattr__ = errors.missing(__name__, globals())
