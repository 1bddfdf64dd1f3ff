"""Convolutions, as XLA lowers them best on the device at hand.

XLA's CPU runs a convolution by its fast library only when the operands lie in one order (batch, spatial, channels) and
(window, channels, filters). The gradients that JAX derives ask for other orders and reversed windows; inside a compiled
loop XLA then falls back to code that is 30 to 100 times slower. `_conv` is a primitive, and so is `_correlate`, its
gradient by the kernel; the gradients of both are these two again, all in that one order: both modes of differentiation,
any number of times, inside loops and outside. Images go through `native`'s code in C, where it is at hand.
"""

import math
from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp
from jax.interpreters import ad, batching, mlir

from tricera.kernels import native
from tricera.kernels.primitive import Primitive
from tricera.machine import platform

_LETTERS = {1: "W", 2: "HW", 3: "DHW"}
_FEW_PRODUCTS = 32  # below so many, the sum of a window's products written out beats the library
_LARGE_WINDOW = 64  # above so many places, a depthwise sum written out costs more to compile than it saves


def conv(x, kernel, strides=1, padding="valid", data_format="channels_last", dilation_rate=1, groups=None):
    """Cross-correlation over 1, 2 or 3 spatial axes: `y[o] = sum_k x[o * stride + k * dilation] * kernel[k]`.

    Shapes: x `(batch, *spatial, channels)`, or channels first; kernel `(*window, channels / groups, filters)`.

    Args:
        padding: "valid", "same", "causal" (one spatial axis only), or one `(before, after)` for each axis.
        groups: into how many groups the channels fall; from the shapes where None.
    """
    rank = kernel.ndim - 2
    strides, dilation_rate = per_axis(strides, rank), per_axis(dilation_rate, rank)
    padding = lax_padding(padding, kernel.shape[:rank], dilation_rate)
    x = x.astype(kernel.dtype)
    channels = x.shape[-1] if data_format == "channels_last" else x.shape[1]
    groups = channels // kernel.shape[-2] if groups is None else groups
    one_each = 1 < groups == channels and math.prod(kernel.shape[:rank]) <= _LARGE_WINDOW
    if platform() == "cpu":
        native.begin()
    if platform() == "cpu" and (groups == 1 or one_each) and all(isinstance(size, int) for size in x.shape[1:]):
        body = _depthwise_in_order if one_each else _conv_in_order
        return body(x, kernel, strides, padding, data_format, dilation_rate)
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation_rate,
        dimension_numbers=dimension_numbers(rank, data_format),
        feature_group_count=groups,
    )


def depthwise_conv(x, kernel, strides=1, padding="valid", data_format="channels_last", dilation_rate=1):
    """Convolution of each channel by its own filters.

    Shapes: kernel `(*window, channels, multiplier)`; `(batch, *spatial, channels) -> (..., channels * multiplier)`.
    """
    channels, multiplier = kernel.shape[-2:]
    kernel = jnp.reshape(kernel, (*kernel.shape[:-2], 1, channels * multiplier))
    return conv(x, kernel, strides, padding, data_format, dilation_rate, channels)


def conv_transpose(x, kernel, strides, padding, data_format="channels_last", dilation_rate=1):
    """The gradient of a convolution by its input, as a layer: `x`, spread by `strides`, and the mirrored kernel.

    Shapes: x `(batch, *spatial, channels)`, or channels first; kernel `(*window, filters, channels)`.

    Args:
        padding: one `(before, after)` for each axis, around the spread input.
    """
    rank = kernel.ndim - 2
    strides, dilation_rate = per_axis(strides, rank), per_axis(dilation_rate, rank)
    padding = tuple((int(low), int(high)) for low, high in padding)
    mirrored = lax.optimization_barrier(jnp.swapaxes(lax.rev(kernel, range(rank)), -1, -2))
    geometry = {"strides": (1,) * rank, "padding": padding, "lhs_dilation": strides, "rhs_dilation": dilation_rate}
    x = x.astype(kernel.dtype)
    if data_format == "channels_first":
        x = jnp.moveaxis(x, 1, -1)
    known = platform() == "cpu" and all(isinstance(size, int) for size in x.shape[1:])
    y = _conv.bind(x, mirrored, **geometry) if known else _lower(x, mirrored, **geometry)
    return y if data_format == "channels_last" else jnp.moveaxis(y, -1, 1)


