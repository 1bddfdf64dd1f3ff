"""Boxes around things in images: their formats, and how they move with the pixels."""

from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera.errors import did_you_mean, report

# From the four numbers of a format to left, top, right, bottom; a `rel_` format counts in shares of the image.
_CORNERS = {
    "xyxy": np.eye(4),
    "yxyx": np.eye(4)[[1, 0, 3, 2]],
    "xywh": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1.0]]),
    "center_xywh": np.array([[1, 0, -0.5, 0], [0, 1, 0, -0.5], [1, 0, 0.5, 0], [0, 1, 0, 0.5]]),
    "center_yxhw": np.array([[0, 1, 0, -0.5], [1, 0, -0.5, 0], [0, 1, 0, 0.5], [1, 0, 0.5, 0]]),
}
FORMATS = (*_CORNERS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Boxes `(..., 4)` (or a dict with `"boxes"`) in another format.

    Args:
        source, target: of `"xyxy"` (left, top, right, bottom), `"yxyx"`, `"xywh"`, `"center_xywh"`, `"center_yxhw"`,
            and `"rel_xyxy"`, `"rel_yxyx"`, `"rel_xywh"`, `"rel_center_xywh"` in shares of the image's size.
        height, width: of the image, in pixels; needed between relative and absolute formats.

    Raises:
        ValueError: boxes without four numbers, an unknown format, no size of the image where one is needed.

    >>> convert_format([[10.0, 20.0, 30.0, 40.0]], "xyxy", "xywh")
    Array([[10., 20., 20., 20.]], dtype=float32)
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    boxes, source, target = jnp.asarray(boxes, dtype), source.lower(), target.lower()
    _check(boxes, source, target, height, width)
    relative = source.startswith("rel_"), target.startswith("rel_")
    if source == target:
        return boxes
    first, last = (_CORNERS[name.removeprefix("rel_")] for name in (source, target))
    if relative[0] == relative[1]:
        return _mapped(boxes, np.linalg.inv(last) @ first)
    corners = _mapped(boxes, first)
    width, height = jnp.asarray(width, dtype), jnp.asarray(height, dtype)
    sides = jnp.split(corners, 4, -1)
    scaled = [x * side if relative[0] else x / side for x, side in zip(sides, (width, height) * 2, strict=True)]
    return _mapped(jnp.concatenate(scaled, -1), np.linalg.inv(last))


def _mapped(boxes: Any, matrix: np.ndarray) -> Any:
    return jnp.matmul(boxes, jnp.asarray(matrix.T, boxes.dtype), precision="highest")


def _check(boxes: Any, source: str, target: str, height: Any, width: Any) -> None:
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        what = "`boxes` must be a tensor with the last dimension of 4."
        raise ValueError(report(f"bounding boxes: {what}", expected="(..., 4)", got=tuple(boxes.shape)))
    for name in (source, target):
        if name not in FORMATS:
            what = "Invalid source or target format."
            known = " or ".join(map(repr, FORMATS))
            raise ValueError(
                report(f"bounding boxes: {what}", expected=known, got=repr(name), fix=did_you_mean(name, FORMATS))
            )
    if source.startswith("rel_") != target.startswith("rel_") and (width is None or height is None):
        what = "convert_format() must receive `height` and `width` between relative and absolute formats."
        got = f"source={source!r}, target={target!r}, height={height}, width={width}"
        raise ValueError(report(f"bounding boxes: {what}", got=got))


def only(name: str, *supported: str) -> None:
    """Raise NotImplementedError unless a format is one of these."""
    if name not in supported:
        raise NotImplementedError(
            report(
                "bounding boxes: this format is not supported here.",
                expected=" or ".join(map(repr, supported)),
                got=repr(name),
                fix="convert the boxes with `convert_format` before.",
            )
        )


def clipped(boxes: Any, height: Any, width: Any) -> Any:
    """Boxes in corners, cut at the edges."""
    return jnp.clip(boxes, 0, jnp.stack([jnp.asarray(x, boxes.dtype) for x in (width, height, width, height)], -1))


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """A dict of `"boxes"` and `"labels"` with the boxes cut at the edges; the label of what has no area is -1.

    Raises:
        ValueError: no size of the image with boxes in pixels.
    """
    only(bounding_box_format, "xyxy", "rel_xyxy")
    if bounding_box_format == "rel_xyxy":
        height = width = 1.0
    elif height is None or width is None:
        what = "`height` and `width` must be set if `format='xyxy'`."
        raise ValueError(report(f"bounding boxes: {what}", got=f"height={height}, width={width}"))
    boxes = clipped(jnp.asarray(bounding_boxes["boxes"]), height, width)
    made = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
        made["labels"] = jnp.where(area > 0, jnp.asarray(bounding_boxes["labels"]), -1)
    return made


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes moved down by `top` and to the right by `left` pixels."""
    only(bounding_box_format, "xyxy")
    boxes = jnp.asarray(boxes)
    return boxes + jnp.asarray([left, top, left, top], boxes.dtype)


def moved(boxes: Any, maps: Any) -> Any:
    """The boxes around boxes `(batch, count, 4)` whose corners `(x, y, 1)` are mapped by `(batch, 2 or 3, 3)`."""
    x, y = boxes[..., jnp.array([0, 2, 2, 0])], boxes[..., jnp.array([1, 1, 3, 3])]
    corners = jnp.stack([x, y, jnp.ones_like(x)], -2)  # (batch, count, 3, 4)
    ends = jnp.matmul(maps[:, None], corners, precision="highest")
    ends = ends[..., :2, :] / ends[..., 2:, :] if maps.shape[1] == 3 else ends
    return jnp.concatenate([ends.min(-1), ends.max(-1)], -1)
