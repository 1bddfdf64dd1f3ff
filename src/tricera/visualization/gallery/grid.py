"""A batch of images as one picture."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tricera import config
from tricera.errors import report
from tricera.utils import pictures
from tricera.visualization import figure as figures

_BATCH = 4  # axes of a batch of images


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map=None,
    rows=None,
    cols=None,
    value_range=(0, 255),
    scale=2,
    path=None,
    show=None,
    transparent=True,
    dpi=60,
    legend_handles=None,
    data_format=None,
):
    """A grid of images, each under its label and what was predicted for it.

    The figure is returned; where it is shown in a window or a notebook there is none to return.

    Shapes: `(count, height, width, channels)` images, of 1, 3 or 4 channels; `(count,)` classes.

    Args:
        y_true, y_pred: the numbers of the classes.
        label_map: their names, a dict.
        rows, cols: of the grid; as square as can be otherwise. Images that find no place are left out.
        value_range: what black and white are in `images`.
        scale: the inches of an image's longer side.
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        show: whether to show it; None: where there is no `path`.
        transparent, dpi: of the file: whether its ground is clear, and dots for each inch.
        legend_handles: what a legend below the grid names, objects of Matplotlib.

    Raises:
        ValueError: no batch of images, classes without names, both a `path` and `show=True`.
        ImportError: Matplotlib is not installed.
    """
    if path is not None and show:
        raise ValueError(
            report("plot_image_gallery: a gallery is saved or shown.", expected="`path`, or `show=True`", got="both")
        )
    if label_map is None and not (y_true is None and y_pred is None):
        raise ValueError(
            report(
                "plot_image_gallery: classes have no names.",
                expected="a `label_map` where there is `y_true` or `y_pred`",
                fix='`label_map={0: "cat", 1: "dog"}`',
            )
        )
    images = as_pixels(images, value_range, data_format)
    show = path is None if show is None else show
    rows, cols = _size(len(images), rows, cols)
    tall, wide = (scale * side / max(images.shape[1:3]) for side in images.shape[1:3])
    # room for a line of text above each row, and for the legend
    height = rows * (tall + (0.25 if label_map else 0)) + (0.4 if legend_handles else 0)
    figure, axes = pictures.new(cols * wide, height, shown=bool(show), nrows=rows, ncols=cols, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    for place, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if place < len(images):
            image = images[place]
            axis.imshow(image.squeeze(-1) if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255)
            axis.set_title(_title(place, y_true, y_pred, label_map), fontsize=8)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="outside lower center", ncols=len(legend_handles), fontsize=8)
    if show:
        return pictures.show(figure)
    return figures.finish(figure, path, dpi=dpi, transparent=transparent)


def as_pixels(images: Any, value_range: tuple[float, float], data_format: str | None) -> np.ndarray:
    """Images as bytes `(count, height, width, channels)`, from black at one end of `value_range` to white at the other.

    Raises:
        ValueError: they are no batch of images.
    """
    images = channels_last(batch(images), data_format)
    low, high = value_range
    if images.dtype != np.uint8 or (low, high) != (0, 255):
        images = ((images.astype("float32") - low) * (255 / (high - low))).clip(0, 255).astype("uint8")
    return images


def batch(images: Any) -> np.ndarray:
    """A batch of images.

    Raises:
        ValueError: it has another number of axes.
    """
    images = np.asarray(images)
    if images.ndim != _BATCH:
        raise ValueError(
            report(
                "`images` must be batched 4D tensor.",
                expected="(count, height, width, channels)",
                got=images.shape,
                fix="one image becomes a batch by `image[None]`.",
            )
        )
    return images


def channels_last(images: np.ndarray, data_format: str | None) -> np.ndarray:
    """A batch in the order `(count, height, width, channels)`."""
    return np.moveaxis(images, 1, -1) if is_first(data_format) else images


def is_first(data_format: str | None) -> bool:
    """Whether channels stand before height and width."""
    return config.standardize_data_format(data_format) == "channels_first"


def _size(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Rows and columns of a grid for so many images."""
    if rows is None:
        rows = math.ceil(math.sqrt(count)) if cols is None else math.ceil(count / cols)
    return rows, cols or math.ceil(count / rows)


def _title(place: int, y_true: Any, y_pred: Any, names: Mapping[int, str] | None) -> str:
    said = (("Label", y_true), ("Pred", y_pred))
    return "  ".join(
        f"{what}: {(names or {}).get(int(classes[place]), 'Unknown')}"
        for what, classes in said
        if classes is not None and place < len(classes)
    )
