"""The frame of images: resized, cropped, padded, cut into patches."""

import jax
from jax import lax
from jax import numpy as jnp

from tricera.engine.dtypes import is_float
from tricera.engine.graph import op
from tricera.errors import report
from tricera.kernels.conv import per_axis
from tricera.ops.core import saturate_cast
from tricera.ops.image.layout import on_batch

_METHODS = {
    "nearest": "nearest",
    "bilinear": "linear",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def check_interpolation(interpolation, choices):
    """Raise a ValueError that names the choices."""
    if interpolation not in choices:
        what = "Invalid value for argument `interpolation`."
        raise ValueError(report(what, expected=", ".join(choices), got=repr(interpolation)))


@op
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """The images in another size: `(batch, height, width, channels) -> (batch, *size, channels)`.

    Args:
        size: `(height, width)`, in pixels.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether a smaller image is of means, not of samples.
        crop_to_aspect_ratio: whether what would be distorted is first cut off at both sides;
            `pad_to_aspect_ratio`: whether it is filled up with `fill_value`.
    """
    check_interpolation(interpolation, _METHODS)
    if len(size) != 2 or min(size) < 1:
        raise ValueError(report("`size` must have positive height and width.", got=repr(size)))

    def scale(x):
        if crop_to_aspect_ratio:
            x = _crop_to(x, *size)
        elif pad_to_aspect_ratio:
            x = _pad_to(x, *size, fill_value)
        made = jax.image.resize(x, (x.shape[0], *size, x.shape[-1]), _METHODS[interpolation], antialias)
        return saturate_cast(made if is_float(x.dtype) else jnp.round(made), x.dtype)

    return on_batch(scale, images, data_format)


def _crop_to(x, height, width):
    h, w = int(x.shape[1]), int(x.shape[2])
    tall = max(min(h, int(w * height / width)), 1)
    wide = max(min(w, int(h * width / height)), 1)
    top, left = (h - tall) // 2, (w - wide) // 2
    return x[:, top : top + tall, left : left + wide]


def _pad_to(x, height, width, value):
    h, w = int(x.shape[1]), int(x.shape[2])
    more_h, more_w = max(h, int(w * height / width)) - h, max(w, int(h * width / height)) - w
    rows, columns = ((more // 2, more // 2) for more in (more_h, more_w))  # as Keras: one less where `more` is odd
    return jnp.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=value)


def _sides(kind, sizes, difference, *given):
    """What is cut or added before and after each axis; of this and the target, two are given."""
    names = [*(f"{side}_{kind}" for side in ("top", "left", "bottom", "right")), "target_height", "target_width"]
    for axis, size in enumerate(sizes):
        (before, after, target), own = given[axis::2], names[axis::2]
        if [before, after, target].count(None) != 1:
            what = f"Must specify exactly two of {', '.join(own)}."
            raise ValueError(report(what, got=f"{before}, {after}, {target}"))
        before = difference(size, target) - after if before is None else before
        after = difference(size, target) - before if after is None else after
        for name, value in zip(reversed(own), (target, after, before), strict=True):
            if isinstance(value, int) and value < 0:
                raise ValueError(report(f"{name} must be >= 0.", got=value))
        yield before, after


@op
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """The images without so many rows and columns at their sides; of each direction two arguments are given."""

    given = (top_cropping, left_cropping, bottom_cropping, right_cropping, target_height, target_width)

    def crop(x):
        n, h, w, c = x.shape
        (top, bottom), (left, right) = _sides("cropping", (h, w), lambda size, target: size - target, *given)
        height = h - top - bottom if target_height is None else target_height  # of unknown sizes this one is known
        width = w - left - right if target_width is None else target_width
        return lax.dynamic_slice(x, (0, top, left, 0), (n, height, width, c))

    return on_batch(crop, images, data_format)


@op
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """The images with so many rows and columns of zeros at their sides; of each direction two arguments are given."""

    given = (top_padding, left_padding, bottom_padding, right_padding, target_height, target_width)

    def pad(x):
        sides = _sides("padding", x.shape[1:3], lambda size, target: target - size, *given)
        edges = [(*side, 0) for side in ((0, 0), *sides, (0, 0))]
        return lax.pad(x, jnp.zeros((), x.dtype), edges)  # unlike `jnp.pad`, where sizes are unknown too

    return on_batch(pad, images, data_format)


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Windows as channels: `(batch, height, width, c) -> (batch, rows, columns, kh * kw * c)`.

    Args:
        size: of the windows; three numbers make them windows of volumes, as of `extract_patches_3d`.
        strides: the step from window to window; `size` where None.
    """
    if not isinstance(size, int | list | tuple):
        raise TypeError(report("Invalid `size` argument. Expected an int or a tuple.", got=repr(size)))
    if not isinstance(size, int) and len(size) not in (2, 3):
        raise ValueError(report("Invalid `size` argument. Expected a tuple of length 2 or 3.", got=repr(size)))
    if not isinstance(size, int) and len(size) == 3:
        return extract_patches_3d(images, size, strides, dilation_rate, padding, data_format)
    return on_batch(lambda x: _patches(x, size, strides, dilation_rate, padding), images, data_format)


@op
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Windows of volumes as channels: `(batch, d, h, w, c) -> (batch, ..., kd * kh * kw * c)`."""
    return on_batch(lambda x: _patches(x, size, strides, dilation_rate, padding), volumes, data_format, rank=3)


def _patches(x, size, strides, dilation, padding):
    rank = x.ndim - 2
    size, dilation = per_axis(size, rank), per_axis(dilation, rank)
    strides = size if strides is None else per_axis(strides, rank)
    axes = "DHW"[-rank:]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    made = lax.conv_general_dilated_patches(
        x, size, strides, padding.upper(), rhs_dilation=dilation, dimension_numbers=numbers
    )
    made = jnp.reshape(made, (*made.shape[:-1], x.shape[-1], -1))  # a channel's window, for each channel
    return jnp.reshape(jnp.swapaxes(made, -1, -2), (*made.shape[:-2], made.shape[-2] * made.shape[-1]))
