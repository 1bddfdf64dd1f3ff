"""What every application shares: its input, its top, its weights from the cache or the network."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tricera import config, layers
from tricera.applications.published import published
from tricera.engine.graph import KerasTensor
from tricera.errors import report
from tricera.models import Model

CLASSES = 1000
POOLS = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}


def check_weights(name: str, weights: Any, include_top: bool, classes: int) -> None:
    """Refuse weights that are neither None, "imagenet" nor a file, and those of ImageNet for other classes."""
    if weights not in (None, "imagenet") and not os.path.exists(weights):
        raise ValueError(
            report(
                f"{name}: the `weights` are not known.",
                expected="None (random weights), 'imagenet', or the path of a weights file",
                got=repr(weights),
            )
        )
    if weights == "imagenet" and include_top and classes != CLASSES:
        raise ValueError(
            report(
                f"{name}: the weights of ImageNet with the top are for {CLASSES} classes.",
                got=f"classes={classes}",
                fix="`include_top=False` and a Dense layer of your own, or `weights=None`.",
            )
        )


def input_of(
    name: str, input_tensor: Any, input_shape: Sequence[int | None] | None, size: int, least: int, fixed: bool
) -> KerasTensor:
    """The tensor that an application begins with.

    Args:
        size: the height and width of the images it was made for.
        least: the least height and width that it can be given.
        fixed: whether the top needs to know the size.

    Raises:
        ValueError: the shape cannot be one of images, or is too small.
    """
    channels_first = config.image_data_format() == "channels_first"
    if input_shape is None:
        side = size if fixed else None
        input_shape = (3, side, side) if channels_first else (side, side, 3)
    sides = tuple(input_shape)[1:] if channels_first else tuple(input_shape)[:-1]
    if len(input_shape) != 3 or any(side is not None and side < least for side in sides):
        raise ValueError(
            report(
                f"{name}: the input shape is not one of images, or they are too small.",
                expected=f"three sizes, height and width at least {least}",
                got=f"input_shape={tuple(input_shape)}",
            )
        )
    if fixed and None in sides:
        raise ValueError(
            report(
                f"{name}: with the top, the size of the images must be known.",
                got=f"input_shape={tuple(input_shape)}",
                fix="name height and width, or `include_top=False`.",
            )
        )
    if input_tensor is None:
        return layers.Input(tuple(input_shape))
    return input_tensor if isinstance(input_tensor, KerasTensor) else layers.Input(tensor=input_tensor)


def source(tensor: KerasTensor) -> Any:
    """The inputs of the graph that makes a tensor."""
    if tensor.node is None or tensor.node.is_input:
        return tensor
    found = {id(each): each for parent in tensor.node.input_tensors for each in [source(parent)]}
    return next(iter(found.values())) if len(found) == 1 else list(found.values())


def finished(
    name: str,
    x: KerasTensor,
    start: KerasTensor,
    top: Callable[[KerasTensor], KerasTensor] | None,
    pooling: str | None,
) -> Model:
    """The model from `start` to the features `x`, with a top, a pooling, or neither."""
    if top is not None:
        x = top(x)
    elif pooling is not None:
        if pooling not in POOLS:
            raise ValueError(report(f"{name}: unknown `pooling`.", expected="None, 'avg' or 'max'", got=repr(pooling)))
        x = POOLS[pooling]()(x)
    return Model(source(start), x, name=name)


def load(model: Model, weights: Any, url: str, files: Mapping[bool, tuple[str, str]], include_top: bool) -> Model:
    """Give the model its weights: None, "imagenet" or a path.

    Args:
        url: the folder on the network.
        files: name and hash of the file with the top (True) and without.
    """
    if weights == "imagenet":
        name, file_hash = files[include_top]
        weights = published(name, f"{url}{name}", file_hash)
    if weights is not None:
        model.load_weights(weights)
    return model
