"""Boxes around what is in images."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.utils import pictures
from tricera.utils.bounding_boxes import convert_format
from tricera.visualization.gallery.grid import as_pixels, batch, channels_last, is_first, plot_image_gallery

_LETTER = 30  # pixels of a font whose capitals are 21 high, as those of OpenCV's are at `font_scale=1`


def draw_bounding_boxes(
    images,
    bounding_boxes,
    bounding_box_format,
    class_mapping=None,
    color=(128, 128, 128),
    line_thickness=2,
    text_thickness=1,
    font_scale=1.0,
    data_format=None,
):
    """Images with boxes drawn on them, and the names of the classes beside them; an array of bytes.

    Shapes: `(count, height, width, channels)`, of 1, 3 or 4 channels `-> (count, height, width, channels)`.

    Args:
        images: pixels from 0 to 255, or fractions from 0 to 1.
        bounding_boxes: a dict of `"boxes"` `(count, boxes, 4)`, `"labels"` `(count, boxes)`, -1 where there is none,
            and maybe `"confidences"` `(count, boxes)`.
        bounding_box_format: as `"xyxy"`: what the four numbers are, `keras.utils.bounding_boxes.convert_format`.
        class_mapping: the names of the classes, a dict; what has no name gets a box alone.
        color: red, green, blue from 0 to 255.
        line_thickness, text_thickness: in pixels.
        font_scale: how large letters are; 1 makes capitals 21 pixels high.

    Raises:
        ValueError: no batch of images, no `"boxes"` or `"labels"`.
        TypeError: `bounding_boxes` is no dict.
    """
    images = channels_last(batch(images), data_format)
    _check(bounding_boxes)
    if images.dtype.kind == "f":
        images = (images * 255 if images.size and images.max() <= 1 else images).clip(0, 255)
    images = images.astype("uint8")  # a copy
    boxes = np.asarray(
        convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", images.shape[1], images.shape[2])
    ).astype("int64")
    labels, sure = np.asarray(bounding_boxes["labels"]).astype("int64"), bounding_boxes.get("confidences")
    names, ink = class_mapping or {}, _ink(color, images.shape[-1])
    for i, image in enumerate(images):
        for j in np.flatnonzero(labels[i] != -1):
            box, label = boxes[i, j], int(labels[i, j])
            _frame(image, box, ink, line_thickness)
            if label in names:
                text = str(names[label]) if sure is None else f"{names[label]} | {float(sure[i][j]):.2f}"
                thickness = text_thickness or line_thickness
                _write(image, text, _place(int(box[0]), int(box[1]), font_scale, thickness), ink, font_scale, thickness)
    return np.moveaxis(images, -1, 1) if is_first(data_format) else images


def plot_bounding_box_gallery(
    images,
    bounding_box_format,
    y_true=None,
    y_pred=None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness=2,
    font_scale=1.0,
    text_thickness=None,
    class_mapping=None,
    ground_truth_mapping=None,
    prediction_mapping=None,
    legend=False,
    legend_handles=None,
    rows=None,
    cols=None,
    data_format=None,
    **kwargs,
):
    """A grid of images with the boxes that are true and those that were predicted; `plot_image_gallery` draws it.

    Args:
        y_true, y_pred: boxes as `draw_bounding_boxes` takes them.
        ground_truth_mapping, prediction_mapping: names of the classes for one of them; `class_mapping` otherwise.
        legend: whether a legend says which colour is which.
        legend_handles: what another legend names, objects of Matplotlib.

    Raises:
        ValueError: no batch of images; `legend` and `legend_handles`; wrong boxes.
        ImportError: Matplotlib is not installed.
    """
    if legend and legend_handles:
        raise ValueError(
            report(
                "plot_bounding_box_gallery: there is one legend.", expected="`legend` or `legend_handles`", got="both"
            )
        )
    pixels = as_pixels(images, value_range, data_format)
    for boxes, color, names in (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    ):
        if boxes is not None:
            pixels = draw_bounding_boxes(
                pixels,
                boxes,
                bounding_box_format,
                names,
                color,
                line_thickness,
                text_thickness,
                font_scale,
                "channels_last",
            )
    if legend:
        legend_handles = pictures.patches({"Ground Truth": true_color, "Prediction": pred_color})
    return plot_image_gallery(
        pixels, legend_handles=legend_handles, rows=rows, cols=cols, data_format="channels_last", **kwargs
    )


def _check(bounding_boxes: Any) -> None:
    if not isinstance(bounding_boxes, Mapping):
        raise TypeError(
            report(
                "`bounding_boxes` should be a dict.",
                expected="a dict of `boxes` and `labels`",
                got=type(bounding_boxes).__name__,
            )
        )
    if missing := [key for key in ("boxes", "labels") if key not in bounding_boxes]:
        raise ValueError(
            report(
                f"`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys: there is no {missing[0]!r}.",
                got=", ".join(map(repr, bounding_boxes)),
            )
        )


def _ink(color: Any, channels: int) -> np.ndarray:
    """A colour in so many channels: as grey, as it is, or opaque."""
    if channels == 1:
        return np.dot(color, (0.299, 0.587, 0.114)).round().astype("uint8")[None]
    return np.array([*color, 255][:channels], "uint8")


def _frame(image: np.ndarray, box: np.ndarray, ink: np.ndarray, thickness: int) -> None:
    """Draw the outline of a box, half of it outside; what lies beyond the image is cut off."""
    left, top, right, bottom = box + np.array([-1, -1, 1, 1]) * (thickness // 2)
    rows, columns = slice(max(0, top), max(0, bottom + 1)), slice(max(0, left), max(0, right + 1))
    for edge in (top, bottom - thickness + 1):
        image[max(0, edge) : max(0, edge + thickness), columns] = ink
    for edge in (left, right - thickness + 1):
        image[rows, max(0, edge) : max(0, edge + thickness)] = ink


def _place(left: int, top: int, font_scale: float, thickness: int) -> tuple[int, int]:
    """Where a label begins: above its box, or inside where there is no room."""
    line = int(font_scale * 12)
    if top - 8 > 2 * line:
        return left, top - 8
    return left + 3, top + 2 * line + thickness + 3


def _write(
    image: np.ndarray, text: str, place: tuple[int, int], ink: np.ndarray, font_scale: float, thickness: int
) -> None:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(max(1, _LETTER * font_scale))
    light = np.mean(ink[:3]) > 127
    for color, width in ((0 if light else 255, thickness // 2 + 1), (ink, thickness // 2)):  # a rim that sets it off
        covered = Image.new("L", (image.shape[1], image.shape[0]))
        ImageDraw.Draw(covered).text(place, text, 255, font, anchor="ls", stroke_width=width)
        share = np.asarray(covered, "float32")[..., None] / 255
        image[:] = (image + share * (color - image.astype("float32"))).round()
