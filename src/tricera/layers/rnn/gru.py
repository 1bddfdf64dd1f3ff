"""Gated recurrent units."""

from jax import numpy as jnp

from tricera.engine.registry import register
from tricera.kernels import recurrent
from tricera.layers.arguments import weight
from tricera.layers.rnn.cell import Cell, compiled, gated
from tricera.layers.rnn.rnn import CellLayer

_loop = compiled(recurrent.gru)


@register("layer")
class GRUCell(Cell):
    """`h' = z h + (1 - z) g`, gates `z, r, g` of `x @ kernel + h @ recurrent_kernel + bias`, `r` on `g`'s part of `h`.

    Shapes: bias `(2, 3 * units)` with `reset_after`: of the inputs, of the states; else `(3 * units,)`.

    Args:
        reset_after: whether `r` scales `h @ recurrent_kernel`, as cuDNN does, or `h` before the product.

    Raises:
        ValueError: `units` is no positive integer.

    Reference: Cho et al., 2014, arXiv:1406.1078; with `reset_after` False, its first version.
    """

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        reset_after=True,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._adopt(locals())

    def _make_bias(self):
        return weight(self, "bias", (2, 3 * self.units) if self.reset_after else (3 * self.units,))

    def _input_bias(self):
        return self.bias.value[0] if self.reset_after else self.bias.value

    def step(self, x, states, drops):
        (h,), kernel, split = states, self.recurrent_kernel.value, 2 * self.units
        gate, activation = self.recurrent_activation, self.activation
        if self.reset_after:
            inner = gated(h, drops, kernel)
            inner = inner if self.bias is None else inner + self.bias.value[1]
            z, r = jnp.split(gate(x[..., :split] + inner[..., :split]), 2, -1)
            g = activation(x[..., split:] + r * inner[..., split:])
        else:
            z, r = jnp.split(gate(x[..., :split] + gated(h, drops and drops[:2], kernel[:, :split])), 2, -1)
            g = activation(x[..., split:] + gated(r * h, drops and drops[2:], kernel[:, split:]))
        h = z * h + (1 - z) * g
        return h, [h]

    def fast(self, projected, states, **how):
        bias = self.bias.value[1] if self.reset_after and self.use_bias else None
        return _loop(projected, *states, self.recurrent_kernel.value, bias, reset_after=self.reset_after, **how)


@register("layer")
class GRU(
    CellLayer,
    cell=GRUCell,
    last="seed return_sequences return_state go_backwards stateful unroll reset_after use_cudnn",
):
    """Gated recurrent units over a sequence; the formula is that of `GRUCell`.

    Shapes: `(batch, steps, features) -> (batch, units)`; with `return_sequences` `(batch, steps, units)`; with
    `return_state` followed by `h`, `(batch, units)`.
    """
