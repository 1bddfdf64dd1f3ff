"""Images in another size, each pixel a weighted mean of those around its place: what TensorFlow calls resizing."""

import functools
from collections.abc import Callable

import numpy as np

Size = tuple[int, int]


def _cubic(b: float, c: float) -> Callable[[np.ndarray], np.ndarray]:
    """The piecewise cubic of Mitchell and Netravali, 1988, "Reconstruction filters in computer graphics"."""

    def kernel(x: np.ndarray) -> np.ndarray:
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return kernel


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


_KERNELS = {
    "bilinear": lambda x: np.maximum(1 - x, 0),
    "bicubic": _cubic(0, 0.5),
    "mitchellcubic": _cubic(1 / 3, 1 / 3),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "gaussian": lambda x: np.where(x < 1.5, np.exp(-2 * x**2), 0),
}
METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


@functools.lru_cache(256)
def weights(method: str, size: int, target: int) -> np.ndarray:
    """What each of `size` pixels gives to each of `target` new ones: `(target, size)`, rows of sum 1."""
    step = size / target
    pixels = np.arange(size)
    if method == "area":
        starts = np.arange(target)[:, None] * step
        shares = np.minimum(pixels + 1, starts + step) - np.maximum(pixels, starts)
        shares = np.maximum(shares, 0)
    else:
        places = (np.arange(target)[:, None] + 0.5) * step - 0.5
        shares = _KERNELS[method](abs(places - pixels))
    return (shares / shares.sum(1, keepdims=True)).astype("float32")


def resample(image: np.ndarray, size: Size, method: str) -> np.ndarray:
    """`(height, width, channels) -> (*size, channels)`: floats; by the nearest pixel, the dtype that the image has."""
    (height, width), (target_height, target_width) = image.shape[:2], size
    if method == "nearest":
        return image[_nearest(height, target_height)][:, _nearest(width, target_width)]
    if method == "bilinear":
        return _along(_along(image, 0, target_height), 1, target_width)
    rows = weights(method, height, target_height) @ image.reshape(height, -1).astype("float32")
    columns = weights(method, width, target_width)
    return np.matmul(columns, rows.reshape(target_height, width, -1))


def _nearest(size: int, target: int) -> np.ndarray:
    return np.minimum(((np.arange(target) + 0.5) * (size / target)).astype(int), size - 1)


def _along(image: np.ndarray, axis: int, target: int) -> np.ndarray:
    """Bilinear along one axis: between the two pixels beside each place."""
    size = image.shape[axis]
    places = np.clip((np.arange(target) + 0.5) * (size / target) - 0.5, 0, size - 1)
    below = places.astype(int)
    share = (places - below).astype("float32").reshape((-1,) + (1,) * (2 - axis))
    lower = image.take(below, axis)
    difference = image.take(np.minimum(below + 1, size - 1), axis).astype("float32")
    difference -= lower
    difference *= share
    difference += lower
    return difference
