"""Colours, blur, edges, and how alike two images are."""

import numpy as np
from jax import numpy as jnp

from tricera.engine.dtypes import is_float
from tricera.engine.graph import op
from tricera.errors import report
from tricera.kernels.conv import depthwise_conv
from tricera.ops.image.layout import on_batch


@op
def rgb_to_grayscale(images, data_format=None):
    """`0.2989 red + 0.587 green + 0.114 blue`, with one channel."""

    def gray(x):
        if x.shape[-1] not in (1, 3):
            what = "Invalid channel size: expected 3 (RGB) or 1 (Grayscale)."
            raise ValueError(report(what, got=f"images with {x.shape[-1]} channels"))
        weights = jnp.array([0.2989, 0.5870, 0.1140], x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else "float32")
        return jnp.sum(x * weights, -1, keepdims=True).astype(x.dtype)

    return on_batch(gray, images, data_format)


@op
def rgb_to_hsv(images, data_format=None):
    """Hue, saturation and value, each in [0, 1], of red, green and blue in [0, 1]."""

    def convert(x):
        _check_colours(x)
        red, green, blue = (x[..., i] for i in range(3))
        value, low = jnp.max(x, -1), jnp.min(x, -1)
        span = value - low
        safe = jnp.where(span > 0, span, 1)
        hue = jnp.where(red == value, (green - blue) / safe, 4 + (red - green) / safe)
        hue = jnp.where((green == value) & (red != value), 2 + (blue - red) / safe, hue)
        hue = jnp.where(span > 0, hue / 6 % 1, 0)
        saturation = jnp.where(value > 0, span / jnp.where(value > 0, value, 1), 0)
        return jnp.stack([hue, saturation, value], -1)

    return on_batch(convert, images, data_format)


@op
def hsv_to_rgb(images, data_format=None):
    """Red, green and blue in [0, 1] of hue, saturation and value: `value * (1 - saturation * ramp(hue))`."""

    def convert(x):
        _check_colours(x)
        hue, saturation, value = (x[..., i, None] for i in range(3))
        distance = jnp.abs(hue % 1 * 6 - jnp.array([3, 2, 4], x.dtype))
        colour = jnp.clip(distance * jnp.array([1, -1, -1], x.dtype) + jnp.array([-1, 2, 2], x.dtype), 0, 1)
        return value * (1 - saturation * (1 - colour))

    return on_batch(convert, images, data_format)


def _check_colours(x):
    if not is_float(x.dtype):
        raise ValueError(report("Invalid images dtype: expected float dtype.", got=x.dtype))
    if isinstance(x.shape[-1], int) and x.shape[-1] != 3:
        raise ValueError(report(f"Input images must have 3 channels, but received images with {x.shape[-1]} channels."))


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Each pixel the mean of its neighbours with weights `exp(-d^2 / (2 sigma^2))`, zeros beyond the edges.

    Args:
        kernel_size, sigma: of width and height, in pixels.
    """

    def blur(x):
        across, down = (_bell(n, s) for n, s in zip(kernel_size, sigma, strict=True))
        kernel = jnp.outer(down, across)
        return _filter(x, [kernel]).astype(x.dtype)

    return on_batch(blur, images, data_format)


def _bell(size, sigma):
    """Gauss' curve at `size` whole distances from its middle, of sum 1."""
    weights = jnp.exp(-0.5 * jnp.square((jnp.arange(size) - (size - 1) / 2) / sigma))
    return weights / jnp.sum(weights)


def _filter(x, kernels, padding="same"):
    """Each channel filtered by each kernel: the kernels' results next to each other."""
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32")
    stacked = jnp.stack([jnp.asarray(kernel, x.dtype) for kernel in kernels], -1)
    tiled = jnp.broadcast_to(stacked[:, :, None, :], (*stacked.shape[:2], x.shape[-1], len(kernels)))
    return depthwise_conv(x, tiled, padding=padding)


@op
def sobel_edges(images, data_format=None):
    """The steepness downwards and to the right, along a new last axis, by Sobel's kernels."""
    down = np.outer([-1, 0, 1], [1, 2, 1])

    def edges(x):
        made = _filter(x, [down, down.T])
        return jnp.reshape(made, (*made.shape[:-1], x.shape[-1], 2))

    return on_batch(edges, images, data_format)


@op
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """How alike images are, 1 for equal ones: means, variances and covariance under a Gaussian window compared.

    Shapes: `(batch, height, width, channels), the same -> (batch,)`.

    Reference: Wang et al., 2004, "Image quality assessment: from error visibility to structural similarity".
    """
    kernel = jnp.outer(_bell(filter_size, filter_sigma), _bell(filter_size, filter_sigma))
    x, y = jnp.asarray(image1), jnp.asarray(image2)

    def local(z):
        return on_batch(lambda images: _filter(images, [kernel], "valid"), z, data_format)

    mean_x, mean_y = local(x), local(y)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    variances = local(x * x) + local(y * y) - mean_x**2 - mean_y**2
    covariance = local(x * y) - mean_x * mean_y
    means = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return jnp.mean(means * (2 * covariance + c2) / (variances + c2), (-3, -2, -1))
