"""Convolutions, and blocks of pixels as channels."""

from jax import lax
from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op
from tricera.errors import report
from tricera.kernels import conv as kernels
from tricera.ops.rearrange import rearrange


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """`y[o] = sum_k x[o * strides + k * dilation_rate] @ kernel[k]` over 1, 2 or 3 spatial axes.

    Shapes: inputs `(batch, *spatial, channels)` or channels first; kernel `(*window, channels / groups, filters)`.
    """
    data_format = config.standardize_data_format(data_format)
    inputs, kernel = _matching(inputs, kernel, data_format)
    return kernels.conv(inputs, kernel, strides, padding, data_format, dilation_rate)


def _matching(inputs, kernel, data_format, axis=-2):
    """Both as arrays, the channels of the inputs those of the kernel, or several groups of as many."""
    inputs, kernel = jnp.asarray(inputs), jnp.asarray(kernel)
    channels = inputs.shape[-1 if data_format == "channels_last" else 1]
    if isinstance(channels, int) and (channels % kernel.shape[axis] or not channels):
        got = f"inputs {inputs.shape}, kernel {kernel.shape}"
        raise ValueError(report("The input channels must match the kernel's.", expected=kernel.shape[axis], got=got))
    return inputs, kernel


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """The convolution of each channel by its own filters: kernel `(*window, channels, multiplier)`."""
    data_format = config.standardize_data_format(data_format)
    inputs, kernel = _matching(inputs, kernel, data_format)
    return kernels.depthwise_conv(inputs, kernel, strides, padding, data_format, dilation_rate)


@op
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """`depthwise_conv`, then `conv` by a kernel of size 1."""
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, 1, "valid", data_format)


@op
def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """The transpose of `conv`, its gradient: `y[i * strides + k * dilation_rate] += x[i] @ kernel[k]^T`.

    Shapes: inputs `(batch, *spatial, channels)` or channels first; kernel `(*window, filters, channels)`.

    Args:
        padding: "valid" keeps every y; "same" crops to `strides` times the size.
        output_padding: so much is added to each size of y.
    """
    data_format = config.standardize_data_format(data_format)
    x, kernel = _matching(inputs, kernel, data_format, axis=-1)
    rank = kernel.ndim - 2
    strides, dilation = kernels.per_axis(strides, rank), kernels.per_axis(dilation_rate, rank)
    pads = kernels.transposed_padding(kernel.shape[:rank], strides, padding, output_padding, dilation)
    flipped = jnp.swapaxes(jnp.flip(kernel, range(rank)), -1, -2)
    numbers = kernels.dimension_numbers(rank, data_format)
    return lax.conv_general_dilated(
        x.astype(kernel.dtype), flipped, (1,) * rank, pads, strides, dilation, dimension_numbers=numbers
    )


# Pixels apart from blocks, and as their channels.
_PIXELS = {"channels_last": "n (h p) (w q) c", "channels_first": "n c (h p) (w q)"}
_BLOCKS = {"channels_last": "n h w (p q c)", "channels_first": "n (c p q) h w"}


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Channels to blocks of pixels: `(batch, h, w, b * b * c) -> (batch, b * h, b * w, c)`.

    In a channel's number the place in the block counts before `c`; with channels first, `(batch, c * b * b, h, w)`,
    after it.
    """
    return _rearranged(x, block_size, _BLOCKS[data_format], _PIXELS[data_format])


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Blocks of pixels to channels, as `depth_to_space` turns back: `(batch, b * h, b * w, c) -> (..., b * b * c)`."""
    return _rearranged(x, block_size, _PIXELS[data_format], _BLOCKS[data_format])


def _rearranged(x, size, before, after):
    if size < 2:
        raise ValueError(report("`block_size` must be at least 2.", got=size))
    return rearrange(x, f"{before} -> {after}", p=size, q=size)


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images as columns: `(batch, channels, h, w) -> (batch, channels * kh * kw, windows)`."""
    size, dilation, padding, stride = (kernels.per_axis(v, 2) for v in (kernel_size, dilation, padding, stride))
    x = jnp.asarray(x)
    pads = [(p, p) for p in padding]
    patches = lax.conv_general_dilated_patches(x, size, stride, pads, rhs_dilation=dilation)
    return jnp.reshape(patches, (*patches.shape[:2], patches.shape[2] * patches.shape[3]))


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sum of windows put back into images: `unfold` transposed."""
    size, dilation, padding, stride = (kernels.per_axis(v, 2) for v in (kernel_size, dilation, padding, stride))
    x, (h, w) = jnp.asarray(x), kernels.per_axis(output_size, 2)
    if x.ndim != 3:
        raise ValueError(report("`x` must be 3D.", expected="(batch, channels * kh * kw, windows)", got=x.shape))
    rows, columns = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip((h, w), padding, dilation, size, stride, strict=True)
    )
    blocks = jnp.reshape(x, (x.shape[0], -1, *size, rows, columns))
    image = jnp.zeros((x.shape[0], blocks.shape[1], h + 2 * padding[0], w + 2 * padding[1]), x.dtype)
    for i in range(size[0]):
        for j in range(size[1]):
            top, left = i * dilation[0], j * dilation[1]
            down = slice(top, top + stride[0] * rows, stride[0])
            right = slice(left, left + stride[1] * columns, stride[1])
            image = image.at[:, :, down, right].add(blocks[:, :, i, j])
    return image[:, :, padding[0] : padding[0] + h, padding[1] : padding[1] + w]
