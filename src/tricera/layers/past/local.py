"""Layers that slide a window as a convolution does, but have a kernel of their own for each place."""

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera.engine.registry import register
from tricera.layers.arguments import check_positive, weight
from tricera.layers.conv import SpatialFilter


class _Local(SpatialFilter):
    """Base: `y[p] = activation(patch(x, p) @ kernel[p] + bias[p])` for each place `p` of the window.

    Args:
        implementation: accepted; how Keras 2 computed and stored it: patch by patch (1), as one dense product (2), or
            as a sparse one (3).
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        implementation=1,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._adopt({**locals(), "dilation_rate": 1})
        check_positive(self, filters=filters)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self._check_window(input_shape)
        spatial = input_shape[1:-1] if self.data_format == "channels_last" else input_shape[2:]
        self._places, self.output_sizes = _places(spatial, self.kernel_size, self.strides, self.padding)
        positions, window = self._places.shape
        self.kernel = weight(self, "kernel", (positions, window * channels, self.filters))
        self.bias = weight(self, "bias", (*self.output_sizes, self.filters)) if self.use_bias else None

    def call(self, inputs):
        first = self.data_format == "channels_first"
        x = jnp.moveaxis(inputs, 1, -1) if first else inputs
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        patches = jnp.pad(x, ((0, 0), (0, 1), (0, 0)))[:, self._places]  # the last place, -1, is outside
        patches = patches.swapaxes(-1, -2) if first else patches
        outputs = jnp.einsum("bpk,pkf->bpf", patches.reshape(*patches.shape[:2], -1), self.kernel.value)
        outputs = outputs.reshape(-1, *self.output_sizes, self.filters)
        outputs = jnp.moveaxis(outputs, -1, 1) if first else outputs
        if self.bias is not None:  # Keras 2 reads it as (filters, ...) with channels first, in the same memory
            outputs = outputs + self.bias.value.reshape(outputs.shape[1:])
        return self.activation(outputs)

    def load_own_variables(self, store):
        self.kernel.assign(self.kernel_of(store["0"]))
        if self.bias is not None:
            self.bias.assign(store["1"])

    def kernel_of(self, array: Any) -> np.ndarray:
        """The kernel from an array in the layout of any `implementation` of Keras 2."""
        if array.ndim == 3:
            return array
        positions, window = self._places.shape
        channels, first = self.kernel.shape[1] // window, self.data_format == "channels_first"
        kernel = np.zeros((positions, window, channels, self.filters), array.dtype)
        inside = self._places >= 0
        if array.ndim == 1:
            start = 0
            sizes = inside.sum(1) * channels
            if not first:
                for p, size in enumerate(sizes):
                    part = array[start : (start := start + size * self.filters)]
                    kernel[p, inside[p]] = part.reshape(self.filters, -1, channels).transpose(1, 2, 0)
            else:
                for f in range(self.filters):
                    for p, size in enumerate(sizes):
                        part = array[start : (start := start + size)]
                        kernel[p, inside[p], :, f] = part.reshape(channels, -1).T
        else:
            rank, total = self.rank, math.prod(self.output_sizes)
            if first:
                array = np.moveaxis(np.moveaxis(array, 0, rank), rank + 1, -1)
            array = array.reshape(-1, channels, total, self.filters)
            for p in range(positions):
                kernel[p, inside[p]] = array[self._places[p, inside[p]], :, p]
        kernel = kernel.swapaxes(1, 2) if first else kernel
        return kernel.reshape(self.kernel.shape)


def _places(sizes: Any, window: Any, strides: Any, padding: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """Which places of the input each window covers, row by row, -1 outside; and the sizes of the output."""
    axes, outputs = [], []
    for size, width, stride in zip(sizes, window, strides, strict=True):
        count = -(-size // stride) if padding == "same" else (size - width) // stride + 1
        before = (width - 1) // 2 if padding == "same" else 0
        places = np.arange(count)[:, None] * stride + np.arange(width) - before
        axes.append(np.where((places >= 0) & (places < size), places, -1))
        outputs.append(count)
    found = axes[0]
    for size, places in zip(sizes[1:], axes[1:], strict=True):
        both = found[:, None, :, None], places[None, :, None, :]
        found = np.where((both[0] < 0) | (both[1] < 0), -1, both[0] * size + both[1])
        found = found.reshape(found.shape[0] * found.shape[1], -1)
    return found, tuple(outputs)


@register("layer")
class LocallyConnected1D(_Local):
    """A window along a sequence: `(batch, steps, channels) -> (batch, new_steps, filters)`."""

    rank = 1


@register("layer")
class LocallyConnected2D(_Local):
    """A window over an image: `(batch, height, width, channels) -> (batch, new_height, new_width, filters)`."""

    rank = 2
