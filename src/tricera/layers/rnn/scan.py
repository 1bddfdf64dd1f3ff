"""The loop over time of any cell: its variables and losses pass through the scan."""

from typing import Any

import jax
from jax import numpy as jnp
from jax import tree_util

from tricera.engine.layer import Layer
from tricera.engine.pure import stateless
from tricera.kernels import recurrent
from tricera.layers.rnn.stacked import call_cell


def scan_cell(cell: Any, sequences: Any, states: list, mask: Any, training: Any, **how: Any) -> tuple:
    """`cell` over `(batch, time, ...)`: the last output, all outputs `(time, batch, ...)`, the last states.

    What the cell assigns to its variables in a step, the next one reads; the losses that it adds are summed over time.
    """
    variables = cell.non_trainable_variables if isinstance(cell, Layer) else []
    treedef = tree_util.tree_structure(states)
    owners: list[Any] = []

    def run(x: Any, states: Any, values: list) -> tuple:
        losses: list[Any] = []
        with stateless(variables, values, losses=losses) as table:
            output, new = call_cell(cell, x, states, training)
        owners[:] = [owner for owner, _ in losses]
        new = tree_util.tree_unflatten(treedef, tree_util.tree_leaves(new))
        new = tree_util.tree_map(lambda n, o: n.astype(o.dtype), new, states)
        return output, new, [table[v] for v in variables], [loss for _, loss in losses]

    def step(inputs: Any, carried: Any) -> tuple:
        (x, keep), (states, before, values) = inputs, carried
        output, new, values, losses = run(x, states, values)
        if keep is not None:
            output, new = (
                tree_util.tree_map(lambda n, o: _where(keep, n, o), *pair) for pair in ((output, before), (new, states))
            )
            before = output
        return (output, losses), (new, before, values)

    inputs = (tree_util.tree_map(lambda x: jnp.swapaxes(x, 0, 1), sequences), mask)
    values = [v.raw() for v in variables]
    before = None
    if mask is not None:
        first = tree_util.tree_map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), inputs[0])
        spec = jax.eval_shape(run, first, states, values)[0]
        before = _first_output(spec, states)
    _, (outputs, losses), (states, _, values) = recurrent.scan_cell(step, inputs, (states, before, values), **how)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    for owner, loss in zip(owners, losses, strict=True):
        owner.add_loss(jnp.sum(loss, 0))
    return tree_util.tree_map(lambda y: y[-1], outputs), outputs, states


def _first_output(spec: Any, states: Any) -> Any:
    """What a masked first step gives: the first state of the last cell where it is like an output, else zeros."""
    top = states[-1] if isinstance(states[-1], list) else states
    likely = tree_util.tree_leaves(top)[0]
    return tree_util.tree_map(
        lambda s: likely if (likely.shape, likely.dtype) == (s.shape, s.dtype) else jnp.zeros(s.shape, s.dtype), spec
    )


def _where(keep: Any, new: Any, old: Any) -> Any:
    return jnp.where(keep.reshape(keep.shape + (1,) * (new.ndim - keep.ndim)), new, old)
