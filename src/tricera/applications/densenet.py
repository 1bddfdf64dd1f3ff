"""DenseNet: each layer sees what all layers before it made."""

import functools

from tricera import errors, layers
from tricera.applications.application import KERAS, TF_KERNELS, application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.applications.resnet import EPSILON, normalized, relu


def densenet(x, blocks, growth=32):
    """Each layer adds `growth` channels, made of all channels before it; `blocks` of them between two poolings.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, channels)` with 1024, 1664 and 1920 channels.

    Reference: Huang et al., 2016, arXiv:1608.06993.
    """
    x = layers.ZeroPadding2D(3)(x)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = relu(normalized(x, "conv1"), "conv1")
    x = layers.ZeroPadding2D(1)(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, count in enumerate(blocks, 2):
        for block in range(1, count + 1):
            x = _block(x, growth, f"conv{stage}_block{block}")
        if stage < 5:
            x = _transition(x, f"pool{stage}")
    x = layers.BatchNormalization(axis=axis(3), epsilon=EPSILON, name="bn")(x)
    return layers.Activation("relu", name="relu")(x)


def _block(x, growth, name):
    new = relu(normalized(x, f"{name}_0"), f"{name}_0")
    new = layers.Conv2D(4 * growth, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = relu(normalized(new, f"{name}_1"), f"{name}_1")
    new = layers.Conv2D(growth, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=axis(3), name=f"{name}_concat")([x, new])


def _transition(x, name):
    """Half of the channels, a quarter of the places."""
    half = x.shape[axis(3)] // 2
    x = relu(normalized(x, name), name)
    x = layers.Conv2D(half, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, name=f"{name}_pool")(x)


def _row(public, blocks, *hashes):
    source = files(f"{KERAS}densenet/{public.lower()}{TF_KERNELS}", hashes)
    return application(public, functools.partial(densenet, blocks=blocks), source, named_pools=True)


DenseNet121 = _row(
    "DenseNet121", (6, 12, 24, 16), "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"
)
DenseNet169 = _row(
    "DenseNet169", (6, 12, 32, 32), "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"
)
DenseNet201 = _row(
    "DenseNet201", (6, 12, 48, 32), "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"
)

preprocess_input = of_mode("torch")

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
