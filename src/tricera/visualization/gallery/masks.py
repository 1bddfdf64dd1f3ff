"""Masks over images: of each pixel, what it belongs to."""

from typing import Any

import numpy as np

from tricera.errors import report
from tricera.visualization.gallery.grid import as_pixels, batch, channels_last, is_first, plot_image_gallery

_STEPS = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])  # of red, green and blue, from a class to the next


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes=None,
    color_mapping=None,
    alpha=0.8,
    blend=True,
    ignore_index=-1,
    data_format=None,
):
    """Images under the colours of their masks, `(1 - alpha) image + alpha color`; an array of bytes.

    Shapes: `(count, height, width, 3)` images, `(count, height, width[, 1])` masks `-> (count, height, width, 3)`.

    Args:
        images: pixels from 0 to 255.
        segmentation_masks: the class of each pixel, an integer; 0 is the background.
        num_classes: classes beyond this one are not drawn; None: all are.
        color_mapping: the colours of classes, `{class: (red, green, blue)}`; classes without one are not drawn. None
            gives each class one, black to the background.
        alpha: from 0 to 1: how much of the image the colours hide.
        blend: False hides it wholly.
        ignore_index: a class that is not drawn.

    Raises:
        ValueError: no batch of images, or masks of another size.
        TypeError: the classes are no integers.
    """
    images = channels_last(batch(images), data_format)
    masks = _masks(segmentation_masks, images.shape, data_format)
    drawn = np.array(images, "float32")
    for label in np.unique(masks):
        color = _color(int(label), num_classes, color_mapping)
        if label != ignore_index and color is not None:
            here = masks == label
            drawn[here] = drawn[here] * (1 - alpha) + np.float32(color) * alpha if blend else color
    drawn = drawn.clip(0, 255).astype("uint8")
    return np.moveaxis(drawn, -1, 1) if is_first(data_format) else drawn


def plot_segmentation_mask_gallery(
    images,
    num_classes,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping=None,
    blend=True,
    alpha=0.8,
    ignore_index=-1,
    data_format=None,
    **kwargs,
):
    """A row for each image: itself, then under the true masks, and under those predicted.

    `plot_image_gallery` draws them, and takes `kwargs`.

    Args:
        y_true, y_pred: masks as `draw_segmentation_masks` takes them.

    Raises:
        ValueError: no batch of images, or masks of another size.
        ImportError: Matplotlib is not installed.
    """
    images = as_pixels(images, value_range, data_format)
    columns = [images]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = _masks(np.asarray(masks).astype("int32"), images.shape, data_format)
            columns.append(
                draw_segmentation_masks(
                    images, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
                )
            )
    pictures = np.stack(columns, 1).reshape(-1, *images.shape[1:])
    return plot_image_gallery(pictures, rows=len(images), cols=len(columns), data_format="channels_last", **kwargs)


def _masks(masks: Any, shape: tuple[int, ...], data_format: str | None) -> np.ndarray:
    """The masks `(count, height, width)` of images of a shape."""
    masks = np.asarray(masks)
    if masks.dtype.kind not in "iu":
        raise TypeError(
            report(
                "`segmentation_masks` must be in integer dtype.", got=str(masks.dtype), fix='`masks.astype("int32")`'
            )
        )
    if masks.ndim == len(shape):
        masks = channels_last(masks, data_format)[..., 0]
    if masks.shape != shape[:-1]:
        raise ValueError(
            report(
                "`segmentation_masks` do not fit the images.",
                expected=f"{shape[:-1]}, a class for each pixel",
                got=masks.shape,
            )
        )
    return masks


def _color(label: int, num_classes: int | None, color_mapping: Any) -> Any:
    """The colour of a class; None where it is not drawn."""
    if label < 0 or (num_classes is not None and label > num_classes):
        return None
    return label * _STEPS % 255 if color_mapping is None else color_mapping.get(label)
