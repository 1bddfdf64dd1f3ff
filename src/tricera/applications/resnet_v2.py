"""ResNet V2: blocks as of ResNet, but normalized and activated before each convolution.

Reference: He et al., 2016, arXiv:1603.05027.
"""

import functools

from tricera import errors, layers
from tricera.applications.imagenet_utils import decode_predictions, of_mode
from tricera.applications.resnet import FILTERS, normalized, relu, row


def resnet_v2(x, blocks):
    """Each block adds what three convolutions make of its input, normalized and activated before, to that input.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 2048)`.

    Reference: He et al., 2016, arXiv:1603.05027.
    """
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (filters, count) in enumerate(zip(FILTERS, blocks, strict=True), 2):
        for block in range(1, count + 1):
            strides = 2 if block == count and stage < 5 else 1
            x = _block(x, filters, strides, f"conv{stage}_block{block}", widened=block == 1)
    return relu(normalized(x, "post"), "post")


def _block(x, filters, strides, name, widened):
    ready = relu(normalized(x, f"{name}_preact"), f"{name}_preact")
    if widened:
        shortcut = layers.Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(ready)
    else:
        shortcut = layers.MaxPooling2D(1, strides=strides)(x) if strides > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(ready)
    x = relu(normalized(x, f"{name}_1"), f"{name}_1")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=f"{name}_2_conv")(x)
    x = relu(normalized(x, f"{name}_2"), f"{name}_2")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


_row = functools.partial(row, resnet_v2)
ResNet50V2 = _row("ResNet50V2", (3, 4, 6, 3), "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917")
ResNet101V2 = _row("ResNet101V2", (3, 4, 23, 3), "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5")
ResNet152V2 = _row("ResNet152V2", (3, 8, 36, 3), "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33")

preprocess_input = of_mode("tf")

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
