"""Images changed by given or by random amounts: Keras' functions of one image."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tricera.preprocessing.image import draws
from tricera.preprocessing.image.warp import IDENTITY, check_warp, matrices, warp
from tricera.utils.image.files import array_to_img, img_to_array

# The random functions draw from NumPy's own generator, as Keras' do: `numpy.random.seed` makes them repeat.
_random: Any = np.random


def transformed(images: np.ndarray, params: list[Mapping[str, Any]], order: int, fill_mode: str, cval: float) -> Any:
    """A batch of images, channels last, each changed as its draw says; floats, or the batch itself if nothing moves."""
    flips = np.array([[bool(p.get("flip_vertical")), bool(p.get("flip_horizontal"))] for p in params])
    if flips.any() or any(p.get(name, same) != same for p in params for name, same in IDENTITY.items()):
        images = warp(images, matrices(list(params), *images.shape[1:3]), flips, order, fill_mode, cval)
    for name, function in (("channel_shift_intensity", _shifted), ("brightness", apply_brightness_shift)):
        amounts = [p.get(name) for p in params]
        if any(amount is not None for amount in amounts):
            pairs = zip(images, amounts, strict=True)
            images = np.stack([x if amount is None else function(x, amount) for x, amount in pairs])
    return images


def _shifted(x: np.ndarray, intensity: float) -> np.ndarray:
    return np.clip(x + float(intensity), x.min(), x.max())


def as_image(x: np.ndarray, dtype: Any) -> np.ndarray:
    """Floats in a dtype; integers are rounded, not cut."""
    kind = np.dtype(dtype)
    if kind.kind not in "iu" or x.dtype.kind in "iu":
        return x.astype(kind, copy=False)
    limits = np.iinfo(kind)
    return np.clip(np.floor(x + 0.5), limits.min, limits.max).astype(kind)


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 0,
    col_axis: int = 1,
    channel_axis: int = 2,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """The image rotated, shifted, sheared and zoomed around its centre.

    Args:
        theta: degrees, `shear` too.
        tx: rows, `ty`: columns to shift by.
        zx: what the rows' distances from the centre are multiplied by where they are read: below 1 is nearer;
            `zy`: the columns'.
        order: of interpolation: 0 nearest pixel, 1 bilinear, 2 to 5 splines.

    Raises:
        ValueError: an unknown `fill_mode` or order.
    """
    check_warp(order, fill_mode)
    params = {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy}
    if params == IDENTITY:
        return x
    axes = row_axis, col_axis, channel_axis
    image = np.moveaxis(np.asarray(x), axes, (0, 1, 2))
    moved = transformed(image[None], [params], order, fill_mode, cval)[0]
    return as_image(np.moveaxis(moved, (0, 1, 2), axes), image.dtype)


def random_rotation(
    x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """The image rotated by up to `rg` degrees to either side."""
    axes = row_axis, col_axis, channel_axis
    return apply_affine_transform(
        x, _random.uniform(-rg, rg), 0, 0, 0, 1, 1, *axes, fill_mode, cval, interpolation_order
    )


def random_shift(
    x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """The image shifted by up to a share `wrg` of its width and `hrg` of its height."""
    axes = row_axis, col_axis, channel_axis
    tx, ty = _random.uniform(-hrg, hrg) * x.shape[row_axis], _random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, 0, tx, ty, 0, 1, 1, *axes, fill_mode, cval, interpolation_order)


def random_shear(
    x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """The image sheared by up to `intensity` degrees."""
    axes, shear = (row_axis, col_axis, channel_axis), _random.uniform(-intensity, intensity)
    return apply_affine_transform(x, 0, 0, 0, shear, 1, 1, *axes, fill_mode, cval, interpolation_order)


def random_zoom(
    x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """The image zoomed, height and width each by a factor between the two of `zoom_range`."""
    low, high = draws.pair(zoom_range, "zoom_range")
    zx, zy = (1, 1) if low == high == 1 else _random.uniform(low, high, 2)
    axes = row_axis, col_axis, channel_axis
    return apply_affine_transform(x, 0, 0, 0, 0, zx, zy, *axes, fill_mode, cval, interpolation_order)


def apply_channel_shift(x, intensity, channel_axis=0):
    """All values plus `intensity`, within the smallest and the largest value that the image has."""
    return _shifted(np.asarray(x), intensity)


def random_channel_shift(x, intensity_range, channel_axis=0):
    """All values plus one number of up to `intensity_range`, within the limits that the image has."""
    return apply_channel_shift(x, _random.uniform(-intensity_range, intensity_range), channel_axis)


def apply_brightness_shift(x, brightness):
    """The image, spread to 0 ... 255, `brightness` times as bright."""
    from PIL import ImageEnhance

    image = array_to_img(x, "channels_last")
    return img_to_array(ImageEnhance.Brightness(image).enhance(brightness), "channels_last", "float32")


def random_brightness(x, brightness_range):
    """The image, spread to 0 ... 255, as many times as bright as is drawn between the two of `brightness_range`."""
    return apply_brightness_shift(x, _random.uniform(*draws.pair(brightness_range, "brightness_range")))


def flip_axis(x, axis):
    """The array with one axis in reverse order."""
    return np.flip(np.asarray(x), axis)


def apply_transform(x, transform_matrix, channel_axis=0, fill_mode="nearest", cval=0.0):
    """The image read where the 3x3 `transform_matrix` takes each pixel's place (Keras 1)."""
    check_warp(0, fill_mode)
    image = np.moveaxis(np.asarray(x), channel_axis, -1)
    moved = warp(image[None], np.asarray(transform_matrix)[None, :2], np.zeros((1, 2), bool), 0, fill_mode, cval)[0]
    return np.moveaxis(as_image(moved, image.dtype), -1, channel_axis)
