"""VGG: blocks of 3x3 convolutions, each closed by a pooling.

Reference: Simonyan and Zisserman, 2014, arXiv:1409.1556.
"""

from typing import Any

from tricera import layers
from tricera.applications import application
from tricera.applications.imagenet_utils import decode_predictions, preprocess_input
from tricera.models import Model

_URL = "https://storage.googleapis.com/tensorflow/keras-applications/{}/"
_FILTERS = (64, 128, 256, 512, 512)
_HASHES = {
    "vgg16": ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    "vgg19": ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
}


def _vgg(
    kind: str,
    convolutions: tuple[int, ...],
    *,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Any,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    application.check_weights(name, weights, include_top, classes)
    start = x = application.input_of(name, input_tensor, input_shape, 224, 32, include_top)
    for block, (filters, count) in enumerate(zip(_FILTERS, convolutions, strict=True), 1):
        for i in range(1, count + 1):
            convolution = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")
            x = convolution(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)

    def top(x: Any) -> Any:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        return layers.Dense(classes, activation=classifier_activation, name="predictions")(x)

    model = application.finished(name, x, start, top if include_top else None, pooling)
    with_top, without = _HASHES[kind]
    stem = f"{kind}_weights_tf_dim_ordering_tf_kernels"
    files = {True: (f"{stem}.h5", with_top), False: (f"{stem}_notop.h5", without)}
    return application.load(model, weights, _URL.format(kind), files, include_top)


def VGG16(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg16",
):
    """VGG of 13 convolutions and 3 dense layers, for images of 224x224, prepared by `vgg16.preprocess_input`.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 512)`.

    Args:
        include_top: whether with the dense layers; then the size of the images is fixed.
        weights: None for random ones, "imagenet", or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        pooling: without the top: None, "avg" or "max" over height and width.

    Raises:
        ValueError: shape, weights or classes do not fit together.
    """
    return _vgg("vgg16", (2, 2, 3, 3, 3), **locals())


def VGG19(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg19",
):
    """VGG of 16 convolutions and 3 dense layers; arguments as of `VGG16`."""
    return _vgg("vgg19", (2, 2, 4, 4, 4), **locals())


__all__ = ["VGG16", "VGG19", "decode_predictions", "preprocess_input"]
