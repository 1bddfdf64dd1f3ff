"""What images need before a network of ImageNet sees them, and what its outputs are called."""

import json
from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera import config, errors
from tricera.applications.published import published
from tricera.engine.graph import lift
from tricera.errors import report

_INDEX_URL = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_INDEX_HASH = "c2c37ea517e94d9795004a39431a14cb"
_MEAN = (0.485, 0.456, 0.406)  # of ImageNet's pixels between 0 and 1: red, green, blue
_DEVIATION = (0.229, 0.224, 0.225)
_MEAN_OF_BYTES = (103.939, 116.779, 123.68)  # blue, green, red
_names: dict[str, list[str]] = {}


def preprocess_input(x, data_format=None, mode="caffe"):
    """Pixels from 0 to 255 as the network was trained to see them; a new array.

    Args:
        mode: "caffe": blue, green, red, their means taken off; "tf": from -1 to 1; "torch": from 0 to 1,
            normalized by ImageNet's means and deviations.

    Shapes: `(height, width, 3)` or `(batch, height, width, 3)`; channels first where `data_format` says so.

    Raises:
        ValueError: unknown mode or data format.
    """
    data_format = data_format or config.image_data_format()
    if mode not in ("caffe", "tf", "torch") or data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            report(
                "preprocess_input: unknown mode or data format.",
                expected="mode 'caffe', 'tf' or 'torch'; data_format 'channels_last' or 'channels_first'",
                got=f"mode={mode!r}, data_format={data_format!r}",
            )
        )
    if isinstance(x, np.ndarray):
        kept = x.dtype if np.issubdtype(x.dtype, np.floating) else np.dtype(config.floatx())
        return _preprocess(np, x.astype(kept), data_format, mode)
    return _preprocess_tensor(x, data_format, mode)


def of_mode(mode):
    """The `preprocess_input` of a network that was trained on pixels of this mode."""

    def preprocess_input(x, data_format=None):
        return _preprocess_input(x, data_format, mode)

    preprocess_input.__doc__ = _OF_MODE.format(_WHAT[mode])
    return preprocess_input


def untouched(x, data_format=None):
    """Pixels from 0 to 255 as they are: the network itself prepares them."""
    return x


_WHAT = {
    "caffe": "blue, green, red, their means taken off",
    "tf": "from -1 to 1",
    "torch": "from 0 to 1, normalized by ImageNet's means and deviations",
}
_OF_MODE = """Pixels from 0 to 255 as the network was trained to see them: {}; a new array.

    Shapes: `(height, width, 3)` or `(batch, height, width, 3)`; channels first where `data_format` says so.
    """
_preprocess_input = preprocess_input


@lift
def _preprocess_tensor(x, data_format, mode):
    x = jnp.asarray(x)
    return _preprocess(
        jnp, x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(config.floatx()), data_format, mode
    )


def _preprocess(xp: Any, x: Any, data_format: str, mode: str) -> Any:
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = -3 if data_format == "channels_first" else -1

    def channels(values: tuple) -> Any:
        return xp.asarray(values, x.dtype).reshape((-1, 1, 1) if axis == -3 else (-1,))

    if mode == "torch":
        return (x / 255.0 - channels(_MEAN)) / channels(_DEVIATION)
    return xp.flip(x, axis) - channels(_MEAN_OF_BYTES)


def decode_predictions(preds, top=5):
    """The `top` likeliest classes of each sample, best first: lists of `(WordNet id, name, probability)`.

    Shapes: preds `(batch, 1000)`.

    The names come from `imagenet_class_index.json` in the cache's folder `models`, or from the network.

    Raises:
        ValueError: another shape.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            report(
                "`decode_predictions` expects a batch of predictions of ImageNet's classes.",
                expected="(batch, 1000)",
                got=preds.shape,
            )
        )
    if not _names:
        path = published("imagenet_class_index.json", _INDEX_URL, _INDEX_HASH)
        with open(path, encoding="utf-8") as file:
            _names.update(json.load(file))
    return [[(*_names[str(i)], row[i]) for i in row.argsort()[-top:][::-1]] for row in preds]


__getattr__ = errors.missing(__name__, globals())
