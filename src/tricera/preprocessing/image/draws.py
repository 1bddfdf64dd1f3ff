"""What is drawn at random for an image: the draws of Keras' ImageDataGenerator, in its order."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tricera.errors import report

Draw = dict[str, Any]


def draw(ranges: Any, height: int, width: int, random: Any) -> Draw:
    """One image's transformation; every draw has its turn, so that a seed means what it means in Keras.

    Args:
        ranges: has ImageDataGenerator's arguments as attributes.
        random: a `numpy.random.RandomState`, or the module itself.
    """
    theta = _symmetric(ranges.rotation_range, random)
    tx = _shift(ranges.height_shift_range, height, random)
    ty = _shift(ranges.width_shift_range, width, random)
    shear = _symmetric(ranges.shear_range, random)
    low, high = ranges.zoom_range
    zx, zy = (1, 1) if low == high == 1 else random.uniform(low, high, 2)
    horizontal, vertical = random.random_sample() < 0.5, random.random_sample() < 0.5
    shift, brightness = ranges.channel_shift_range, ranges.brightness_range
    return {
        "theta": theta,
        "tx": tx,
        "ty": ty,
        "shear": shear,
        "zx": zx,
        "zy": zy,
        "flip_horizontal": horizontal and bool(ranges.horizontal_flip),
        "flip_vertical": vertical and bool(ranges.vertical_flip),
        "channel_shift_intensity": random.uniform(-shift, shift) if shift else None,
        "brightness": random.uniform(*brightness) if brightness is not None else None,
    }


def _symmetric(limit: float, random: Any) -> float:
    return random.uniform(-limit, limit) if limit else 0


def _shift(limit: Any, size: int, random: Any) -> Any:
    """Pixels to shift by: up to a float, which is a share of the size where it is below 1; one of a list, or of
    `range(n)`, to either side.
    """
    if not np.any(limit):
        return 0
    if np.ndim(limit) or isinstance(limit, int | np.integer):
        chosen = random.choice(limit) * random.choice([-1, 1])
    else:
        chosen = random.uniform(-limit, limit)
    return chosen * size if np.max(limit) < 1 else chosen


def zoom_range(value: Any, what: str = "zoom_range") -> list[float]:
    """`[lower, upper]` of a number around 1, or of a pair.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int | float):
        return [1 - value, 1 + value]
    return pair(value, what, "a float or a tuple or list of two floats")


def pair(value: Any, what: str, expected: str = "a tuple or list of two floats") -> list[float]:
    """The two numbers of a range.

    Raises:
        ValueError: they are not two numbers.
    """
    if np.shape(value) != (2,):
        raise ValueError(report(f"`{what}` should be {expected}.", got=repr(value)))
    return list(value)


def columns(draws: list[Mapping[str, Any]], defaults: Mapping[str, float]) -> list[np.ndarray]:
    """The numbers of many draws, name by name."""
    return [np.array([draw.get(name, default) for draw in draws], float) for name, default in defaults.items()]
