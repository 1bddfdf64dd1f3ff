"""ConvNeXt: a ResNet rebuilt after vision transformers, of wide windows and dense layers."""

import functools

from tricera import errors, layers
from tricera.applications.application import KERAS, assemble, axis, files, function
from tricera.applications.imagenet_utils import decode_predictions, untouched
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.initializers import Constant
from tricera.models import Sequential

_EPSILON = 1e-6
_MEAN = [123.675, 116.28, 103.53]  # of ImageNet's red, green, blue
_VARIANCE = [(255 * deviation) ** 2 for deviation in (0.229, 0.224, 0.225)]


@register("layer")
class LayerScale(Layer):
    """The inputs times one learned number a channel, which begins as `init_values`.

    Reference: Touvron et al., 2021, arXiv:2103.17239.
    """

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=Constant(self.init_values), name="gamma")

    def call(self, inputs):
        return inputs * self.gamma


def convnext(x, depths, channels, name, include_preprocessing):
    """Stages of `depths` blocks; a block convolves each channel in a 7x7 window, then mixes them by two dense layers.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, channels)` with 768 channels, 1024 in Base, 1536 in
    Large and 2048 in XLarge. With `include_preprocessing` the network itself normalizes pixels from 0 to 255.
    Layers are named after the model's `name`.

    Reference: Liu et al., 2022, arXiv:2201.03545.
    """
    if include_preprocessing and x.shape[axis()] == 3:
        prestem = f"{name}_prestem_normalization"
        x = layers.Normalization(mean=_MEAN, variance=_VARIANCE, axis=axis(), name=prestem)(x)
    for stage, (depth, filters) in enumerate(zip(depths, channels, strict=True)):
        x = _stem(filters, name)(x) if stage == 0 else _halving(filters, name, stage - 1)(x)
        for block in range(depth):
            x = _block(x, filters, f"{name}_stage_{stage}_block_{block}")
    return x


def _normalization(name=None):
    return layers.LayerNormalization(epsilon=_EPSILON, name=name)


def _stem(filters, name):
    parts = [layers.Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv"), _normalization(f"{name}_stem_layernorm")]
    return Sequential(parts, name=f"{name}_stem")


def _halving(filters, name, i):
    convolution = layers.Conv2D(filters, 2, strides=2, name=f"{name}_downsampling_conv_{i}")
    parts = [_normalization(f"{name}_downsampling_layernorm_{i}"), convolution]
    return Sequential(parts, name=f"{name}_downsampling_block_{i}")


def _block(start, filters, name):
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(start)
    x = _normalization(f"{name}_layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return start + layers.Activation("linear", name=f"{name}_identity")(x)


def _top(x, classes, activation, name):
    x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = _normalization(f"{name}_head_layernorm")(x)
    return layers.Dense(classes, activation=activation, name=f"{name}_head_dense")(x)


def _row(public, depths, channels, *hashes):
    kind = f"convnext_{public.removeprefix('ConvNeXt').lower()}"
    body = functools.partial(convnext, depths=depths, channels=channels)
    source = files(f"{KERAS}convnext/{kind}", hashes)

    def signature(
        include_top=True,
        include_preprocessing=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=kind,
    ):
        return locals()

    def build(include_preprocessing, name, **given):
        named = functools.partial(body, name=name, include_preprocessing=include_preprocessing)
        top = functools.partial(_top, name=name)
        return assemble(named, source, top=top, bare=lambda x: _normalization()(x), name=name, **given)

    return function(public, body, signature, build)


ConvNeXtTiny = _row(
    "ConvNeXtTiny",
    (3, 3, 9, 3),
    (96, 192, 384, 768),
    "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
    "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
)
ConvNeXtSmall = _row(
    "ConvNeXtSmall",
    (3, 3, 27, 3),
    (96, 192, 384, 768),
    "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
    "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
)
ConvNeXtBase = _row(
    "ConvNeXtBase",
    (3, 3, 27, 3),
    (128, 256, 512, 1024),
    "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
    "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
)
ConvNeXtLarge = _row(
    "ConvNeXtLarge",
    (3, 3, 27, 3),
    (192, 384, 768, 1536),
    "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
    "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
)
ConvNeXtXLarge = _row(
    "ConvNeXtXLarge",
    (3, 3, 27, 3),
    (256, 512, 1024, 2048),
    "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
    "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
)

preprocess_input = untouched

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]

__getattr__ = errors.missing(__name__, globals())
