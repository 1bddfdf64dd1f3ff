"""How far two boxes are the same."""

import math
from typing import Any

from jax import numpy as jnp

from tricera import config
from tricera.errors import report
from tricera.layers.augment.boxes import convert_format


def size_of(image_shape: Any) -> tuple[Any, Any]:
    """The height and width of `(height, width, channels)`, None for none."""
    return (None, None) if image_shape is None else tuple(image_shape[:2])


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
    one, other = (convert_format(boxes, bounding_box_format, "xyxy", *size_of(image_shape)) for boxes in given)
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
    both = [convert_format(boxes, bounding_box_format, "xyxy", *size_of(image_shape)) for boxes in (boxes1, boxes2)]
    one, other = (box.at[..., 3].add(small) for box in both)  # no height is 0
    common, union = _overlap(one, other)
    iou = common / (union + 2 * small)
    around = jnp.maximum(one[..., 2:], other[..., 2:]) - jnp.minimum(one[..., :2], other[..., :2])
    apart = (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2
    slopes = [jnp.arctan((box[..., 2] - box[..., 0]) / (box[..., 3] - box[..., 1])) for box in (one, other)]
    v = 4 / math.pi**2 * (slopes[1] - slopes[0]) ** 2
    alpha = v / (v - iou + 1 + small)
    return iou - (jnp.sum(apart**2, -1) / (jnp.sum(around**2, -1) + small) + v * alpha)
