"""The plain recurrence."""

from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.kernels import recurrent
from tricera.layers.rnn.cell import Cell, compiled, gated
from tricera.layers.rnn.rnn import CellLayer

_loop = compiled(recurrent.simple_rnn)


@register("layer")
class SimpleRNNCell(Cell):
    """`h' = tanh(x @ kernel + h @ recurrent_kernel + bias)`.

    Raises:
        ValueError: `units` is no positive integer.

    Reference: Elman, 1990, "Finding structure in time".
    """

    gates = 1
    usual = ("tanh",)

    def __init__(
        self,
        units,
        activation="tanh",
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
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.seed_generator = SeedGenerator(seed)  # draws before the initializers do, as in Keras
        self._adopt(locals())

    def step(self, x, states, drops):
        h = self.activation(x + gated(states[0], drops, self.recurrent_kernel.value))
        return h, [h]

    def fast(self, projected, states, **how):
        return _loop(projected, *states, self.recurrent_kernel.value, **how)


@register("layer")
class SimpleRNN(CellLayer, cell=SimpleRNNCell, last="return_sequences return_state go_backwards stateful unroll seed"):
    """The plain recurrence over a sequence; the formula is that of `SimpleRNNCell`.

    Shapes: `(batch, steps, features) -> (batch, units)`; with `return_sequences` `(batch, steps, units)`; with
    `return_state` followed by `h`, `(batch, units)`.
    """

    silent = (*CellLayer.silent, "seed")
