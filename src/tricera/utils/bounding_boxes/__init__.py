"""Boxes around things in images: `keras.utils.bounding_boxes`."""

from tricera import errors
from tricera.layers.augment.boxes import clip_to_image_size as clip_to_image_size
from tricera.layers.augment.boxes import convert_format as convert_format
from tricera.layers.augment.boxes import pad as pad
from tricera.utils.bounding_boxes.deltas import decode_deltas_to_boxes as decode_deltas_to_boxes
from tricera.utils.bounding_boxes.deltas import encode_box_to_deltas as encode_box_to_deltas
from tricera.utils.bounding_boxes.overlap import compute_ciou as compute_ciou
from tricera.utils.bounding_boxes.overlap import compute_iou as compute_iou
from tricera.utils.bounding_boxes.places import affine_transform as affine_transform
from tricera.utils.bounding_boxes.places import crop as crop

__getattr__ = errors.missing(__name__, globals())
