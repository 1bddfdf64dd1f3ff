"""RNN: a cell applied step by step along a sequence."""

import inspect
from collections.abc import Callable
from typing import Any

from jax import numpy as jnp
from jax import tree_util

from tricera.engine import scope
from tricera.engine.configured import parameters
from tricera.engine.graph import known
from tricera.engine.inputs import InputSpec, is_tensor
from tricera.engine.layer import Layer
from tricera.engine.naming import snake_case
from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.layers.arguments import mistake
from tricera.layers.rnn.cell import Cell
from tricera.layers.rnn.scan import scan_cell, where
from tricera.layers.rnn.stacked import StackedRNNCells, initial_state


class State(Variable):
    """What a stateful layer keeps from batch to batch: a variable that is no weight."""

    tracked_as = "state"


@register("layer")
class RNN(Layer):
    """`output[t], state = cell(x[t], state)` for each step.

    Shapes: `(batch, steps, ...) -> (batch, output_size)`; with `return_sequences` `(batch, steps, output_size)`; with
    `return_state` followed by the last states.

    Args:
        cell: a cell, or a list of cells, each of which takes the output of the one before. A cell has `state_size`,
            `call(inputs, states) -> outputs, states`, and may have `output_size` and `get_initial_state(batch_size)`.
        go_backwards: from the last step to the first; the outputs come in that order.
        stateful: whether a batch starts with the last states of the batch before; the batch size must be known.
        zero_output_for_mask: whether the outputs of masked steps are 0, not those of the step before.

    Raises:
        ValueError: `cell` is no cell; `stateful` without a batch size; `initial_state` does not fit the cell.
    """

    supports_masking = True
    input_axes: tuple[str, ...] = ("batch", "steps", "features")

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        cell = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell
        super().__init__(**kwargs)
        check_cell(self, cell)
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.single_state = not isinstance(cell.state_size, list | tuple)
        self.state_size = [cell.state_size] if self.single_state else list(cell.state_size)
        self.states = None

    def __call__(self, sequences, *args, **kwargs):
        if isinstance(sequences, list | tuple) and len(sequences) > 1 and is_tensor(sequences[0]):
            sequences, *kwargs["initial_state"] = sequences  # as Keras 1 and 2 give it
        return super().__call__(sequences, *args, **kwargs)

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            self._make_states(sequences_shape)

    def call(self, sequences, initial_state=None, mask=None, training=False):
        mask = _time_major(mask)
        states = self._start(sequences, initial_state)
        # Where only shapes are inferred, batch size and length may be unknown.
        real = not scope.current().inferring
        last, outputs, states = self._loop(sequences, states, mask, training, self.unroll and real)
        if self.zero_output_for_mask and mask is not None:
            ordered = jnp.flip(mask, 0) if self.go_backwards else mask
            outputs, last = where(ordered, outputs), where(ordered[-1], last)
        if self.stateful and real:
            for variable, value in zip(tree_util.tree_leaves(self.states), tree_util.tree_leaves(states), strict=True):
                variable.assign(value)
        output = jnp.swapaxes(outputs, 0, 1) if self.return_sequences else last
        output, states = tree_util.tree_map(lambda x: x.astype(self.compute_dtype), (output, states))
        return (output, *states) if self.return_state else output

    def compute_mask(self, _, mask):
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        mask = mask if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def get_initial_state(self, batch_size):
        """The states to start with, as a list: the cell's own, else zeros."""
        return initial_state(self.cell, batch_size)

    def reset_state(self):
        """Start the next batch from zeros."""
        for variable in tree_util.tree_leaves(self.states):
            variable.assign(jnp.zeros(variable.shape, variable.dtype))

    reset_states = reset_state

    # ---- steps of a call

    def _loop(self, sequences: Any, states: list, mask: Any, training: Any, unroll: bool) -> tuple:
        how = {"go_backwards": self.go_backwards, "unroll": unroll}
        if has_loop(self.cell):
            return self.cell.loop(sequences, states, mask, training, self.return_sequences, **how)
        return scan_cell(self.cell, sequences, states, mask, training, **how)

    def _start(self, sequences: Any, given: Any) -> list:
        batch_size = sequences.shape[0]
        if given is None and self.stateful and not scope.current().inferring:
            given = tree_util.tree_map(lambda v: v.value, self.states)
            self._check_batch_size(batch_size)
        usual = self._zeros(sequences)
        given = usual if given is None else _values(given)
        wanted, treedef = tree_util.tree_flatten(usual)
        flat = [jnp.asarray(x) for x in tree_util.tree_leaves(given)]
        if len(flat) != len(wanted) or any(_differ(x.shape, w.shape) for x, w in zip(flat, wanted, strict=True)):
            what = "`initial_state` does not fit the states of the cell."
            expected, got = f"{len(wanted)} of shape {_shapes(wanted)}", f"{len(flat)} of shape {_shapes(flat)}"
            raise mistake(self, what, expected=expected, got=got)
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree_util.tree_unflatten(treedef, [x.astype(dtype) for x in flat])

    def _zeros(self, sequences: Any) -> list:
        return self.get_initial_state(sequences.shape[0])

    def _make_states(self, sequences_shape: tuple) -> None:
        if sequences_shape[0] is None:
            what = "When using `stateful=True` in a RNN, the batch size must be static."
            fix = f"build with `Input(batch_shape=(batch_size, {', '.join(map(str, sequences_shape[1:]))}))`."
            raise mistake(self, what, got=f"an input of shape {tuple(sequences_shape)}", fix=fix)
        self.states = tree_util.tree_map(
            lambda value: State(value, trainable=False, dtype=self.variable_dtype, name="rnn_state"),
            self.get_initial_state(sequences_shape[0]),
        )

    def _check_batch_size(self, batch_size: Any) -> None:
        own = tree_util.tree_leaves(self.states)[0].shape[0]
        if _differ((batch_size,), (own,)):
            what = "the batch size of the input sequences must be the same as the batch size of the initial state."
            raise mistake(self, f"If an RNN is stateful, {what}", expected=own, got=batch_size)


