"""Boxes in other places: seen from a part of the image, or turned with it."""

import math

from jax import numpy as jnp

from tricera.layers.augment.boxes import clipped, moved, only, pad


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Boxes as seen from a part of the image, cut at its edges; all in pixels."""
    only(bounding_box_format, "xyxy")
    return clipped(pad(boxes, -top, -left), height, width)


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
    only(bounding_box_format, "xyxy")
    turn, sx, sy = (-jnp.asarray(each) * (math.pi / 180) for each in (angle, shear_x, shear_y))
    cx, cy = ((0.5 if c is None else c) * (size - 1) for c, size in ((center_x, width), (center_y, height)))
    a, c = jnp.cos(turn - sy) / jnp.cos(sy), -jnp.sin(turn - sy) / jnp.cos(sy)
    b, d = a * jnp.tan(sx) + jnp.sin(turn), jnp.cos(turn) - c * jnp.tan(sx)
    x, y = cx - translate_x * (width - 1), cy - translate_y * (height - 1)
    rows = [[d * scale, -b * scale], [-c * scale, a * scale]]
    ends = [[p, q, middle - p * x - q * y] for (p, q), middle in zip(rows, (cx, cy), strict=True)]
    maps = jnp.stack([jnp.stack(row, -1) for row in ends], -2)
    return moved(jnp.asarray(boxes, maps.dtype), maps)
