"""Convolutions, as XLA lowers them best on the device at hand."""

from collections.abc import Sequence

from jax import lax
from jax import numpy as jnp

_LETTERS = {1: "W", 2: "HW", 3: "DHW"}


def conv(x, kernel, strides=1, padding="valid", data_format="channels_last", dilation_rate=1, groups=None):
    """Cross-correlation over 1, 2 or 3 spatial axes: `y[o] = sum_k x[o * stride + k * dilation] * kernel[k]`.

    Shapes: x `(batch, *spatial, channels)`, or channels first; kernel `(*window, channels / groups, filters)`.

    Args:
        padding: "valid", "same", "causal" (one spatial axis only), or one `(before, after)` for each axis.
        groups: into how many groups the channels fall; from the shapes where None.
    """
    rank = kernel.ndim - 2
    strides, dilation_rate = per_axis(strides, rank), per_axis(dilation_rate, rank)
    channels = x.shape[-1] if data_format == "channels_last" else x.shape[1]
    return lax.conv_general_dilated(
        x.astype(kernel.dtype),
        kernel,
        strides,
        lax_padding(padding, kernel.shape[:rank], dilation_rate),
        rhs_dilation=dilation_rate,
        dimension_numbers=dimension_numbers(rank, data_format),
        feature_group_count=channels // kernel.shape[-2] if groups is None else groups,
    )


def depthwise_conv(x, kernel, strides=1, padding="valid", data_format="channels_last", dilation_rate=1):
    """Convolution of each channel by its own filters.

    Shapes: kernel `(*window, channels, multiplier)`; `(batch, *spatial, channels) -> (..., channels * multiplier)`.
    """
    channels, multiplier = kernel.shape[-2:]
    kernel = jnp.reshape(kernel, (*kernel.shape[:-2], 1, channels * multiplier))
    return conv(x, kernel, strides, padding, data_format, dilation_rate, channels)


def per_axis(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """`value` for each of `rank` axes."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


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
