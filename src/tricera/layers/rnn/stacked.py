"""Cells on top of each other, as one cell."""

from typing import Any

from jax import numpy as jnp

from tricera.engine.inputs import spec_of
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import mistake
from tricera.layers.rnn.cell import listed


@register("layer")
class StackedRNNCells(Layer):
    """Each cell takes the output of the one before; the state is the list of the cells' states.

    Raises:
        ValueError: a cell has no `call` or no `state_size`.
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            for needed in ("call", "state_size"):
                if not hasattr(cell, needed):
                    raise mistake(self, f"All cells must have a `{needed}` attribute.", got=f"a cell {cell!r}")
        self.cells = list(cells)

    @property
    def state_size(self):
        """The state sizes of each cell."""
        return [list(size) if isinstance(size, tuple) else size for size in (cell.state_size for cell in self.cells)]

    @property
    def output_size(self):
        """The output size of the last cell."""
        return _output_size(self.cells[-1])

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            size = _output_size(cell)
            input_shape = (input_shape[0], *listed(size))

    def call(self, inputs, states, training=False, **kwargs):
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, new = call_cell(cell, inputs, listed(state), training)
            new_states.append(new)
        return inputs, new_states

    def get_initial_state(self, batch_size=None):
        """The initial states of each cell."""
        return [initial_state(cell, batch_size) for cell in self.cells]

    def loop(self, sequences, states, mask=None, training=False, return_sequences=True, go_backwards=False, **how):
        """All steps, cell after cell rather than step after step."""
        if go_backwards:
            sequences, mask = jnp.flip(sequences, 1), None if mask is None else jnp.flip(mask, 0)
        last_states, top = [], self.cells[-1]
        for cell, state in zip(self.cells, states, strict=True):
            whole = return_sequences or cell is not top
            last, outputs, state = cell.loop(sequences, state, mask, training, whole, **how)
            last_states.append(state)
            sequences = outputs if outputs is None else jnp.swapaxes(outputs, 0, 1)
        return last, outputs, last_states


def call_cell(cell: Any, inputs: Any, states: Any, training: Any) -> tuple[Any, list]:
    """The output of one step, and the next states as a list; `training` is said to cells that ask for it."""
    wants = spec_of(type(cell).call).has_training
    output, states = cell(inputs, states, **({"training": training} if wants else {}))
    return output, listed(states)


def initial_state(cell: Any, batch_size: Any) -> list:
    """The states to start with, as a list: the cell's own, else zeros."""
    if hasattr(cell, "get_initial_state"):
        return listed(cell.get_initial_state(batch_size=batch_size))
    dtype = getattr(cell, "compute_dtype", "float32")
    return [jnp.zeros((batch_size, *listed(size)), dtype) for size in listed(cell.state_size)]


def _output_size(cell: Any) -> Any:
    size = getattr(cell, "output_size", None)
    return listed(cell.state_size)[0] if size is None else size