class CellLayer(RNN):
    """Base of the recurrent layers that have a cell of their own; the cell has the arguments as attributes.

    A constructor takes what that of `cell` takes, and what `last` names: the order of what follows `recurrent_dropout`.
    """

    silent: tuple[str, ...] = ("use_cudnn", "implementation")  # arguments that Keras keeps out of the configuration

    def __init_subclass__(cls, cell: type[Cell] | None = None, last: str = "", **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if cell is not None:
            cls.__init__ = _constructor(cell, last.split())  # type: ignore[method-assign]

    def _wrap(self, cell: type[Cell], arguments: dict[str, Any]) -> None:
        extra = dict(arguments["kwargs"])
        options = {name: arguments[name] for name in parameters(cell.__init__) if name in arguments}
        options.pop("kwargs", None)
        options["implementation"] = extra.pop("implementation", 2)
        options.update({name: extra[name] for name in ("dtype", "trainable") if name in extra})
        if "use_cudnn" in arguments:
            self.use_cudnn = arguments["use_cudnn"]
        how = {name: arguments[name] for name in _HOW if name in arguments}
        RNN.__init__(self, cell(**options, name=snake_case(cell.__name__)), **how, **extra)
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name):
        cell = self.__dict__.get("cell")
        if cell is not None and name in cell._arguments:
            return getattr(cell, name)
        return super().__getattr__(name)

    def arguments(self):
        own = {**vars(self.cell), **vars(self)}
        return {name: own.get(name, value) for name, value in self._arguments.items()}

    def get_config(self):
        always = {"unroll": self.unroll, "zero_output_for_mask": self.zero_output_for_mask}
        config = {**super().get_config(), **always}
        return {name: value for name, value in config.items() if name not in self.silent}


_HOW = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "activity_regularizer")
_DEFAULTS = {**dict.fromkeys(_HOW, False), "activity_regularizer": None, "use_cudnn": "auto"}


def _constructor(cell: type[Cell], last: list[str]) -> Callable:
    """The `__init__` of a layer around a new `cell`; its signature is real, for `inspect` and for configurations."""
    taken = parameters(cell.__init__)
    names = [name for name in taken if name not in ("rank", "kwargs", *last)]
    names.insert(names.index("bias_regularizer") + 1, "activity_regularizer")
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = [taken.get(name, inspect.Parameter(name, kind, default=_DEFAULTS.get(name))) for name in (*names, *last)]
    signature = inspect.Signature([inspect.Parameter("self", kind), *found, taken["kwargs"]])

    def __init__(self: CellLayer, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        self._wrap(cell, bound.arguments)

    __init__.__signature__ = signature  # type: ignore[attr-defined]
    return __init__


def has_loop(cell: Any) -> bool:
    """Whether `cell` can run over a whole sequence at once: Keras' own cells, and stacks of them."""
    if isinstance(cell, StackedRNNCells):
        return type(cell).call is StackedRNNCells.call and all(map(has_loop, cell.cells))
    return isinstance(cell, Cell) and type(cell).call is Cell.call


def check_cell(layer: Layer, cell: Any) -> None:
    """Raise ValueError unless `cell` has what RNN needs of it."""
    if not callable(getattr(cell, "call", None)):
        raise mistake(layer, "Argument `cell` should have a `call` method.", got=repr(cell))
    if not hasattr(cell, "state_size"):
        what, expected = "a `state_size` attribute", "an integer, or a list of integers, one for each state"
        raise mistake(layer, f"The RNN cell should have {what}.", expected=expected, got=repr(cell))


def _time_major(mask: Any) -> Any:
    if isinstance(mask, list | tuple):
        mask = mask[0]
    if mask is None:
        return None
    mask = jnp.asarray(mask)
    return jnp.swapaxes(mask[..., 0] if mask.ndim == 3 else mask, 0, 1).astype(bool)


def _values(tree: Any) -> Any:
    return tree_util.tree_map(lambda x: x.value if isinstance(x, Variable) else x, tree)


def _differ(have: tuple, want: tuple) -> bool:
    """Whether two shapes differ in a known size."""
    return len(have) != len(want) or any(
        a is not None and b is not None and a != b for a, b in zip(known(have), known(want), strict=True)
    )


def _shapes(arrays: list) -> str:
    return ", ".join(str(known(x.shape)) for x in arrays)
