"""Quantizers: floats to whole numbers of few bits, and the scale that leads back."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.engine import graph
from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.errors import abstract, report


class Quantizer(Configured):
    """Base: `quantizer(x)` is `(quantized x, scale)`, where `x` is about `quantized x / scale`."""

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        raise abstract(self, "__call__")


@register("quantizer")
class AbsMaxQuantizer(Quantizer):
    """`round(x * scale)`, with the scale that takes the largest `|x|` along `axis` to the end of `value_range`.

    Args:
        axis: the axes that share a scale, the last one where it is None; the call may name others.
        epsilon: is added to the largest, which may be 0.

    Raises:
        ValueError: a byte does not hold the numbers of `value_range`.
    """

    def __init__(self, axis=None, value_range=(-127, 127), epsilon=1e-07, output_dtype="int8"):
        super().__init__(output_dtype)
        self.axis = (axis,) if isinstance(axis, int) else None if axis is None else tuple(axis)
        self.value_range, self.epsilon = tuple(value_range), epsilon
        if output_dtype == "int8" and (self.value_range[0] < -128 or self.value_range[1] > 127):
            raise ValueError(
                report(
                    "Quantizer with output_dtype='int8' requires value_range to be within the interval [-128, 127].",
                    got=f"value_range={value_range}",
                )
            )

    def __call__(self, x, axis=None, to_numpy=False):
        axis = -1 if axis is None and self.axis is None else self.axis if axis is None else axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self):
        config = super().get_config()
        return config if self.axis is not None else {k: v for k, v in config.items() if k != "axis"}


def abs_max_quantize(inputs, axis, value_range=(-127, 127), dtype="int8", epsilon=1e-07, to_numpy=False):
    """`(round(x * scale), scale)`, `scale = value_range[1] / (max |x| + epsilon)` along `axis`, which it keeps."""
    np_or_jnp: Any = np if to_numpy else jnp
    x = np_or_jnp.asarray(inputs)
    axis = tuple(axis) if isinstance(axis, list | tuple) else axis
    largest = np_or_jnp.max(np_or_jnp.abs(x), axis=axis, keepdims=True)
    scale = (value_range[1] / (largest + epsilon)).astype(x.dtype)
    return np_or_jnp.clip(np_or_jnp.round(x * scale), *value_range).astype(dtype), scale


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """What is left of `x` after `x / scale` was a float of 8 bits."""
    largest = jnp.asarray(jnp.finfo(quantized_dtype).max, compute_dtype)
    scale = jnp.asarray(scale, compute_dtype)
    x = jnp.clip(jnp.asarray(inputs, compute_dtype) / scale, -largest, largest)
    return x.astype(quantized_dtype).astype(compute_dtype) * scale


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """The scale that takes `amax` to `dtype_max / 2^margin`; the old one where `amax` is 0 or not finite."""
    new = 1.0 / (dtype_max / amax / 2**margin)
    new = jnp.where(amax > 0.0, new, scale)
    return jnp.where(jnp.isfinite(amax), new, scale)


def compute_float8_amax_history(x, amax_history):
    """The largest `|x|` of the last calls, moved by one, with that of this call in front."""
    largest = jnp.max(jnp.abs(x)).astype(amax_history.dtype)
    return jnp.roll(amax_history, -1).at[0].set(largest)


@graph.lift
def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """`x` rounded to `2^num_bits` steps between a minimum and a maximum, moved so that 0 is one; its gradient is 1.

    Args:
        narrow_range: one step less, so that there are as many below 0 as above.
        axis: along which the minima and maxima differ; None: one for all.

    Reference: Jacob et al., 2017, arXiv:1712.05877.
    """
    x = jnp.asarray(inputs)
    shape = [1] * x.ndim if axis is None else [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    low, high = (jnp.reshape(jnp.asarray(v, x.dtype), () if axis is None else shape) for v in (min_vals, max_vals))
    return _faked(x, low, high, int(num_bits), bool(narrow_range))


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _faked(x, low, high, bits, narrow):
    low, high, step = _nudged(low, high, bits, narrow)
    return jnp.round((jnp.clip(x, low, high) - low) / step) * step + low


def _nudged(low, high, bits, narrow):
    """The range moved so that 0 is one of its steps, and a step."""
    first, last = (1 if narrow else 0), 2**bits - 1
    step = (high - low) / (last - first)
    zero = jnp.clip(jnp.round(first - low / step), first, last)
    return (first - zero) * step, (last - zero) * step, step


def _forth(x, low, high, bits, narrow):
    return _faked(x, low, high, bits, narrow), (x, low, high)


def _back(bits, narrow, kept, gradient):
    x, low, high = kept
    first, last, _ = _nudged(low, high, bits, narrow)
    shared = tuple(i for i in range(x.ndim) if low.ndim == 0 or low.shape[i] == 1)
    within = (x >= first) & (x <= last)

    def to(where, bound):
        return jnp.sum(jnp.where(where, gradient, 0), shared, keepdims=bound.ndim > 0)

    return jnp.where(within, gradient, 0), to(x < first, low), to(x > last, high)


_faked.defvjp(_forth, _back)


def pack_int4(arr, axis=0, dtype="int8"):
    """Two 4-bit numbers in each byte along `axis`: `(packed, its shape, original length)`."""
    np_or_jnp: Any = jnp if isinstance(arr, jax.Array) else np
    x = np_or_jnp.moveaxis(np_or_jnp.asarray(arr), axis, 0)
    length = x.shape[0]
    x = np_or_jnp.pad(x, [(0, length % 2), *[(0, 0)] * (x.ndim - 1)]).astype("int8")
    packed = np_or_jnp.moveaxis((x[0::2] & 15) | (x[1::2] << 4), 0, axis).astype(dtype)
    return packed, packed.shape, length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """The numbers that `pack_int4` packed: from -8 to 7, or, for `"uint8"`, from 0 to 15."""
    x = jnp.moveaxis(jnp.asarray(packed), axis, 0)
    signed = jnp.dtype(dtype) == jnp.int8
    low, high = x & 15, (x >> 4) & 15
    if signed:
        low, high = (jnp.where(n > 7, n - 16, n) for n in (low, high))
    both = jnp.stack([low, high], 1).reshape(-1, *x.shape[1:])[:orig_len]
    return jnp.moveaxis(both, 0, axis).astype(dtype)
