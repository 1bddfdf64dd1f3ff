"""Boxes of detectors, told from anchors."""

from typing import Any

from jax import numpy as jnp

from tricera import config
from tricera.errors import report
from tricera.layers.augment.boxes import convert_format
from tricera.utils.bounding_boxes.overlap import size_of


def _variance(variance: Any) -> Any:
    found = jnp.asarray(1.0 if variance is None else variance, "float32")
    if variance is not None and found.shape[-1:] != (4,):
        raise ValueError(report("bounding boxes: `variance` must be length 4.", got=repr(variance)))
    return found


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
    anchors = convert_format(anchors, anchor_format, encoding_format, *size_of(image_shape))
    boxes = convert_format(boxes, box_format, encoding_format, *size_of(image_shape))
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
    anchors = convert_format(anchors, anchor_format, encoded_format, *size_of(image_shape))
    deltas = jnp.asarray(boxes_delta) * variance
    size = anchors[..., 2:]
    parts = deltas[..., :2] * size + anchors[..., :2], jnp.exp(deltas[..., 2:]) * size
    return convert_format(jnp.concatenate(parts, -1), encoded_format, box_format, *size_of(image_shape))
