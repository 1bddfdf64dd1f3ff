"""What the functions of Keras 1's backend called their arguments, and the few that took them in another order."""

import functools
from collections.abc import Callable
from typing import Any

from tricera.legacy import generation

_PAIR = {"x": "x1", "y": "x2"}
_PLACED = {"X": "x", "dim_ordering": "data_format"}
_WINDOWED: dict[str, str | None] = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "filter_dilation": "dilation_rate",
    "filter_shape": None,
    "image_shape": None,
    "rate": "dilation_rate",
    "stride": "strides",
    "volume_shape": None,
}
# By function: old name of an argument -> today's; None where it says nothing today.
ARGUMENTS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("equal", "not_equal", "maximum", "minimum", "pow"), _PAIR | {"a": "x2"}),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal", "lesser", "lesser_equal"), _PAIR),
    **dict.fromkeys(("atrous_conv2d", "conv1d", "conv2d", "conv3d", "deconv2d", "separable_conv2d"), _WINDOWED),
    **dict.fromkeys(("pool2d", "pool3d"), _WINDOWED),
    **dict.fromkeys(("resize_images", "resize_volumes", "spatial_2d_padding", "spatial_3d_padding"), _PLACED),
    "batch_get_value": {"xs": "ops"},
    "expand_dims": {"dim": "axis"},
    "moving_average_update": {"variable": "x"},
    "one_hot": {"nb_classes": "num_classes"},
    "random_normal": {"std": "stddev"},
    "random_uniform": {"low": "minval", "high": "maxval"},
}
_VALUES = {"th": "channels_first", "tf": "channels_last", "default": None}
_OUTPUT_FIRST = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


def understood(name: str, function: Callable) -> Callable:
    """The function, if it is called by this name, taking what Keras 1 called its arguments, too."""
    if name in _OUTPUT_FIRST and generation.current() == 1:
        return _swapped(function)
    renamed = ARGUMENTS.get(name)
    return function if renamed is None else _renaming(function, renamed)


def _renaming(function: Callable, renamed: dict[str, str | None]) -> Callable:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        new = {renamed.get(name, name): _value(value) for name, value in kwargs.items()}
        new.pop(None, None)
        return function(*map(_value, args), **new)

    return call


def _value(value: Any) -> Any:
    return _VALUES.get(value, value) if isinstance(value, str) else value


def _swapped(function: Callable) -> Callable:
    """The targets came second."""

    @functools.wraps(function)
    def call(output: Any, target: Any, from_logits: bool = False) -> Any:
        return function(target, output, from_logits=from_logits)

    return call
