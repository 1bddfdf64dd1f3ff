"""The loop over time of any cell: what it does to variables and losses comes out of the loop."""

from collections.abc import Callable
from typing import Any

import jax
from jax import numpy as jnp
from jax import tree_util

from tricera.engine.layer import Layer
from tricera.engine.pure import stateless
from tricera.kernels import recurrent
from tricera.layers.rnn.cell import Cell
from tricera.layers.rnn.stacked import call_cell


class Contained:
    """A call of `layer` as a function without effects: `(values, *args) -> (outputs, new values, losses)`.

    `values` are those of `variables`, what a step may assign to; `release` makes the effects real.
    """

    def __init__(self, layer: Any, call: Callable):
        self.call = call
        self.variables = layer.non_trainable_variables if isinstance(layer, Layer) else []
        self.values = [v.raw() for v in self.variables]
        self._owners: list[Any] = []

    def __call__(self, values: list, *args: Any) -> tuple[Any, list, list]:
        losses: list[Any] = []
        with stateless(self.variables, values, losses=losses) as table:
            outputs = self.call(*args)
        self._owners = [owner for owner, _ in losses]
        return outputs, [table[variable] for variable in self.variables], [loss for _, loss in losses]

    def release(self, values: list, losses: list) -> None:
        """Assign the last values, and add the losses of all steps."""
        for variable, value, old in zip(self.variables, values, self.values, strict=True):
            if value is not old:
                variable.assign(value)
        for owner, loss in zip(self._owners, losses, strict=True):
            owner.add_loss(jnp.sum(loss, 0))


def scan_cell(cell: Any, sequences: Any, states: list, mask: Any, training: Any, **how: Any) -> tuple:
    """`cell` over `(batch, time, ...)`: the last output, all outputs `(time, batch, ...)`, the last states.

    Variables go from step to step, but for the seeds of Keras' own cells: their dropout is the same at every step.
    """
    contained = Contained(cell, lambda x, states: _call(cell, x, states, training))

    seeds = [id(generator.state) for each in getattr(cell, "cells", [cell]) for generator in _seeds_of(each)]
    fixed = [id(variable) in seeds for variable in contained.variables]

    def step(inputs: Any, carried: Any) -> tuple:
        (x, keep), (states, before, values) = inputs, carried
        (output, new), assigned, losses = contained(values, x, states)
        values = [old if stays else new for old, new, stays in zip(values, assigned, fixed, strict=True)]
        if keep is not None:
            output, new = where(keep, output, before), where(keep, new, states)
            before = output
        ended = [value for value, stays in zip(assigned, fixed, strict=True) if stays]
        return (output, losses, ended), (new, before, values)

    inputs = tree_util.tree_map(lambda x: jnp.swapaxes(x, 0, 1), sequences)
    before = None if mask is None else _first_output(contained, inputs, states)
    start = (states, before, contained.values)
    (_, _, ended), (outputs, losses, _), (states, _, values) = recurrent.scan_cell(step, (inputs, mask), start, **how)
    last = iter(ended)
    contained.release([next(last) if stays else value for value, stays in zip(values, fixed, strict=True)], losses)
    return tree_util.tree_map(lambda y: y[-1], outputs), outputs, states


def map_steps(layer: Layer, call: Callable, *sequences: Any) -> Any:
    """`call`, of `layer`, on each step of `(batch, time, ...)`: all at once, or in order where it assigns or draws."""
    contained = Contained(layer, call)
    assigned: list[bool] = []

    def at_once(*x: Any) -> tuple:
        outputs, values, losses = contained(contained.values, *x)
        assigned[:] = [new is not old for new, old in zip(values, contained.values, strict=True)]
        return outputs, losses

    def step(values: list, x: tuple) -> tuple:
        outputs, values, losses = contained(values, *x)
        return values, (outputs, losses)

    outputs, losses = jax.vmap(at_once, in_axes=1, out_axes=(1, 0))(*sequences)
    values = contained.values
    if any(assigned):
        steps = tuple(jnp.swapaxes(x, 0, 1) for x in sequences)
        values, (outputs, losses) = jax.lax.scan(step, contained.values, steps)
        outputs = tree_util.tree_map(lambda y: jnp.swapaxes(y, 0, 1), outputs)
    contained.release(values, losses)
    return outputs


def _seeds_of(cell: Any) -> list:
    return [cell.seed_generator] if isinstance(cell, Cell) else []


def _call(cell: Any, x: Any, states: list, training: Any) -> tuple[Any, list]:
    """One step, whose states have the structure and the dtypes of those before."""
    output, new = call_cell(cell, x, states, training)
    leaves, treedef = tree_util.tree_flatten(states)
    new = [n.astype(o.dtype) for n, o in zip(tree_util.tree_leaves(new), leaves, strict=True)]
    return output, tree_util.tree_unflatten(treedef, new)


def _first_output(contained: Contained, inputs: Any, states: Any) -> Any:
    """What a masked first step gives: the first state of the last cell where it is like an output, else zeros."""
    first = tree_util.tree_map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), inputs)
    (spec, _), _, _ = jax.eval_shape(contained, contained.values, first, states)
    top = states[-1] if isinstance(states[-1], list) else states
    likely = tree_util.tree_leaves(top)[0]
    return tree_util.tree_map(
        lambda s: likely if (likely.shape, likely.dtype) == (s.shape, s.dtype) else jnp.zeros(s.shape, s.dtype), spec
    )


def where(keep: Any, new: Any, old: Any = None) -> Any:
    """`new` where `keep`, which has its first axes, else `old`, for each array; 0 where there is no old one."""
    old = tree_util.tree_map(jnp.zeros_like, new) if old is None else old
    return tree_util.tree_map(
        lambda n, o: jnp.where(keep.reshape(keep.shape + (1,) * (n.ndim - keep.ndim)), n, o), new, old
    )
