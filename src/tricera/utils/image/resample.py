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
    """`(height, width, channels) -> (*size, channels)`: floats; by the nearest pixel, the dtype that the image has.

    Bytes in four channels are fastest: a pixel is then read as one number.
    """
    (height, width), (target_height, target_width) = image.shape[:2], size
    if method == "nearest":
        return image.take(_nearest(height, target_height), 0).take(_nearest(width, target_width), 1)
    if method == "bilinear":
        return _bilinear(image, size)
    rows = weights(method, height, target_height) @ image.reshape(height, -1).astype("float32")
    columns = weights(method, width, target_width)
    return np.matmul(columns, rows.reshape(target_height, width, -1))


def _nearest(size: int, target: int) -> np.ndarray:
    return np.minimum(((np.arange(target) + 0.5) * (size / target)).astype(int), size - 1)


def _bilinear(image: np.ndarray, size: Size) -> np.ndarray:
    packed = image.dtype == np.uint8 and image.shape[2] == 4
    pixels = image.view(np.uint32) if packed else image
    (above, down), (left, right) = (_between(*sizes) for sizes in zip(image.shape, size, strict=False))
    height, width = (last - 1 for last in image.shape[:2])

    def row(places: np.ndarray) -> np.ndarray:
        line = pixels.take(places, 0)
        first, second = (line.take(np.minimum(left + i, width), 1).view(image.dtype) for i in (0, 1))
        return _mixed(first, second, right[:, None])

    return _mixed(row(above), row(np.minimum(above + 1, height)), down[:, None, None])


def _between(size: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixel before each place, and the place's distance from it."""
    places = np.clip((np.arange(target) + 0.5) * (size / target) - 0.5, 0, size - 1)
    before = places.astype(int)
    return before, (places - before).astype("float32")


def _mixed(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`first + share * (second - first)`, in as few new arrays as can be."""
    made = second.astype("float32")
    made -= first
    made *= share
    made += first
    return made
