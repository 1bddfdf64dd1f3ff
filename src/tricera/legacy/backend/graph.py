"""Symbolic computation as Keras 1 and 2 wrote it: placeholders, compiled functions, gradients as parts of the graph."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax import tree_util

from tricera import ops
from tricera.engine import dtypes, graph, naming, scope
from tricera.engine.graph import KerasTensor, Operation
from tricera.engine.layer import Layer
from tricera.engine.pure import stateless
from tricera.engine.random import global_seed_generator
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.layers import Input
from tricera.legacy import generation
from tricera.legacy.backend import arrays

# ---- placeholders


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """A symbolic tensor that a function is given the value of; every axis may be unknown."""
    if shape is None:
        shape = (None,) * (ndim or 0)
    return Input(batch_shape=tuple(shape), dtype=dtype, name=name and naming.unique(name))


def is_placeholder(x):
    """Whether `x` is a tensor that a function is given."""
    return isinstance(x, KerasTensor) and x.node is not None and x.node.is_input


def learning_phase():
    """Whether this is training: 1 or 0. A function that is given it (first or last) runs layers so."""
    return _phase


def set_learning_phase(value):
    """Fix whether layers run as in training, where nothing else says it."""
    _fixed[0] = None if value is None else bool(value)


class _Phase(int):
    """Stands for the learning phase in a list of a function's inputs; elsewhere it is the number 0."""


_phase = _Phase(0)
_fixed: list[bool | None] = [None]


def in_train_phase(x, alt, training=None):
    """`x` in training, else `alt`; each may be a function without arguments."""
    if training is None or training is _phase:
        training = scope.current().training if scope.current().training is not None else _fixed[0]
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x, alt, training=None):
    """`x` outside of training, else `alt`."""
    return in_train_phase(alt, x, training)


# ---- functions


def function(inputs, outputs, updates=None, **kwargs):
    """A compiled function: arrays for `inputs` in, arrays for `outputs` out.

    Args:
        inputs: placeholders, inputs of models, and perhaps `learning_phase()`.
        outputs: tensors, or one tensor.
        updates: what `update` and its kin returned, or pairs `(variable, new value)`: assigned at each call.
    """
    return CompiledFunction(inputs, outputs, updates or [])


class CompiledFunction:
    """What `function` returns."""

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Sequence[Any]):
        self.inputs = list(inputs)
        self.single = not isinstance(outputs, list | tuple)
        self.outputs = [outputs] if self.single else list(outputs)
        self._updates = [each if isinstance(each, Update) else Update(*each) for each in updates]
        wanted = [*self.outputs, *(each.value for each in self._updates)]
        self._wanted = [x if isinstance(x, KerasTensor) else None for x in wanted]
        self._plain = wanted
        tensors = [x for x in self.inputs if isinstance(x, KerasTensor)]
        self._graph = graph.Function(tensors, [x for x in self._wanted if x is not None])
        updated = [each.variable for each in self._updates]
        self._variables = list(dict.fromkeys([*_variables(self._graph), *updated, global_seed_generator().state]))
        self._program = jax.jit(self._run, static_argnames="training")

    def _run(self, values: list[Any], arrays: list[Any], training: bool | None) -> tuple[list[Any], list[Any]]:
        with stateless(self._variables, values, training=training) as table:
            made = iter(self._graph.run(*arrays))
            found = [
                _value(plain) if x is None else next(made) for x, plain in zip(self._wanted, self._plain, strict=True)
            ]
        for change, given in zip(self._updates, found[len(self.outputs) :], strict=True):
            variable = change.variable
            new = change.how(table[variable], given)
            table[variable] = jnp.asarray(new, variable.dtype).reshape(variable.shape)
        return found[: len(self.outputs)], [table[variable] for variable in self._variables]

    def __call__(self, inputs: Any = ()) -> Any:
        inputs = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(inputs) != len(self.inputs):
            raise ValueError(
                report(
                    "A function of the backend was given a wrong number of arrays.",
                    expected=len(self.inputs),
                    got=len(inputs),
                )
            )
        training, arrays = _fixed[0], []
        for symbol, value in zip(self.inputs, inputs, strict=True):
            if isinstance(symbol, KerasTensor):
                arrays.append(jnp.asarray(value, symbol.dtype))
            else:
                training = bool(value)
        outputs, values = self._program([v.value for v in self._variables], arrays, training)
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)
        found = [np.array(output) for output in outputs]  # the caller may write into them
        return found[0] if self.single else found


Function = CompiledFunction


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else jnp.asarray(x)


def _variables(function: graph.Function) -> list[Variable]:
    """Every variable that the graph reads: of its layers, and of gradients and functions within it."""
    found: dict[Variable, None] = {}
    for node in function.nodes:
        for leaf in node.leaves:
            if isinstance(leaf, Variable):
                found[leaf] = None
        if isinstance(node.operation, Layer):
            found.update(dict.fromkeys(node.operation.variables))
        inner = getattr(node.operation, "variables", ())
        found.update(dict.fromkeys(inner))
    return list(found)


# ---- gradients


def stop_gradient(variables):
    """The tensor, or each of a list, as if it were constant."""
    several = isinstance(variables, list | tuple)
    return [ops.stop_gradient(x) for x in variables] if several else ops.stop_gradient(variables)


