"""Symbolic tensors that a layer or a loss of Keras 1 or 2 holds on to, and uses while the graph runs.

In TensorFlow's graphs everything was symbolic, so that a loss could mix its arguments with tensors of the model.
Here its arguments are arrays, and such a tensor has the value that the running graph computes for it.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import tree_util

from tricera.engine import scope
from tricera.engine.graph import Function, KerasTensor, any_symbolic, filled, is_symbolic_leaf

Table = dict[int, Any]  # the identity of a tensor -> its value


def settled(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments, with values for symbolic tensors that stand beside arrays."""
    if not any_symbolic(args, kwargs):
        return args, kwargs
    leaves, treedef = tree_util.tree_flatten((args, kwargs), is_leaf=is_symbolic_leaf)
    if any(isinstance(leaf, jax.Array) for leaf in leaves):
        values = [value(leaf) if is_symbolic_leaf(leaf) else leaf for leaf in leaves]
        leaves = [leaf if known is None else known for leaf, known in zip(leaves, values, strict=True)]
    return tree_util.tree_unflatten(treedef, leaves)


def value(tensor: KerasTensor) -> Any:
    """The tensor's value in the innermost graph that has it or can compute it; None where none runs."""
    here = scope.current()
    for table in reversed(here.runs or []):
        if (found := _computed(tensor, table)) is not None:
            return found
    return None if here.inferring is None else jnp.zeros(filled(tensor.shape, *here.inferring), tensor.dtype)


def _computed(tensor: KerasTensor, table: Table) -> Any:
    """The tensor's value, from those in `table`, to which what was computed for it is added; None if they do not do."""
    known, missing = _sources(tensor, table)
    if missing:
        return None
    if known:
        inner = Function(known, tensor)
        table[id(tensor)] = inner.run(*(table[id(each)] for each in inner.inputs))
    return table.get(id(tensor))


def _sources(tensor: KerasTensor, table: Table) -> tuple[list[KerasTensor], list[KerasTensor]]:
    """What the tensor is made of: tensors that have a value, and inputs that have none."""
    known, missing = {}, {}
    seen, stack = set(), [tensor]
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if id(each) in table:
            known[id(each)] = each
        elif each.node is None or each.node.is_input:
            missing[id(each)] = each
        else:
            stack.extend(each.node.input_tensors)
    return list(known.values()), list(missing.values())
