"""Long short-term memory."""

from typing import Any

from jax import numpy as jnp

from tricera.engine.registry import register
from tricera.kernels import recurrent
from tricera.layers.arguments import weight
from tricera.layers.rnn.cell import Cell, compiled, gated
from tricera.layers.rnn.rnn import CellLayer

_loop = compiled(recurrent.lstm)


class LongShort(Cell):
    """Base of the cells of long short-term memory: four gates side by side, and what becomes of them."""

    gates = 4

    def _make_bias(self):
        if not self.unit_forget_bias:
            return super()._make_bias()

        def start(shape, dtype=None):
            first, rest = (self.units,), (2 * self.units,)
            given = self.bias_initializer
            return jnp.concatenate([given(first, dtype=dtype), jnp.ones(first, dtype), given(rest, dtype=dtype)])

        return weight(self, "bias", (4 * self.units,), initializer=start)

    def _turn(self, gates: Any, c: Any, axis: int = -1) -> tuple[Any, list]:
        """The output and the next states, of the four gates side by side along `axis`."""
        i, f, g, o = jnp.split(gates, 4, axis)
        gate, activation = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * activation(g)
        h = gate(o) * activation(c)
        return h, [h, c]


@register("layer")
class LSTMCell(LongShort):
    """`c' = f c + i g`, `h' = o tanh(c')`, gates `i, f, g, o` of `x @ kernel + h @ recurrent_kernel + bias`.

    Args:
        recurrent_activation: of `i`, `f` and `o`; `activation` is that of `g` and `c'`.
        unit_forget_bias: whether the bias of `f` starts at 1.

    Raises:
        ValueError: `units` is no positive integer.

    Reference: Hochreiter and Schmidhuber, 1997; Gers et al., 2000; unit_forget_bias: Jozefowicz et al., 2015.
    """

    def __init__(
        self,
        units,
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
        self._adopt(locals())
        self.state_size = [self.units, self.units]

    def step(self, x, states, drops):
        h, c = states
        return self._turn(x + gated(h, drops, self.recurrent_kernel.value), c)

    def fast(self, projected, states, **how):
        return _loop(projected, *states, self.recurrent_kernel.value, **how)


@register("layer")
class LSTM(CellLayer, cell=LSTMCell, last="seed return_sequences return_state go_backwards stateful unroll use_cudnn"):
    """Long short-term memory over a sequence; the formula is that of `LSTMCell`.

    Shapes: `(batch, steps, features) -> (batch, units)`; with `return_sequences` `(batch, steps, units)`; with
    `return_state` followed by `h` and `c`, each `(batch, units)`.

    Args:
        use_cudnn, implementation: accepted; the fastest way is always taken.
    """
