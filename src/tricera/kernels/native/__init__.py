"""Kernels in C, called by XLA on CPU, for what they can do; `build` has them built and loaded."""

from collections.abc import Callable
from functools import partial

import jax
import numpy as np

from tricera.kernels.native.build import library

begin, state = library.begin, library.state


def conv(x, kernel, y, geometry) -> Callable | None:
    """What convolves `x` with `kernel` to `y`; None where XLA shall.

    Args:
        x, kernel, y: shapes and dtypes.
        geometry: strides, padding, lhs_dilation and rhs_dilation, as `lax` names them.
    """
    return _call("tricera_conv", y, geometry) if _takes(x, kernel, y, geometry) else None


def correlate(x, slope, kernel, geometry) -> Callable | None:
    """What makes of `x` and the gradient by the convolution's output that by its `kernel`; None where XLA shall."""
    return _call("tricera_conv_kernel_slope", kernel, geometry) if _takes(x, kernel, slope, geometry) else None


def _takes(x, kernel, y, geometry) -> bool:
    """Whether this is a convolution of float32 images, of known sizes, without dilation, on one device."""
    dilated = any(rate > 1 for rate in (*geometry["lhs_dilation"], *geometry["rhs_dilation"]))
    if len(x.shape) != 4 or dilated or any(low < 0 for low, _ in geometry["padding"]):
        return False
    known = all(isinstance(size, int) and size > 0 for size in (*x.shape, *kernel.shape, *y.shape))
    if not known or not x.dtype == kernel.dtype == y.dtype == np.float32:
        return False
    # XLA cannot divide a foreign call among devices.
    return jax.device_count() == 1 and library.name_of("tricera_conv") is not None


def _call(target, result, geometry) -> Callable:
    (top, _), (left, _) = geometry["padding"]
    height, width = geometry["strides"]
    numbers = {"left": left, "stride_height": height, "stride_width": width, "top": top}
    call = jax.ffi.ffi_call(library.name_of(target), jax.ShapeDtypeStruct(result.shape, result.dtype))
    return partial(call, **{name: np.int64(number) for name, number in numbers.items()})
