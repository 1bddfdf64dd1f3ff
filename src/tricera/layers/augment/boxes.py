"""Boxes around things in images: their formats, and how they move with the pixels."""

import math
from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera import config
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


def _only(name: str, *supported: str) -> None:
    if name not in supported:
        raise NotImplementedError(
            report(
                "bounding boxes: this format is not supported here.",
                expected=" or ".join(map(repr, supported)),
                got=repr(name),
                fix="convert the boxes with `convert_format` before.",
            )
        )


def _clipped(boxes: Any, height: Any, width: Any) -> Any:
    return jnp.clip(boxes, 0, jnp.stack([jnp.asarray(x, boxes.dtype) for x in (width, height, width, height)], -1))


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """A dict of `"boxes"` and `"labels"` with the boxes cut at the edges; the label of what has no area is -1.

    Raises:
        ValueError: no size of the image with boxes in pixels.
    """
    _only(bounding_box_format, "xyxy", "rel_xyxy")
    if bounding_box_format == "rel_xyxy":
        height = width = 1.0
    elif height is None or width is None:
        what = "`height` and `width` must be set if `format='xyxy'`."
        raise ValueError(report(f"bounding boxes: {what}", got=f"height={height}, width={width}"))
    boxes = _clipped(jnp.asarray(bounding_boxes["boxes"]), height, width)
    made = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
        made["labels"] = jnp.where(area > 0, jnp.asarray(bounding_boxes["labels"]), -1)
    return made


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Boxes as seen from a part of the image, cut at its edges; all in pixels."""
    _only(bounding_box_format, "xyxy")
    return _clipped(pad(boxes, -top, -left), height, width)


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes moved down by `top` and to the right by `left` pixels."""
    _only(bounding_box_format, "xyxy")
    boxes = jnp.asarray(boxes)
    return boxes + jnp.asarray([left, top, left, top], boxes.dtype)


def moved(boxes: Any, maps: Any) -> Any:
    """The boxes around boxes `(batch, count, 4)` whose corners `(x, y, 1)` are mapped by `(batch, 2 or 3, 3)`."""
    x, y = boxes[..., jnp.array([0, 2, 2, 0])], boxes[..., jnp.array([1, 1, 3, 3])]
    corners = jnp.stack([x, y, jnp.ones_like(x)], -2)  # (batch, count, 3, 4)
    ends = jnp.matmul(maps[:, None], corners, precision="highest")
    ends = ends[..., :2, :] / ends[..., 2:, :] if maps.shape[1] == 3 else ends
    return jnp.concatenate([ends.min(-1), ends.max(-1)], -1)


def affine_transform(
    boxes,
    angle,
    translate_x,
    translate_y,
    scale,
    shear_x,
    shear_y,
    height,
    width,
    center_x=None,
    center_y=None,
    bounding_box_format="xyxy",
):
    """The boxes around boxes `(batch, count, 4)` that are turned, slanted, scaled and moved, each image its own way.

    Args:
        angle, shear_x, shear_y: `(batch,)`, in degrees.
        translate_x, translate_y: `(batch,)`, shares of width and height.
        scale: `(batch,)`.
        height, width: of the image, in pixels.
        center_x, center_y: what stays in its place, in shares of width and height; the middle by default.
    """
    _only(bounding_box_format, "xyxy")
    turn, sx, sy = (-jnp.asarray(each) * (math.pi / 180) for each in (angle, shear_x, shear_y))
    cx, cy = ((0.5 if c is None else c) * (size - 1) for c, size in ((center_x, width), (center_y, height)))
    a, c = jnp.cos(turn - sy) / jnp.cos(sy), -jnp.sin(turn - sy) / jnp.cos(sy)
    b, d = a * jnp.tan(sx) + jnp.sin(turn), jnp.cos(turn) - c * jnp.tan(sx)
    x, y = cx - translate_x * (width - 1), cy - translate_y * (height - 1)
    rows = [[d * scale, -b * scale], [-c * scale, a * scale]]
    ends = [[p, q, middle - p * x - q * y] for (p, q), middle in zip(rows, (cx, cy), strict=True)]
    maps = jnp.stack([jnp.stack(row, -1) for row in ends], -2)
    return moved(jnp.asarray(boxes, maps.dtype), maps)


# ---- boxes of detectors, told from anchors


def _variance(variance: Any) -> Any:
    found = jnp.asarray(1.0 if variance is None else variance, "float32")
    if variance is not None and found.shape[-1:] != (4,):
        raise ValueError(report("bounding boxes: `variance` must be length 4.", got=repr(variance)))
    return found


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape[:2])


def _centred(name: str, encoding: str) -> None:
    if encoding not in ("center_xywh", "center_yxhw"):
        what = f"`{name}` should be one of 'center_xywh' or 'center_yxhw'."
        raise ValueError(report(f"bounding boxes: {what}", got=repr(encoding)))


