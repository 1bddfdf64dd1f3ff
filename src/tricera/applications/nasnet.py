"""NASNet: cells that a search found, stacked."""

from tricera import errors, layers
from tricera.applications.application import KERAS, File, assemble, axis, function, halving_pad
from tricera.applications.imagenet_utils import decode_predictions, of_mode


def nasnet(x, filters, stem, blocks, skip):
    """Cells of separable convolutions and poolings; each sees the outputs of the two cells before it.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top
    `(batch, height / 32, width / 32, channels)` with 1056 channels in Mobile and 4032 in Large.

    Reference: Zoph et al., 2017, arXiv:1707.07012.
    """
    x = layers.Conv2D(
        stem, 3, strides=2, padding="valid", use_bias=False, kernel_initializer="he_normal", name="stem_conv1"
    )(x)
    x, before = _normalized(x, "stem_bn1"), None
    x, before = _reduction(x, before, filters // 4, "stem_1")
    x, before = _reduction(x, before, filters // 2, "stem_2", halved=True)
    for stage in range(3):
        if stage:
            name = f"reduce_{stage * blocks}"
            x, last = _reduction(x, before, filters * 2**stage, name)
            before = before if skip else last
        for i in range(blocks):
            number = stage * blocks + i + (stage > 0)
            x, before = _normal(x, before, filters * 2**stage, number, halved=i == 0)
    return layers.Activation("relu")(x)


def _normal(start, before, filters, name, halved):
    """The cell that keeps the size of its input."""
    before = _adjusted(before, start, filters, name, halved)
    x = _squeezed(start, filters, f"normal_conv_1_{name}", f"normal_bn_1_{name}")

    def separable(x, kernel_size, part):
        return _separable(x, filters, kernel_size, f"normal_{part}_{name}")

    def pooled(x, part):
        return layers.AveragePooling2D(3, strides=1, padding="same", name=f"normal_{part}_{name}")(x)

    pairs = (
        lambda: [separable(x, 5, "left1"), separable(before, 3, "right1")],
        lambda: [separable(before, 5, "left2"), separable(before, 3, "right2")],
        lambda: [pooled(x, "left3"), before],
        lambda: [pooled(before, "left4"), pooled(before, "right4")],
        lambda: [separable(x, 3, "left5"), x],
    )
    sums = [layers.Add(name=f"normal_add_{i}_{name}")(pair()) for i, pair in enumerate(pairs, 1)]
    return _joined([before, *sums], f"normal_concat_{name}"), start


def _reduction(start, before, filters, name, halved=False):
    """The cell that halves the size of its input."""
    before = _adjusted(before, start, filters, name, halved)
    x = _squeezed(start, filters, f"reduction_conv_1_{name}", f"reduction_bn_1_{name}")
    padded = layers.ZeroPadding2D(halving_pad(x, 3), name=f"reduction_pad_1_{name}")(x)

    def separable(x, kernel_size, part, strides=2):
        return _separable(x, filters, kernel_size, f"reduction_{part}_{name}", strides)

    def pooled(kind, part):
        return kind(3, strides=2, name=f"reduction_{part}_{name}")(padded)

    def added(pair, part=None):
        return layers.Add(name=part and f"reduction_{part}_{name}")(pair)

    first = added([separable(x, 5, "left1"), separable(before, 7, "right1")], "add_1")
    second = added([pooled(layers.MaxPooling2D, "left2"), separable(before, 7, "right2")], "add_2")
    third = added([pooled(layers.AveragePooling2D, "left3"), separable(before, 5, "right3")], "add3")
    mean = layers.AveragePooling2D(3, strides=1, padding="same", name=f"reduction_left4_{name}")(first)
    fourth = added([second, mean])
    fifth = added([separable(first, 3, "left4", 1), pooled(layers.MaxPooling2D, "right5")], "add4")
    return _joined([second, third, fourth, fifth], f"reduction_concat_{name}"), start


def _adjusted(before, x, filters, name, halved):
    """The output before the last one, in the size of the last one and with so many channels."""
    if before is None:
        return x
    rows = 1 if axis() == -1 else 2
    if halved and (None in (before.shape[rows], x.shape[rows]) or before.shape[rows] != x.shape[rows]):
        before = layers.Activation("relu", name=f"adjust_relu_1_{name}")(before)
        shifted = layers.Cropping2D(((1, 0), (1, 0)))(layers.ZeroPadding2D(((0, 1), (0, 1)))(before))
        halves = []
        for i, half in enumerate((before, shifted), 1):
            half = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{name}")(half)
            halves.append(_narrow(half, filters // 2, f"adjust_conv_{i}_{name}"))
        return _normalized(layers.Concatenate(axis=axis())(halves), f"adjust_bn_{name}")
    if before.shape[axis()] == filters:
        return before
    return _squeezed(before, filters, f"adjust_conv_projection_{name}", f"adjust_bn_{name}")


def _squeezed(x, filters, conv, bn):
    return _normalized(_narrow(layers.Activation("relu")(x), filters, conv), bn)


def _narrow(x, filters, name):
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _separable(x, filters, kernel_size, name, strides=1):
    """Two separable convolutions, the first one with strides."""
    x = layers.Activation("relu")(x)
    if strides == 2:
        x = layers.ZeroPadding2D(halving_pad(x, kernel_size), name=f"separable_conv_1_pad_{name}")(x)
    for i, (step, padding) in enumerate(((strides, "same" if strides == 1 else "valid"), (1, "same")), 1):
        if i == 2:
            x = layers.Activation("relu")(x)
        conv = f"separable_conv_{i}_{name}"
        x = layers.SeparableConv2D(filters, kernel_size, strides=step, padding=padding, use_bias=False, name=conv)(x)
        x = _normalized(x, f"separable_conv_{i}_bn_{name}")
    return x


def _normalized(x, name):
    return layers.BatchNormalization(axis=axis(), momentum=0.9997, epsilon=1e-3, name=name)(x)


def _joined(parts, name):
    return layers.Concatenate(axis=axis(), name=name)(parts)


def _top(x, classes, activation):
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def _row(public, size, filters, stem, blocks, skip, *hashes):
    kind = public.removeprefix("NASNet").lower()
    source = {
        top: File(f"{KERAS}nasnet/NASNet-{kind}{there}.h5", digest, f"nasnet_{kind}{here}.h5")
        for top, there, here, digest in zip((True, False), ("", "-no-top"), ("", "_no_top"), hashes, strict=True)
    }

    def body(x):
        return nasnet(x, filters, stem, blocks, skip)

    body.__doc__ = nasnet.__doc__

    def signature(
        input_shape=None,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=f"nasnet_{kind}",
    ):
        return locals()

    def build(**given):
        return assemble(body, source, top=_top, size=size, **given)

    return function(public, body, signature, build)


NASNetMobile = _row(
    "NASNetMobile", 224, 44, 32, 4, False, "020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"
)
NASNetLarge = _row(
    "NASNetLarge", 331, 168, 96, 6, True, "11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"
)

preprocess_input = of_mode("tf")

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