def transposed_padding(window, strides, padding, output_padding=None, dilation_rate=1) -> list[tuple[int, int]]:
    """What `conv_transpose` adds around the spread input.

    Of the result, which has `stride * size + beyond` numbers along an axis, as much is cropped at either end.
    """
    rank = len(window)
    strides, dilation = per_axis(strides, rank), per_axis(dilation_rate, rank)
    pads = []
    for size, stride, rate, more in zip(window, strides, dilation, per_axis(output_padding, rank), strict=True):
        reach = (size - 1) * rate + 1
        if more is None:
            beyond = max(reach - stride, 0) if padding == "valid" else 0
        else:
            beyond = reach - stride + more - (0 if padding == "valid" else 2 * (reach // 2))
        cropped = 0 if padding == "valid" else max(reach - stride - beyond, 0) // 2
        before = reach - 1 - cropped
        pads.append((before, stride + beyond + reach - 2 - before))
    return pads


def per_axis(value, rank: int) -> tuple:
    """`value`, a number or None for all of `rank` axes, or one for each."""
    return (value,) * rank if value is None or isinstance(value, int) else tuple(value)


def dimension_numbers(rank: int, data_format: str) -> tuple[str, str, str]:
    """The letters of input, kernel and output, as `lax` takes them."""
    axes = _LETTERS[rank]
    data = f"N{axes}C" if data_format == "channels_last" else f"NC{axes}"
    return data, f"{axes}IO", data


def lax_padding(padding, window: Sequence[int], dilation_rate: Sequence[int]):
    """`padding` as `lax` takes it: "VALID", "SAME", or pairs."""
    if padding == "causal":
        return [((size - 1) * rate, 0) for size, rate in zip(window, dilation_rate, strict=True)]
    return padding.upper() if isinstance(padding, str) else [tuple(pair) for pair in padding]


def _conv_in_order(x, kernel, strides, padding, data_format, dilation_rate):
    if data_format == "channels_first":
        x = lax.optimization_barrier(jnp.moveaxis(x, 1, -1))
    y = _conv.bind(
        x,
        kernel,
        strides=strides,
        padding=_pairs(padding, x, kernel, strides, dilation_rate),
        lhs_dilation=(1,) * len(strides),
        rhs_dilation=dilation_rate,
    )
    return y if data_format == "channels_last" else jnp.moveaxis(y, -1, 1)


def _depthwise_in_order(x, kernel, strides, padding, data_format, dilation_rate):
    """Each channel by its own filters, as one elementwise loop: XLA's CPU has no fast code for groups."""
    if data_format == "channels_first":
        x = jnp.moveaxis(x, 1, -1)
    channels = x.shape[-1]
    filters = kernel.reshape(*kernel.shape[:-2], channels, -1).astype(_sum_dtype(x))
    total = 0
    windows = _seen(x, kernel, strides, _pairs(padding, x, kernel, strides, dilation_rate), dilation_rate)
    for seen, weights in zip(windows, _each(filters.reshape(-1, *filters.shape[-2:]), 0), strict=True):
        total = total + lax.expand_dims(seen, [-1]) * weights
    y = total.reshape(*total.shape[:-2], kernel.shape[-1]).astype(x.dtype)
    return y if data_format == "channels_last" else jnp.moveaxis(y, -1, 1)


def _pairs(padding, x, kernel, strides, dilation_rate) -> tuple[tuple[int, int], ...]:
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(x.shape[1:-1], _spans(kernel.shape[:-2], dilation_rate), strides, padding)
    return tuple((int(low), int(high)) for low, high in padding)


def _spans(sizes: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """How far `sizes` elements reach when `dilation` apart."""
    return [(size - 1) * rate + 1 for size, rate in zip(sizes, dilation, strict=True)]


def _lower(x, kernel, *, strides, padding, lhs_dilation, rhs_dilation):
    few = math.prod(kernel.shape[:-1]) <= _FEW_PRODUCTS <= 4 * kernel.shape[-1]
    if few and all(value == 1 for value in (*strides, *lhs_dilation)):
        return _sum_of_products(x, kernel, padding, rhs_dilation)
    return lax.conv_general_dilated(
        x, kernel, strides, padding, lhs_dilation, rhs_dilation, dimension_numbers(len(strides), "channels_last")
    )


def _sum_of_products(x, kernel, padding, dilation_rate):
    """The convolution as one elementwise loop over the output."""
    total = 0
    weights = iter(_each(kernel.astype(_sum_dtype(x)).reshape(-1, kernel.shape[-1]), 0))
    for seen in _seen(x, kernel, (1,) * len(padding), padding, dilation_rate):
        for channel in _each(seen, -1):
            total = total + channel * next(weights)
    return total.astype(x.dtype)


def _seen(x, kernel, strides, padding, dilation_rate):
    """What all windows see at each place of the window."""
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((*pair, 0) for pair in padding), (0, 0, 0)])
    x = x.astype(_sum_dtype(x))
    window = kernel.shape[:-2]
    last = [size - span for size, span in zip(x.shape[1:-1], _spans(window, dilation_rate), strict=True)]
    for place in np.ndindex(*window):
        starts = [index * rate for index, rate in zip(place, dilation_rate, strict=True)]
        ends = [start + stop + 1 for start, stop in zip(starts, last, strict=True)]
        yield lax.slice(x, (0, *starts, 0), (x.shape[0], *ends, x.shape[-1]), (1, *strides, 1))


def _each(x, axis):
    """The parts of `x` along an axis, each of length 1: their gradients are put together at once."""
    return lax.split(x, (1,) * x.shape[axis], axis % x.ndim)


def _sum_dtype(x):
    """Sums of half precision numbers are kept in single precision."""
    return jnp.promote_types(x.dtype, jnp.float32)


def _input_gradient(slope, x, kernel, *, strides, padding, lhs_dilation, rhs_dilation):
    """The convolution of `slope` by the mirrored kernel."""
    rank = len(strides)
    mirrored = lax.optimization_barrier(jnp.swapaxes(lax.rev(kernel, range(rank)), -1, -2))
    reach = _spans(kernel.shape[:rank], rhs_dilation)
    whole, wide = _spans(x.aval.shape[1:-1], lhs_dilation), _spans(slope.shape[1:-1], strides)
    before = [span - 1 - low for span, (low, _) in zip(reach, padding, strict=True)]
    pads = tuple((b, n - 1 + k - m - b) for b, n, k, m in zip(before, whole, reach, wide, strict=True))
    return _conv.bind(
        slope, mirrored, strides=lhs_dilation, padding=pads, lhs_dilation=strides, rhs_dilation=rhs_dilation
    )


def _kernel_gradient(slope, x, kernel, **geometry):
    return _correlate.bind(x, slope, window=kernel.aval.shape[:-2], **geometry)


def _lower_correlate(x, slope, *, window, strides, padding, lhs_dilation, rhs_dilation):
    """The gradient by the kernel: the convolution of the input by `slope`, the batch in the place of the channels."""
    rank = len(strides)
    x, slope = lax.optimization_barrier((jnp.swapaxes(x, 0, -1), jnp.moveaxis(slope, 0, rank)))
    reach = _spans(window, rhs_dilation)
    whole, wide = _spans(x.shape[1:-1], lhs_dilation), _spans(slope.shape[:rank], strides)
    pads = tuple((low, m + k - 1 - n - low) for (low, _), n, k, m in zip(padding, whole, reach, wide, strict=True))
    gradient = _lower(x, slope, strides=rhs_dilation, padding=pads, lhs_dilation=lhs_dilation, rhs_dilation=strides)
    return jnp.moveaxis(gradient, 0, rank)


def _x_gradient(kernel, x, slope, *, window, **geometry):
    return _input_gradient(slope, x, kernel, **geometry)


def _slope_gradient(kernel, x, slope, *, window, **geometry):
    return _conv.bind(x, kernel, **geometry)


def _primitive(name, body, native_body, by_first, by_second):
    """A primitive of two operands, linear in each.

    Args:
        body: what it computes, in terms of XLA.
        native_body: gives what computes it on CPU, or None where `body` shall.
        by_first, by_second: the gradients by the operands.
    """

    def shape(a, b, **geometry):
        result = jax.eval_shape(partial(body, **geometry), a, b)
        return a.update(shape=result.shape, dtype=result.dtype)

    def batched(operands, axes, **geometry):
        return jax.vmap(partial(body, **geometry), axes)(*operands), 0

    def on_cpu(context, *operands, **geometry):
        exported = getattr(context.module_context.lowering_parameters, "for_export", False)
        native = None if exported else native_body(*context.avals_in, *context.avals_out, geometry)
        return mlir.lower_fun(native or partial(body, **geometry), multiple_results=False)(context, *operands)

    primitive = Primitive(name)
    primitive.def_impl(jax.jit(primitive.bind, static_argnames=_GEOMETRY))
    primitive.def_abstract_eval(shape)
    mlir.register_lowering(primitive, mlir.lower_fun(body, multiple_results=False))
    mlir.register_lowering(primitive, on_cpu, platform="cpu")
    ad.defbilinear(primitive, by_first, by_second)
    batching.primitive_batchers[primitive] = batched
    return primitive


_GEOMETRY = ("strides", "padding", "lhs_dilation", "rhs_dilation", "window")
_conv = _primitive("tricera_conv", _lower, native.conv, _input_gradient, _kernel_gradient)
_correlate = _primitive("tricera_correlate", _lower_correlate, native.correlate, _x_gradient, _slope_gradient)
