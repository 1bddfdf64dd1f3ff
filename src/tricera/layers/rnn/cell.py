"""What the cells of recurrent layers share: arguments, dropout that holds for a whole sequence, the loop over time."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
from jax import numpy as jnp

from tricera import activations, random
from tricera.engine import scope
from tricera.engine.configured import parameters
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.errors import abstract
from tricera.kernels import recurrent
from tricera.layers.arguments import adopt, weight


class Cell(Layer):
    """Base of the cells of Keras: a subclass gives `gates`, `step`, and `fast`, the kernel of its usual activations.

    Shapes: `call`: inputs `(batch, features)`, states `[(batch, units), ...] -> (batch, units)`, states;
    kernel `(features, gates * units)`, recurrent_kernel `(units, gates * units)`.

    Args:
        dropout, recurrent_dropout: the part of the inputs, of the states, that training sets to 0: the same elements at
            every step of a sequence.
        implementation: 1 draws other elements for each gate. `recurrent_dropout` implies it.
    """

    gates: int
    state_size: Any
    usual = ("tanh", "sigmoid")

    def __init__(self, *, implementation: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.implementation = implementation

    def _adopt(self, given: Mapping[str, Any]) -> None:
        adopt(self, given)
        self._settle_dropout()
        self.state_size = self.output_size = self.units

    def _settle_dropout(self) -> None:
        if self.recurrent_dropout:
            self.implementation = 1
        if "seed_generator" not in vars(self):
            self.seed_generator = SeedGenerator(self.seed)

    def build(self, input_shape):
        columns = self.gates * self.units
        self.kernel = weight(self, "kernel", (input_shape[-1], columns))
        self.recurrent_kernel = weight(self, "recurrent_kernel", (self.units, columns), options="recurrent")
        self.bias = self._make_bias() if self.use_bias else None

    def _make_bias(self) -> Any:
        return weight(self, "bias", (self.gates * self.units,))

    def call(self, inputs, states, training=False):
        inward, across = self.drops(inputs.shape, training)
        return self.step(self.project(inputs, inward), listed(states), across)

    def step(self, x: Any, states: list, drops: list | None) -> tuple[Any, list]:
        """The output and the next states, for projected inputs."""
        raise abstract(self, "step")

    def fast(self, projected: Any, states: list, **how: Any) -> tuple:
        """The whole loop by a kernel, for the usual activations."""
        raise abstract(self, "fast")

    def loop(self, sequences, states, mask=None, training=False, return_sequences=True, **how):
        """All steps: `(batch, time, features) ->` last output, outputs `(time, batch, units)`, last states.

        Args:
            mask: `(time, batch)`.
            how: `go_backwards`, `unroll`.
        """
        autocast = self.compute_dtype if self.autocast and self.compute_dtype != self.variable_dtype else None
        with scope.enter(autocast=autocast, path=self._path()):
            inward, across = self.drops((sequences.shape[0], *sequences.shape[2:]), training)
            projected = self.project(jnp.swapaxes(sequences.astype(self.compute_dtype), 0, 1), inward)
            if across is None and self._is_usual():
                found = self.fast(projected, states, mask=mask, return_sequences=return_sequences, **how)
                return found[0], found[1], list(found[2])
            return recurrent.scan_cell(lambda x, states: self.step(x, states, across), projected, states, mask, **how)

    def _is_usual(self) -> bool:
        names = ("activation", "recurrent_activation")
        return all(getattr(self, a) is getattr(activations, b) for a, b in zip(names, self.usual, strict=False))

    def project(self, x: Any, drops: list | None) -> Any:
        """What the inputs say to the gates."""
        projected = gated(x, drops, self.kernel.value)
        return projected if self.bias is None else projected + self._input_bias()

    def _input_bias(self) -> Any:
        return self.bias.value

    def drops(self, shape: tuple, training: Any) -> tuple[list | None, list | None]:
        """In training, what dropout multiplies inputs and states by: one factor, or one for each gate."""
        count = self.gates if self.implementation == 1 else 1

        def draw(rate: float, shape: tuple) -> list | None:
            if not training or not 0 < rate < 1:
                return None
            ones = jnp.ones(shape, self.compute_dtype)
            return [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(count)]

        return draw(self.dropout, shape), draw(self.recurrent_dropout, self.state_shape(shape))

    def state_shape(self, input_shape: tuple) -> tuple:
        """The shape of the states for the inputs of a step."""
        return input_shape[0], self.units

    def get_config(self):
        return {name: value for name, value in super().get_config().items() if name != "implementation"}

    def get_initial_state(self, batch_size=None):
        """Zeros, one array for each state."""
        return [jnp.zeros((batch_size, size), self.compute_dtype) for size in listed(self.state_size)]


def listed(value: Any) -> list:
    """One state, or several, as a list; sizes of states likewise."""
    return list(value) if isinstance(value, list | tuple) else [value]


def compiled(kernel: Callable) -> Callable:
    """`kernel` as one program, so that a call outside of any other compiles only once."""
    names = ("go_backwards", "unroll", "return_sequences", "reset_after")
    return jax.jit(kernel, static_argnames=[name for name in names if name in parameters(kernel)])


def gated(x: Any, drops: list | None, kernel: Any) -> Any:
    """`x @ kernel`, where each gate sees `x` through its own dropout."""
    if drops is None:
        return recurrent.product(x, kernel)
    columns = jnp.split(kernel, len(drops), -1)
    products = [recurrent.product(x * drop, column) for drop, column in zip(drops, columns, strict=True)]
    return jnp.concatenate(products, -1)
