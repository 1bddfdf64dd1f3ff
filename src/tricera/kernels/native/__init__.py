"""Kernels in C, called by XLA on CPU or by Python, for what they can do; `build` has them built and loaded.

Each function here returns what computes, or None where XLA's own code shall: where that is faster, or where there is no
library. They wait for the compiler, so they are asked when a program is lowered, and `begin` when one is traced.
"""

import ctypes
import math
from collections.abc import Callable
from functools import partial

import jax
import numpy as np

from tricera.kernels.native.build import library

begin, state, host = library.begin, library.state, library.function

# Measured on two cores: `docs/performance.md`.
_TINY, _SMALL, _FEW = 1 << 13, 1 << 22, 128  # multiplications: below the first a call costs more; samples
_LONG_ROW, _LONG = 32, 4096  # bytes


def conv(x, kernel, y, geometry) -> Callable | None:
    """What convolves `x` with `kernel` to `y`.

    Args:
        x, kernel, y: shapes and dtypes.
        geometry: strides, padding, lhs_dilation and rhs_dilation, as `lax` names them.
    """
    return _call("conv", y, **_numbers(geometry)) if _takes(x, kernel, y, geometry) else None


def correlate(x, slope, kernel, geometry) -> Callable | None:
    """What makes of `x` and the gradient by the convolution's output that by its `kernel`."""
    return _call("conv_kernel_slope", kernel, **_numbers(geometry)) if _takes(x, kernel, slope, geometry) else None


def product(x, weights, y) -> Callable | None:
    """What multiplies the matrices `x` and `weights` to `y`."""
    fits = _TINY <= x.size * weights.shape[1] <= _SMALL
    return _call("product", y) if fits and _all_floats(x, weights) else None


def product_slope(x, slope, weights) -> Callable | None:
    """What makes of `x` and the gradient by the product that by its `weights`."""
    fits = x.size * slope.shape[1] >= _TINY and x.shape[0] <= _FEW
    return _call("product_slope", weights) if fits and _all_floats(x, slope) else None


def take(x, order, rows) -> Callable | None:
    """What copies `rows` of `x`, given `x`, `order`, and the place in `order` from which on it names them."""
    bytes_of_row = math.prod(x.shape[1:]) * x.dtype.itemsize
    fits = bytes_of_row >= _LONG_ROW and bytes_of_row * rows.shape[0] >= _LONG and order.dtype == np.int32
    return _call("take", rows, bytes=bytes_of_row) if fits else None


def pointer(x: np.ndarray) -> ctypes.c_void_p:
    """What a function of `host` takes for an array, which must live as long as the call."""
    return ctypes.c_void_p(x.ctypes.data)


def _takes(x, kernel, y, geometry) -> bool:
    """Whether this is a convolution of float32 images, of known sizes, without dilation."""
    dilated = any(rate > 1 for rate in (*geometry["lhs_dilation"], *geometry["rhs_dilation"]))
    if len(x.shape) != 4 or dilated or any(low < 0 for low, _ in geometry["padding"]):
        return False
    known = all(isinstance(size, int) and size > 0 for size in (*x.shape, *kernel.shape, *y.shape))
    return known and _all_floats(x, kernel, y)


def _numbers(geometry) -> dict[str, int]:
    (top, _), (left, _) = geometry["padding"]
    height, width = geometry["strides"]
    return {"left": left, "stride_height": height, "stride_width": width, "top": top}


def _all_floats(*arrays) -> bool:
    return all(x.dtype == np.float32 for x in arrays)


def _call(target, result, **numbers: int) -> Callable | None:
    """The function of this name, which makes something like `result`; None where it cannot be had."""
    # XLA cannot divide a foreign call among devices.
    name = library.name_of(target) if jax.device_count() == 1 else None
    if name is None:
        return None
    call = jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(result.shape, result.dtype))
    return partial(call, **{name: np.int64(number) for name, number in numbers.items()})
