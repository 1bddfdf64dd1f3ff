"""VGG: blocks of 3x3 convolutions, each closed by a pooling.

Reference: Simonyan and Zisserman, 2014, arXiv:1409.1556.
"""

import functools

from tricera import layers
from tricera.applications.application import KERAS, TF_KERNELS, application, files


def vgg(x, convolutions):
    """Blocks of 3x3 convolutions, each closed by a pooling; three dense layers at the top.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 32, width / 32, 512)`.

    Reference: Simonyan and Zisserman, 2014, arXiv:1409.1556.
    """
    for block, (filters, count) in enumerate(zip((64, 128, 256, 512, 512), convolutions, strict=True), 1):
        for i in range(1, count + 1):
            name = f"block{block}_conv{i}"
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    return x


def _top(x, classes, activation):
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def _row(public, convolutions, *hashes):
    name = public.lower()
    body = functools.partial(vgg, convolutions=convolutions)
    return application(public, body, files(f"{KERAS}{name}/{name}{TF_KERNELS}", hashes), top=_top, flat=True)


VGG16 = _row("VGG16", (2, 2, 3, 3, 3), "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc")
VGG19 = _row("VGG19", (2, 2, 4, 4, 4), "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6")
