"""What all pictures share: colours, tiles, names of classes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.utils.pictures import finish as finish
from tricera.utils.pictures import new as new

# Okabe and Ito's colours, told apart by colour-blind readers and in print; light grey for frames.
BLUE, ORANGE, GREEN, SKY, LIGHT, DARK = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#c0c0c0", "#333333"
WIDTH = 8.0  # inches: the text of a page


def bare(axis: Any, title: str = "", **kwargs: Any) -> None:
    """Axes without ticks and frame, under a title."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.set_title(title, **{"fontsize": 9, **kwargs})


def plain(axis: Any) -> None:
    """Axes of a curve: a light grid, no frame at the top and the right."""
    axis.grid(alpha=0.25)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def photo(image: Any) -> np.ndarray:
    """An image as Matplotlib draws it, `(height, width[, 3])` from 0 to 1; values of any other range are spread."""
    image = np.asarray(image).squeeze()
    if image.dtype == np.uint8:
        return image / np.float32(255)
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 1:
        return image
    if low >= 0 and 1 < high <= 255:
        return image / 255
    return (image - low) / max(high - low, 1e-12)


def tiles(images: np.ndarray, columns: int, gap: int, fill: float = np.nan) -> np.ndarray:
    """`(count, height, width, ...)` images in rows of so many, `gap` pixels of `fill` between them."""
    count, height, width, *rest = images.shape
    rows = math.ceil(count / columns)
    wall = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, *rest), fill, "float32")
    for place, image in enumerate(images):
        top, left = (place // columns) * (height + gap), (place % columns) * (width + gap)
        wall[top : top + height, left : left + width] = image
    return wall


def wide(count: int, most: int = 32) -> int:
    """How many of `count` tiles make a row about four times as wide as the rows are high."""
    return min(count, most, 2 ** max(0, round(math.log2(2 * math.sqrt(count)))))


def names_of(class_names: Sequence[str] | None, count: int) -> list[str]:
    """The names of the classes, or their numbers.

    Raises:
        ValueError: there are fewer names than classes.
    """
    names = [str(i) for i in range(count)] if class_names is None else list(map(str, class_names))
    if len(names) < count:
        raise ValueError(report("`class_names` are too few.", expected=f"{count} names", got=len(names)))
    return names
