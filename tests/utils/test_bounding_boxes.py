"""Boxes: each function gives the numbers of Keras."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tricera.layers.augment.boxes import FORMATS
from tricera.utils import bounding_boxes

RANDOM = np.random.RandomState(0)
ONE, OTHER = (RANDOM.uniform(1, 9, (2, 5, 4)).astype("float32") for _ in range(2))
for boxes in (ONE, OTHER):
    boxes[..., 2:] += boxes[..., :2]
SIZE = (30, 20, 3)


def same(keras, name, *args, **kwargs):
    made = getattr(bounding_boxes, name)(*args, **kwargs)
    assert_allclose(made, getattr(keras.utils.bounding_boxes, name)(*args, **kwargs), rtol=1e-5, atol=1e-4)


def test_formats(keras):
    for source, target in zip(FORMATS, FORMATS[2:] + FORMATS[:2], strict=True):
        same(keras, "convert_format", ONE, source, target, 30, 20)


@pytest.mark.parametrize("form", ["xyxy", "center_yxhw", "rel_xywh"])
def test_overlap(form, keras):
    for one, other in ((ONE, OTHER), (ONE[0], OTHER[0]), (ONE, OTHER[0]), (ONE[0], OTHER)):
        same(keras, "compute_iou", one, other, form, image_shape=SIZE)
    empty = np.where(np.arange(5)[:, None] % 2, ONE, -1)
    same(keras, "compute_iou", empty, OTHER, "xyxy", use_masking=True)
    same(keras, "compute_ciou", ONE, OTHER, "xywh")


@pytest.mark.parametrize("form", ["center_yxhw", "center_xywh"])
def test_boxes_told_from_anchors(form, keras):
    options = ("xyxy", "rel_xywh", form, [0.1, 0.1, 0.2, 0.2], SIZE)
    same(keras, "encode_box_to_deltas", ONE[0], OTHER, *options)
    same(keras, "decode_deltas_to_boxes", ONE[0], OTHER / 10, *options)


def test_boxes_that_move(keras):
    ranges = ((-90, 90), (-0.3, 0.3), (-0.3, 0.3), (0.5, 2), (-20, 20), (-20, 20))
    drawn = [keras.ops.array(RANDOM.uniform(*each, (2,)).astype("float32")) for each in ranges]
    same(keras, "affine_transform", ONE, *drawn, 30, 20)
    same(keras, "crop", ONE, 2, 3, 5, 4)
    same(keras, "pad", ONE, 2, 3)
    for form in ("xyxy", "rel_xyxy"):
        given = {"boxes": keras.ops.array(ONE), "labels": np.arange(10).reshape(2, 5)}
        made, expected = (
            module.clip_to_image_size(given, 8, 7, form) for module in (bounding_boxes, keras.utils.bounding_boxes)
        )
        assert_allclose(made["boxes"], expected["boxes"])
        assert_allclose(made["labels"], expected["labels"])


def test_what_makes_no_sense():
    for call, error, message in (
        (lambda: bounding_boxes.convert_format(ONE, "xyxy", "xywx"), ValueError,
         ("bounding boxes: Invalid source or target format.\n"
          "  expected: 'xyxy' or 'yxyx' or 'xywh' or 'center_xywh' or 'center_yxhw' or 'rel_xyxy' or 'rel_yxyx' or "
          "'rel_xywh' or 'rel_center_xywh'\n  got:      'xywx'\n"
         "  fix:      did you mean 'yxyx'?")),
        (lambda: bounding_boxes.convert_format(ONE, "xyxy", "rel_xywh"), ValueError,
         ("bounding boxes: convert_format() must receive `height` and `width` between relative and absolute formats.\n"
         "  got:      source='xyxy', target='rel_xywh', height=None, width=None")),
        (lambda: bounding_boxes.convert_format(ONE[..., :3], "xyxy", "xywh"), ValueError,
         ("bounding boxes: `boxes` must be a tensor with the last dimension of 4.\n  expected: (..., 4)\n"
         "  got:      (2, 5, 3)")),
        (lambda: bounding_boxes.crop(ONE, 1, 1, 2, 2, "xywh"), NotImplementedError,
         ("bounding boxes: this format is not supported here.\n  expected: 'xyxy'\n  got:      'xywh'\n"
         "  fix:      convert the boxes with `convert_format` before.")),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == message