class SymbolsNeeded(NotImplementedError, ValueError):
    """Arrays were given where symbolic tensors are needed."""


def gradients(loss, variables):
    """The gradients of the sum of `loss` by tensors of its graph or by variables: a list of tensors of the graph."""
    if hasattr(loss, "gradients"):  # they are known
        return loss.gradients(variables)
    single = not isinstance(variables, list | tuple)
    total = loss if isinstance(loss, KerasTensor) else None
    if total is None:
        raise SymbolsNeeded(report("A gradient is taken of a symbolic tensor.", got=type(loss).__name__))
    return [_gradient(total, each) for each in ([variables] if single else variables)]


def _gradient(loss: KerasTensor, by: Any) -> Any:
    symbolic = isinstance(by, KerasTensor)
    inputs = [*([by] if symbolic else []), *_roots(loss, by)]
    try:
        inner = graph.Function(inputs, loss)
    except ValueError:
        return None
    if symbolic and not any(tensor is by for node in inner.nodes for tensor in node.input_tensors) and by is not loss:
        return None  # the loss does not depend on it
    operation = _Gradient(inner, None if symbolic else by)
    like = KerasTensor(by.shape, by.dtype) if dtypes.is_float(by.dtype) else None  # tracing a deep graph takes minutes
    return graph.record(operation, tuple(inputs), {}, like)


class _Gradient(Operation):
    """The gradient of the sum of a graph's output, by its first input or by a variable."""

    def __init__(self, inner: graph.Function, variable: Variable | None):
        super().__init__(self._compute, naming.unique("gradients"))
        self.inner, self.variable = inner, variable
        self.variables = _variables(inner)

    def _compute(self, *values: Any) -> Any:
        if self.variable is None:
            return jax.grad(lambda first: jnp.sum(self.inner.run(first, *values[1:])))(values[0])

        def of_variable(value: Any) -> Any:
            with stateless([self.variable], [value]):
                return jnp.sum(self.inner.run(*values))

        return jax.grad(of_variable)(self.variable.value)


def _roots(loss: KerasTensor, cut: Any) -> list[KerasTensor]:
    """The tensors that must be given so that `loss` can be computed, beyond `cut`."""
    found: dict[int, KerasTensor] = {}
    stack, seen = [loss], set()
    while stack:
        tensor = stack.pop()
        if id(tensor) in seen or tensor is cut:
            continue
        seen.add(id(tensor))
        if tensor.node is None or tensor.node.is_input:
            found[id(tensor)] = tensor
        else:
            stack.extend(tensor.node.input_tensors)
    return list(found.values())


# ---- updates


class Update:
    """A change of a variable, made when a function that has it among its updates is called.

    Args:
        value: a tensor of the graph, or an array.
        how: the variable's new value from its old one and from `value`; the latter itself by default.
    """

    def __init__(self, variable: Variable, value: Any, how: Callable[[Any, Any], Any] | None = None):
        self.variable, self.value, self.how = variable, value, how or (lambda old, new: new)

    def make(self) -> None:
        """Change the variable now."""
        self.variable.assign(self.how(self.variable.value, _value(self.value)))


def update(x, new_x):
    """Assign `new_x` to the variable: at once inside of a layer's `call`, else when a function is called."""
    return _change(Update(x, new_x))


def update_add(x, increment):
    """Add to the variable."""
    return _change(Update(x, increment, lambda old, new: old + new))


def update_sub(x, decrement):
    """Subtract from the variable."""
    return _change(Update(x, decrement, lambda old, new: old - new))


def moving_average_update(x, value, momentum):
    """Move the variable towards `value`: `x * momentum + value * (1 - momentum)`."""
    return _change(Update(x, value, lambda old, new: old * momentum + new * (1 - momentum)))


_collecting = [False]


@contextmanager
def collecting() -> Iterator[None]:
    """Run a block whose changes are made later, all at once."""
    around, _collecting[0] = _collecting[0], True
    try:
        yield
    finally:
        _collecting[0] = around


def _change(change: Update) -> Any:
    """The update itself where a graph is being built; made at once where a layer computes, and in code of Keras 3."""
    in_layer = scope.current().losses is not None
    if _collecting[0]:
        return change
    if isinstance(change.value, KerasTensor) or (generation.current() < 3 and not in_layer):
        return change
    change.make()
    return change.variable


# ---- values


def get_value(x):
    """The value of a variable, as a NumPy array that may be written to."""
    if arrays.Made.known():
        return np.zeros(x.shape)
    return np.array(tree_util.tree_leaves(_value(x))[0] if isinstance(x, Variable) else x)


def batch_get_value(ops):
    """The values of several variables."""
    return list(map(get_value, ops))


def set_value(x, value):
    """Give a variable (or an optimizer's learning rate) a value."""
    if not isinstance(x, Variable):
        raise ValueError(report("Only a variable can be given a value.", got=type(x).__name__))
    x.assign(np.asarray(value).reshape(x.shape))


def batch_set_value(tuples):
    """Give several variables their values."""
    for variable, value in tuples:
        set_value(variable, value)


def eval(x):
    """The value of a variable or an array; a symbolic tensor that depends on no input is computed."""
    return function([], [x])([])[0] if isinstance(x, KerasTensor) else get_value(x)
