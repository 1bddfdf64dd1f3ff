"""Affine maps of images: where each pixel is read, for a whole batch at once in compiled code."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from tricera.errors import report
from tricera.kernels import warp as kernel
from tricera.preprocessing.image.draws import columns
from tricera.utils.image.files import one_of
from tricera.utils.image.pictures import pool

FILL_MODES = ("nearest", "constant", "reflect", "wrap")
ORDERS = range(6)
IDENTITY = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1}


def transform_matrix_offset_center(matrix: Any, x: float, y: float) -> np.ndarray:
    """A 3x3 map of positions around the centre of an image of `x` rows and `y` columns."""
    matrix = np.asarray(matrix, float)
    return np.vstack([_centred(matrix[None, :2, :2], matrix[None, :2, 2], x, y)[0], [0, 0, 1]])


def matrices(draws: list[Mapping[str, Any]], height: int, width: int) -> np.ndarray:
    """What takes the row and the column of a pixel to the place where it is read: rotation, shift, shear, zoom.

    Shapes: `count` draws `-> (count, 2, 3)`.
    """
    theta, tx, ty, shear, zx, zy = columns(draws, IDENTITY)
    theta, shear = np.deg2rad(theta), np.deg2rad(shear)
    one, zero = np.ones_like(theta), np.zeros_like(theta)
    rotation = _rows([np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)])
    shearing = _rows([one, -np.sin(shear)], [zero, np.cos(shear)])
    zoom = _rows([zx, zero], [zero, zy])
    shift = (rotation @ np.stack([tx, ty], -1)[..., None])[..., 0]
    return _centred(rotation @ shearing @ zoom, shift, height, width)


def _rows(*rows: Any) -> np.ndarray:
    """Matrices from their entries: two rows of two arrays."""
    return np.moveaxis(np.array(rows), -1, 0)


def _centred(linear: np.ndarray, shift: np.ndarray, height: float, width: float) -> np.ndarray:
    """`linear` and `shift` around a centre that lies half a pixel beyond the middle, as in keras-preprocessing."""
    centre = np.array([height, width]) / 2 + 0.5
    return np.concatenate([linear, (shift + centre - linear @ centre)[..., None]], -1)


def warp(
    images: np.ndarray, maps: np.ndarray, flips: np.ndarray, order: int = 1, fill_mode: str = "nearest", cval: float = 0
) -> np.ndarray:
    """Images read elsewhere: pixel `p` at `maps @ (p, 1)`, flipped images at the pixel's mirror image.

    Shapes: `(batch, height, width, channels) -> (batch, height, width, channels)`: floats.

    Args:
        maps: `(batch, 2, 3)`.
        flips: `(batch, 2)`, whether rows and whether columns change their order.
        order: 0 takes the nearest pixel, 1 is bilinear, 2 to 5 are splines, by SciPy.
        fill_mode: what lies beyond the edges: "nearest", "constant" (`cval`), "reflect" or "wrap".
    """
    if order > 1:
        return _splines(images, maps, flips, order, fill_mode, cval)
    made = kernel.bilinear(images, maps, flips, fill_mode, cval, pool().map) if order == 1 else None
    if made is not None:
        return made
    if len(images) == 1:  # many sizes come one by one: a program for each would take longer than the work
        return _read(np, images, maps, flips, cval, order, fill_mode)
    with jax.enable_x64(True), jax.default_device(_cpu()):
        return np.array(_program(images, maps, flips, cval, order, fill_mode))


@functools.cache
def _cpu() -> Any:
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # the user asked for other platforms only
        return None


def _read(xp: Any, images: Any, maps: Any, flips: Any, cval: Any, order: int, fill_mode: str) -> Any:
    """`warp`, in whatever array library; places are float64, as one on an edge must not fall off it."""
    count, height, width, _ = images.shape
    dtype = "float32" if images.dtype in ("uint8", "float16", "float32") else "float64"
    row, column = xp.arange(height)[None, :, None], xp.arange(width)[None, None]
    row = xp.where(flips[:, 0, None, None], height - 1 - row, row)
    column = xp.where(flips[:, 1, None, None], width - 1 - column, column)
    (a, b, c), (d, e, f) = (xp.moveaxis(maps, 0, -1)[i][..., None, None] for i in (0, 1))
    rows, columns = c + a * row + b * column, f + d * row + e * column  # SciPy's order of addition
    inside = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
    rows, columns = _back(xp, rows, height, fill_mode), _back(xp, columns, width, fill_mode)
    image = xp.arange(count)[:, None, None]

    def at(i: Any, j: Any) -> Any:
        return images[image, i, j].astype(dtype)

    if order == 0:
        found = at(xp.floor(rows + 0.5).astype("int32"), xp.floor(columns + 0.5).astype("int32"))
    else:
        i, j = xp.floor(rows).astype("int32"), xp.floor(columns).astype("int32")
        k, m = xp.minimum(i + 1, height - 1), xp.minimum(j + 1, width - 1)
        v, h = (rows - i).astype(dtype)[..., None], (columns - j).astype(dtype)[..., None]
        found = (at(i, j) * (1 - h) + at(i, m) * h) * (1 - v) + (at(k, j) * (1 - h) + at(k, m) * h) * v
    if fill_mode == "constant":
        found = xp.where(inside[..., None], found, xp.asarray(cval, dtype))
    return found


_program = functools.partial(jax.jit(_read, static_argnums=(0, 5, 6)), jnp)


def _back(xp: Any, places: Any, size: int, fill_mode: str) -> Any:
    """Places beyond the edges where they are read from: in `0 ... size - 1`."""
    last = size - 1
    if fill_mode == "reflect":
        places = (places + 0.5) % (2 * size) - 0.5
        places = xp.where(places > last + 0.5, 2 * size - 1 - places, places)
    elif fill_mode == "wrap" and last:  # the first and the last pixel are the same place, as in SciPy
        below, above = places < 0, places > last
        turns = xp.trunc(places / last)
        places = places - xp.where(below, turns - 1, xp.where(above, turns, 0)) * last
    return xp.clip(places, 0, last)


def _splines(
    images: np.ndarray, maps: np.ndarray, flips: np.ndarray, order: int, fill_mode: str, cval: float
) -> np.ndarray:
    try:
        from scipy import ndimage
    except ImportError:
        fix = "`pip install scipy`, or use `interpolation_order=1`."
        raise ImportError(report(f"`interpolation_order={order}` needs SciPy.", fix=fix)) from None
    made = np.empty(images.shape, "float64" if images.dtype == "float64" else "float32")
    for image, place, target in zip(images, maps, made, strict=True):
        for channel in range(images.shape[-1]):
            plane = image[..., channel].astype(made.dtype)
            target[..., channel] = ndimage.affine_transform(
                plane, place[:, :2], place[:, 2], order=order, mode=fill_mode, cval=cval
            )
    return np.stack([flipped(image, *flip) for image, flip in zip(made, flips, strict=True)])


def flipped(image: np.ndarray, rows: bool, columns: bool) -> np.ndarray:
    """The image upside down, left to right, or both."""
    return image[:: -1 if rows else 1, :: -1 if columns else 1]


def check_warp(order: Any, fill_mode: Any) -> None:
    """
    Raises:
        ValueError: no order of interpolation, or an unknown fill mode.
    """
    one_of(fill_mode, FILL_MODES, "fill_mode")
    if order not in ORDERS:
        raise ValueError(report("Invalid `interpolation_order`.", expected="an integer from 0 to 5", got=repr(order)))