def encode_box_to_deltas(
    anchors, boxes, anchor_format, box_format, encoding_format="center_yxhw", variance=None, image_shape=None
):
    """`((centre - anchor's centre) / anchor's size, log(size / anchor's size)) / variance`.

    Args:
        anchors: `(count, 4)`; `boxes`: `(count, 4)` or `(batch, count, 4)`.
        encoding_format: `"center_yxhw"` or `"center_xywh"`.
        image_shape: `(height, width, channels)`, for relative formats.

    Raises:
        ValueError: another `encoding_format`, or a `variance` that has not four numbers.

    Reference: Ren et al., 2015, arXiv:1506.01497.
    """
    variance = _variance(variance)
    _centred("encoding_format", encoding_format)
    anchors = convert_format(anchors, anchor_format, encoding_format, *_size(image_shape))
    boxes = convert_format(boxes, box_format, encoding_format, *_size(image_shape))
    own, wanted = (jnp.maximum(each[..., 2:], config.epsilon()) for each in (anchors, boxes))
    moves = (boxes[..., :2] - anchors[..., :2]) / own
    return jnp.concatenate(jnp.broadcast_arrays(moves, jnp.log(wanted / own)), -1) / variance


def decode_deltas_to_boxes(
    anchors, boxes_delta, anchor_format, box_format, encoded_format="center_yxhw", variance=None, image_shape=None
):
    """The boxes that `encode_box_to_deltas` made these numbers of; both may be dicts with an entry for each level.

    Raises:
        ValueError: another `encoded_format`, or a `variance` that has not four numbers.
    """
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        options = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {level: decode_deltas_to_boxes(each, boxes_delta[level], *options) for level, each in anchors.items()}
    variance = _variance(variance)
    _centred("encoded_format", encoded_format)
    anchors = convert_format(anchors, anchor_format, encoded_format, *_size(image_shape))
    deltas = jnp.asarray(boxes_delta) * variance
    size = anchors[..., 2:]
    parts = deltas[..., :2] * size + anchors[..., :2], jnp.exp(deltas[..., 2:]) * size
    return convert_format(jnp.concatenate(parts, -1), encoded_format, box_format, *_size(image_shape))


# ---- how far two boxes are the same


def _overlap(one: Any, other: Any) -> tuple[Any, Any]:
    """`(intersection, union)` of boxes in corners, broadcast against each other."""
    low, high = jnp.maximum(one[..., :2], other[..., :2]), jnp.minimum(one[..., 2:], other[..., 2:])
    common = jnp.prod(jnp.maximum(high - low, 0), -1)
    areas = [jnp.prod(box[..., 2:] - box[..., :2], -1) for box in (one, other)]
    return common, areas[0] + areas[1] - common


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """`intersection / union` of each of `boxes1` with each of `boxes2`.

    Shapes: `([batch,] m, 4), ([batch,] n, 4) -> ([batch,] m, n)`.

    Args:
        use_masking: whether pairs with a box of negative numbers alone get `mask_val`.
        image_shape: `(height, width, channels)`, for relative formats.

    Raises:
        ValueError: boxes of another rank; a relative format without `image_shape`.
    """
    given = [jnp.asarray(boxes) for boxes in (boxes1, boxes2)]
    for name, boxes in zip(("boxes1", "boxes2"), given, strict=True):
        if boxes.ndim not in (2, 3):
            what = f"compute_iou() expects {name} to be batched, or to be unbatched."
            raise ValueError(report(what, expected="(count, 4) or (batch, count, 4)", got=tuple(boxes.shape)))
    one, other = (convert_format(boxes, bounding_box_format, "xyxy", *_size(image_shape)) for boxes in given)
    common, union = _overlap(one[..., :, None, :], other[..., None, :, :])
    found = common / (union + config.epsilon())
    if not use_masking:
        return found
    empty = (one.max(-1) < 0)[..., :, None] | (other.max(-1) < 0)[..., None, :]
    return jnp.where(empty, jnp.asarray(mask_val, found.dtype), found)


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """`IoU - d^2 / c^2 - a v` of pairs of boxes: `d` between the centres, `c` the diagonal around both, `v` of shapes.

    Shapes: `(..., 4), (..., 4) -> (...,)`.

    Args:
        image_shape: `(height, width, channels)`, for relative formats.

    Reference: Zheng et al., 2019, arXiv:1911.08287.
    """
    small = config.epsilon()
    both = [convert_format(boxes, bounding_box_format, "xyxy", *_size(image_shape)) for boxes in (boxes1, boxes2)]
    one, other = (box.at[..., 3].add(small) for box in both)  # no height is 0
    common, union = _overlap(one, other)
    iou = common / (union + 2 * small)
    around = jnp.maximum(one[..., 2:], other[..., 2:]) - jnp.minimum(one[..., :2], other[..., :2])
    apart = (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2
    slopes = [jnp.arctan((box[..., 2] - box[..., 0]) / (box[..., 3] - box[..., 1])) for box in (one, other)]
    v = 4 / math.pi**2 * (slopes[1] - slopes[0]) ** 2
    alpha = v / (v - iou + 1 + small)
    return iou - (jnp.sum(apart**2, -1) / (jnp.sum(around**2, -1) + small) + v * alpha)
