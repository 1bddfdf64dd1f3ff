"""Long short-term memory."""

from jax import numpy as jnp

from tricera.engine.registry import register
from tricera.kernels import recurrent
from tricera.layers.arguments import weight
from tricera.layers.rnn.cell import Cell, compiled, gated
from tricera.layers.rnn.rnn import CellLayer

_loop = compiled(recurrent.lstm)


@register("layer")
class LSTMCell(Cell):
    """`c' = f c + i g`, `h' = o tanh(c')`, gates `i, f, g, o` of `x @ kernel + h @ recurrent_kernel + bias`.

    Args:
        recurrent_activation: of `i`, `f` and `o`; `activation` is that of `g` and `c'`.
        unit_forget_bias: whether the bias of `f` starts at 1.

    Raises:
        ValueError: `units` is no positive integer.

    Reference: Hochreiter and Schmidhuber, 1997; Gers et al., 2000; unit_forget_bias: Jozefowicz et al., 2015.
    """

    gates = 4

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
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._adopt(locals())
        self.state_size = [self.units, self.units]

    def _make_bias(self):
        if not self.unit_forget_bias:
            return super()._make_bias()

        def start(shape, dtype=None):
            first, rest = (self.units,), (2 * self.units,)
            given = self.bias_initializer
            return jnp.concatenate([given(first, dtype=dtype), jnp.ones(first, dtype), given(rest, dtype=dtype)])

        return weight(self, "bias", (4 * self.units,), initializer=start)

    def step(self, x, states, drops):
        h, c = states
        i, f, g, o = jnp.split(x + gated(h, drops, self.recurrent_kernel.value), 4, -1)
        gate, activation = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * activation(g)
        h = gate(o) * activation(c)
        return h, [h, c]

    def fast(self, projected, states, **how):
        return _loop(projected, *states, self.recurrent_kernel.value, **how)


@register("layer")
class LSTM(CellLayer):
    """Long short-term memory over a sequence; the formula is that of `LSTMCell`.

    Shapes: `(batch, steps, features) -> (batch, units)`; with `return_sequences` `(batch, steps, units)`; with
    `return_state` followed by `h` and `c`, each `(batch, units)`.

    Args:
        use_cudnn, implementation: accepted; the fastest way is always taken.
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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        use_cudnn="auto",
        **kwargs,
    ):
        self._wrap(LSTMCell, locals())
