"""Kernels in C, called by XLA on CPU: what they can do, and the calls. `library` has them built and loaded."""

import jax
import numpy as np

from tricera.kernels.native.library import library

begin, state = library.begin, library.state


def takes(x, kernel, y, geometry) -> bool:
    """Whether the native convolution computes this one: float32 images, known sizes, no dilation, one device.

    Args:
        x, kernel, y: anything that has a shape and a dtype.
        geometry: strides, padding, lhs_dilation and rhs_dilation, as `lax` names them.
    """
    undilated = all(rate == 1 for rate in (*geometry["lhs_dilation"], *geometry["rhs_dilation"]))
    if len(x.shape) != 4 or not undilated or any(low < 0 for low, _ in geometry["padding"]):
        return False
    sizes = (*x.shape, *kernel.shape, *y.shape)
    fits = all(isinstance(size, int) and size > 0 for size in sizes) and x.dtype == kernel.dtype == np.float32
    # XLA cannot divide a foreign call among devices.
    return fits and jax.device_count() == 1 and library.name_of("tricera_conv") is not None


def conv(x, kernel, y, geometry):
    """The convolution of `x` by `kernel`; `y` has its shape."""
    return _call("tricera_conv", x, kernel, y, geometry)


def conv_kernel_gradient(x, slope, kernel, geometry):
    """The gradient by the kernel, which has the shape of `kernel`, of the convolution whose output has this `slope`."""
    return _call("tricera_conv_kernel_slope", x, slope, kernel, geometry)


def _call(target, a, b, result, geometry):
    (top, _), (left, _) = geometry["padding"]
    height, width = geometry["strides"]
    numbers = {"left": left, "stride_height": height, "stride_width": width, "top": top}
    shape = jax.ShapeDtypeStruct(result.shape, result.dtype)
    attributes = {name: np.int64(value) for name, value in numbers.items()}
    return jax.ffi.ffi_call(library.name_of(target), shape)(a, b, **attributes)
