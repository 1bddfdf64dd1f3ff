"""SqueezeNet: as good as AlexNet with a fiftieth of its weights."""

from tricera import errors, layers
from tricera.applications.application import application, axis, files
from tricera.applications.imagenet_utils import decode_predictions, of_mode

_FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}
_FOLDER = "https://github.com/rcmalli/keras-squeezenet/releases/download/v1.0/"
_HASHES = (None, "80b66c92d79d4310e07fb60a297bf0d1")


def squeezenet(x):
    """Fire modules: a convolution of window 1 leaves few channels, which two others, of windows 1 and 3, widen again.

    Shapes: `(batch, height, width, 3) -> (batch, classes)`; without the top `(batch, height / 16, width / 16, 512)`.

    Not an application of Keras. Version 1.1; weights are found in the cache's folder `models`, as
    `squeezenet_weights_tf_dim_ordering_tf_kernels.h5` and `..._notop.h5`.

    Reference: Iandola et al., 2016, arXiv:1602.07360.
    """
    x = layers.Conv2D(64, 3, strides=2, name="conv1")(x)
    x = layers.Activation("relu", name="relu_conv1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for number, (few, many) in _FIRES.items():
        x = _fire(x, few, many, f"fire{number}")
        if number in (3, 5):
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{number}")(x)
    return layers.Dropout(0.5, name="drop9")(x)


def _fire(x, few, many, name):
    def convolved(x, filters, window, part):
        x = layers.Conv2D(filters, window, padding="same", name=f"{name}_{part}")(x)
        return layers.Activation("relu", name=f"{name}_relu_{part}")(x)

    x = convolved(x, few, 1, "squeeze1x1")
    wide = [convolved(x, many, 1, "expand1x1"), convolved(x, many, 3, "expand3x3")]
    return layers.Concatenate(axis=axis(), name=f"{name}_concat")(wide)


def _top(x, classes, activation):
    x = layers.Activation("relu", name="relu_conv10")(layers.Conv2D(classes, 1, name="conv10")(x))
    return layers.Activation(activation, name="loss")(layers.GlobalAveragePooling2D()(x))


SqueezeNet = application(
    "SqueezeNet",
    squeezenet,
    files(f"{_FOLDER}squeezenet_weights_tf_dim_ordering_tf_kernels", _HASHES),
    top=_top,
    size=227,
    least=35,
)

preprocess_input = of_mode("caffe")

__all__ = ["SqueezeNet", "decode_predictions", "preprocess_input"]

__getattr__ = errors.missing(__name__, globals())
