"""Images read at other places, by the machine's own code."""

import ctypes
from collections.abc import Callable, Iterable

import numpy as np

from tricera.kernels import native

_BEYOND = ("nearest", "constant", "reflect", "wrap")  # as in `warp.h`


def bilinear(
    images: np.ndarray,
    maps: np.ndarray,
    flips: np.ndarray,
    fill_mode: str,
    cval: float,
    side_by_side: Callable[[Callable, Iterable], Iterable],
) -> np.ndarray | None:
    """Each pixel `p` of each image read at `maps @ (p, 1)`; None where no library can do it.

    Shapes: images `(batch, height, width, channels)` of bytes or float32, maps `(batch, 2, 3)`, flips `(batch, 2)`
    `-> (batch, height, width, channels)` of float32.

    Args:
        side_by_side: calls a function for each of some items, in threads.
    """
    read = native.host("warp") if images.dtype in ("uint8", "float32") and images.size else None
    if read is None:
        return None
    images, maps = np.ascontiguousarray(images), np.ascontiguousarray(maps, "float64")
    flips, made = np.ascontiguousarray(flips, "uint8"), np.empty(images.shape, "float32")
    places = (array.ctypes.data for array in (images, maps, flips, made))
    sizes, beyond = images.shape[1:], _BEYOND.index(fill_mode)
    work = ctypes.byref(_Layout(*places, *sizes, images.dtype == np.uint8, beyond, cval))
    one = lambda i: read(work, ctypes.c_int64(i), ctypes.c_int64(i + 1))  # noqa: E731
    return made if all(list(side_by_side(one, range(len(images))))) else None


class _Layout(ctypes.Structure):
    """`Warp` in `warp.h`."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("images", "maps", "flips", "to")),
        *((name, ctypes.c_int64) for name in ("height", "width", "channels", "bytes", "beyond")),
        ("value", ctypes.c_float),
    ]
