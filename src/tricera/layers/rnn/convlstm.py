"""Long short-term memory of images: convolutions in the place of the matrix products."""

from typing import Any

import jax
from jax import numpy as jnp

from tricera.engine.inputs import InputSpec
from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.kernels.conv import conv
from tricera.layers.arguments import weight
from tricera.layers.conv import SpatialFilter
from tricera.layers.rnn.lstm import LongShort
from tricera.layers.rnn.rnn import CellLayer
from tricera.layers.spatial import Spatial


@register("layer")
class ConvLSTMCell(SpatialFilter, LongShort):
    """`c' = f c + i g`, `h' = o tanh(c')`, gates `i, f, g, o` of `conv(x, kernel) + conv(h, recurrent_kernel) + bias`.

    Shapes: `call`: inputs `(batch, *spatial, channels)`, states `[h, c] -> (batch, *new_spatial, filters)`, states;
    kernel `(*window, channels, 4 * filters)`, recurrent_kernel `(*window, filters, 4 * filters)`.

    Args:
        rank: the number of spatial axes.
        strides, padding, dilation_rate: of the convolution of the inputs; that of the states keeps their size.

    Reference: Shi et al., 2015, arXiv:1506.04214; without its peepholes.
    """

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.seed_generator = SeedGenerator(seed)  # draws before the initializers do, as in Keras
        self._adopt(locals())
        self._settle_dropout()
        self.units, self.state_size = filters, [filters, filters]
        self.implementation = 1  # a draw for each gate
        self._axis = -1 if self.data_format == "channels_last" else -1 - self.rank

    def build(self, input_shape):
        channels, columns = self._channels(input_shape), 4 * self.filters
        self._check_window(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, channels, columns))
        recurrent = (*self.kernel_size, self.filters, columns)
        self.recurrent_kernel = weight(self, "recurrent_kernel", recurrent, options="recurrent")
        self.bias = self._make_bias() if self.use_bias else None

    def project(self, x, drops):
        lead, axes = x.shape[: -self.rank - 1], self.rank + 1
        if drops is not None:
            drops = [jnp.broadcast_to(drop, x.shape).reshape(-1, *x.shape[-axes:]) for drop in drops]
        steps = x.reshape(-1, *x.shape[-axes:])  # of all times: one convolution
        y = self._gated(steps, drops, self.kernel.value, self.strides, self.padding, self.dilation_rate)
        if self.bias is not None:
            y = y + jnp.moveaxis(self.bias.value.reshape(-1, *[1] * self.rank), 0, self._axis)
        return y.reshape(*lead, *y.shape[1:])

    def step(self, x, states, drops):
        h, c = states
        return self._turn(x + self._gated(h, drops, self.recurrent_kernel.value, 1, "same", 1), c, self._axis)

    def _gated(self, x: Any, drops: list | None, kernel: Any, strides: Any, padding: str, dilation: Any) -> Any:
        """The convolution, where each gate sees `x` through its own dropout."""

        def filtered(x: Any, kernel: Any) -> Any:
            return conv(x, kernel, strides, padding, self.data_format, dilation)

        if drops is None:
            return filtered(x, kernel)
        columns = jnp.split(kernel, self.gates, -1)
        parts = [filtered(x * drop, column) for drop, column in zip(drops, columns, strict=True)]
        return jnp.concatenate(parts, self._axis)

    def _is_usual(self):
        return False  # the kernels are of matrix products

    def state_shape(self, input_shape):
        made = jax.eval_shape(lambda x: self.project(x, None), jax.ShapeDtypeStruct(input_shape, self.compute_dtype))
        axis = self._axis % len(made.shape)
        return *made.shape[:axis], self.filters, *made.shape[axis + 1 :]


class _ConvLSTM(CellLayer, Spatial, cell=ConvLSTMCell, last="seed return_sequences return_state go_backwards stateful"):
    """Base of the recurrent layers with convolutions."""

    def _wrap(self, cell, arguments):
        super()._wrap(cell, {"rank": self.rank, **arguments})
        inner = ("length" if axis == "steps" else axis for axis in self.cell.input_axes[1:])
        self.input_axes = ("batch", "steps", *inner)
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def build(self, sequences_shape, initial_state_shape=None):
        self._step_shape = tuple(sequences_shape[2:])
        super().build(sequences_shape, initial_state_shape)

    def get_initial_state(self, batch_size):
        return self._zeros_for((batch_size, *self._step_shape))

    def _zeros(self, sequences):
        return self._zeros_for((sequences.shape[0], *sequences.shape[2:]))

    def _zeros_for(self, step_shape: tuple) -> list:
        return [jnp.zeros(self.cell.state_shape(step_shape), self.compute_dtype)] * 2


@register("layer")
class ConvLSTM1D(_ConvLSTM, rank=1):
    """Long short-term memory with convolutions over sequences of sequences; the formula is that of `ConvLSTMCell`.

    Shapes: `(batch, steps, length, channels) -> (batch, new_length, filters)`; with `return_sequences` the steps
    after the batch; with `return_state` followed by `h` and `c`.
    """


@register("layer")
class ConvLSTM2D(_ConvLSTM, rank=2):
    """Over sequences of images: `(batch, steps, height, width, channels) -> (batch, ..., filters)`."""


@register("layer")
class ConvLSTM3D(_ConvLSTM, rank=3):
    """Over sequences of volumes: `(batch, steps, depth, height, width, channels) -> (batch, ..., filters)`."""
