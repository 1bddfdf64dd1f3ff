"""Images moved: each pixel of the result read at some place of the input."""

import jax
from jax import numpy as jnp
from jax.scipy import ndimage

from tricera.engine.graph import op
from tricera.engine.random import draw_seed
from tricera.ops.image.filter import gaussian_blur
from tricera.ops.image.frame import check_interpolation
from tricera.ops.image.layout import on_batch

_ORDERS = {"nearest": 0, "bilinear": 1}


@op
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """The elements at fractional coordinates, one array of them for each axis: nearest (order 0) or linear (1)."""
    inputs, coordinates = jnp.asarray(inputs), jnp.asarray(coordinates)
    return ndimage.map_coordinates(inputs, coordinates, order, fill_mode, fill_value)


@op
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """The array in another shape: what stood at x along each of `spatial_dims` is at `scale * x + translation`."""
    scale, translation = jnp.asarray(scale, "float32"), jnp.asarray(translation, "float32")
    images = jnp.asarray(images)
    return jax.image.scale_and_translate(images, output_shape, spatial_dims, scale, translation, method, antialias)


@op
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    """The pixel at (x, y) is read at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`.

    Args:
        transform: `(a0, a1, a2, b0, b1, b2, c0, c1)` for all images or for each; the last two are not used.
        fill_mode: what lies beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect".
    """
    check_interpolation(interpolation, _ORDERS)

    def warp(x):
        a0, a1, a2, b0, b1, b2 = (t[:, None, None] for t in _each(transform, x.shape[0], 1).T[:6])
        i, j = _grid(x)
        places = b0 * j + b1 * i + b2, a0 * j + a1 * i + a2
        return _read(x, *places, interpolation, fill_mode, fill_value)

    return on_batch(warp, images, data_format)


@op
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None):
    """The images seen from elsewhere, so that four points move from `start_points` to `end_points`, `(x, y)` each."""
    check_interpolation(interpolation, _ORDERS)

    def warp(x):
        starts, ends = (_each(points, x.shape[0], 2) for points in (start_points, end_points))
        h = jax.vmap(homography)(ends, starts)
        a0, a1, a2, b0, b1, b2, c0, c1 = (t[:, None, None] for t in h.T)
        i, j = _grid(x)
        depth = c0 * j + c1 * i + 1
        places = (b0 * j + b1 * i + b2) / depth, (a0 * j + a1 * i + a2) / depth
        return _read(x, *places, interpolation, "constant", fill_value)

    return on_batch(warp, images, data_format)


def homography(sources, targets):
    """The eight numbers that take each `(x, y)` to `(a0 x + a1 y + a2, b0 x + b1 y + b2) / (c0 x + c1 y + 1)`."""
    (x, y), (u, v) = sources.T, targets.T
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)
    rows_u = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 1)
    rows_v = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 1)
    return jnp.linalg.solve(jnp.concatenate([rows_u, rows_v]), jnp.concatenate([u, v]))


@op
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """The images as on rubber: each pixel moved by noise that is `alpha` pixels strong and blurred by `sigma` pixels.

    Reference: Simard et al., 2003, "Best practices for convolutional neural networks".
    """
    check_interpolation(interpolation, _ORDERS)
    key = draw_seed(seed)

    def warp(x):
        return rubber(x, key, alpha, sigma, int(3 * sigma), interpolation, fill_mode, fill_value)

    return on_batch(warp, images, data_format)


def rubber(x, key, alpha, sigma, reach, interpolation, fill_mode, fill_value):
    """`elastic_transform` of `(batch, height, width, channels)`, where the blur sees `reach` pixels to each side."""

    def noise(key):
        drawn = jax.random.uniform(key, (*x.shape[:3], 1), "float32", -1, 1)
        return alpha * gaussian_blur(drawn, (2 * reach + 1,) * 2, (sigma, sigma), "channels_last")[..., 0]

    i, j = _grid(x)
    down, right = map(noise, jax.random.split(key, 2))
    return _read(x, i + down, j + right, interpolation, fill_mode, fill_value)


def _each(values, count, ndim):
    """Values for each of `count` images, given for each or once."""
    values = jnp.asarray(values, "float32")
    return jnp.broadcast_to(values, (count, *values.shape[-ndim:]))


def _grid(x):
    """The row and the column of each pixel: `(1, height, 1), (1, 1, width)`."""
    return jnp.arange(x.shape[1], dtype="float32")[None, :, None], jnp.arange(x.shape[2], dtype="float32")[None, None]


def _read(x, rows, columns, interpolation, fill_mode, fill_value):
    """Each image at its places."""
    rows, columns = jnp.broadcast_arrays(rows, columns)

    def channel(plane, i, j):
        return ndimage.map_coordinates(plane, (i, j), _ORDERS[interpolation], fill_mode, fill_value)

    return jax.vmap(jax.vmap(channel, (-1, None, None), -1))(x, rows, columns).astype(x.dtype)
