"""ResNet: each block adds what three convolutions make of its input to that input.

Reference: He et al., 2015, arXiv:1512.03385.
"""

import functools

from tricera import errors, layers
from tricera.applications.application import KERAS, TF_KERNELS, application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode

EPSILON = 1.001e-5
FILTERS = (64, 128, 256, 512)


def normalized(x, name):
    """Batch normalization with the epsilon of all ResNets."""
    return layers.BatchNormalization(axis=axis(3), epsilon=EPSILON, name=f"{name}_bn")(x)


def relu(x, name):
    """`max(x, 0)`."""
    return layers.Activation("relu", name=f"{name}_relu")(x)


def resnet(x, blocks):
    """Each block adds what three convolutions make of its input to that input; `blocks` of them in each stage.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 2048)`.

    Reference: He et al., 2015, arXiv:1512.03385.
    """
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = relu(normalized(x, "conv1"), "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (filters, count) in enumerate(zip(FILTERS, blocks, strict=True), 2):
        for block in range(1, count + 1):
            strides = 2 if block == 1 and stage > 2 else 1
            x = _block(x, filters, strides, f"conv{stage}_block{block}", widened=block == 1)
    return x


def _block(x, filters, strides, name, widened):
    shortcut = x
    if widened:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(x)
        shortcut = normalized(shortcut, f"{name}_0")
    x = layers.Conv2D(filters, 1, strides=strides, name=f"{name}_1_conv")(x)
    x = relu(normalized(x, f"{name}_1"), f"{name}_1")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = relu(normalized(x, f"{name}_2"), f"{name}_2")
    x = normalized(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def row(body, public, blocks, *hashes):
    """A ResNet of so many blocks in each stage."""
    source = files(f"{KERAS}resnet/{public.lower()}{TF_KERNELS}", hashes)
    return application(public, functools.partial(body, blocks=blocks), source, named_pools=True)


_row = functools.partial(row, resnet)
ResNet50 = _row("ResNet50", (3, 4, 6, 3), "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626")
ResNet101 = _row("ResNet101", (3, 4, 23, 3), "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21")
ResNet152 = _row("ResNet152", (3, 8, 36, 3), "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c")

preprocess_input = of_mode("caffe")

__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
