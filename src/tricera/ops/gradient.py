"""Derivatives of functions: by their arguments, or by variables that they read.

What a function assigns to variables (statistics, seeds) is assigned once, as by a plain call of it. Of symbolic
tensors, a derivative is a part of the graph.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax import numpy as jnp

from tricera import config
from tricera.engine import dtypes
from tricera.engine.graph import lift
from tricera.engine.pure import stateless
from tricera.engine.variable import Variable
from tricera.errors import report


def grad(f, argnums=0, has_aux=False, variables=None):
    """The function `(*args) -> df/dx` of an `f` that returns one number; `(df/dx, aux)` with `has_aux`.

    Args:
        f: `(*args) -> number`, or `(*args) -> (number, aux)` with `has_aux`.
        argnums: the place of x among the arguments, an array or a nest; several places give a tuple of derivatives.
        variables: a list of variables to derive by, instead of arguments: gives a list of derivatives.

    Raises:
        ValueError: `f` returns no single number, or x holds whole numbers.

    Example:
        >>> float(grad(lambda x: x**3)(2.0))
        12.0
    """
    both = value_and_grad(f, argnums, has_aux, variables)

    def compute(*args: Any, **kwargs: Any) -> Any:
        result, derivative = both(*args, **kwargs)
        return (derivative, result[1]) if has_aux else derivative

    return compute


def value_and_grad(f, argnums=0, has_aux=False, variables=None):
    """The function `(*args) -> (f(*args), df/dx)`; its arguments are those of `grad`."""
    return _derived(jax.grad, f, argnums, variables, lambda result: _number(result[0] if has_aux else result))


def jacobian(f, argnums=0, variables=None):
    """The function `(*args) -> df/dx` of an `f` that returns an array; `argnums` and `variables` as of `grad`.

    Shapes: `(*the shape of f(*args), *the shape of x)`.
    """
    both = _derived(jax.jacrev, f, argnums, variables)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def hessian(f, argnums=0, variables=None):
    """The function `(*args) -> d2f/dx2`; `argnums` and `variables` as of `grad`: several give a nest of nests.

    Shapes: `(*the shape of f(*args), *the shape of x, *the shape of x)`.
    """
    both = _derived(jax.hessian, f, argnums, variables)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def jvp(f, primals, tangents):
    """`f(*primals)`, and how much it changes where the arguments change by `tangents`: its Jacobian times these."""
    function = _Pure(f)
    given, directions = map(_floats, primals), map(_floats, tangents)
    _, change, kept = jax.jvp(lambda *args: function((), *args), tuple(given), tuple(directions), has_aux=True)
    return function.finished(kept), change


def vjp(f, *primals):
    """`f(*primals)`, and the function from the gradient of a loss by that result to those by each argument."""
    function = _Pure(f)
    _, pull, kept = jax.vjp(lambda *args: function((), *args), *map(_floats, primals), has_aux=True)
    return function.finished(kept), pull


class _Pure:
    """A function in the form that JAX derives: `(values, *args) -> (what is derived, (result, what was assigned))`."""

    def __init__(self, f: Callable, variables: Sequence[Variable] = (), derived: Callable = lambda result: result):
        self._f, self._variables, self._derived = f, variables, derived
        self._assigned: list[Variable] = []

    def __call__(self, values: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        with stateless(self._variables, values) as table:
            before = dict(table)
            result = jax.tree.map(lambda x: x.value if isinstance(x, Variable) else x, self._f(*args, **kwargs))
            self._assigned = [variable for variable, value in table.items() if before.get(variable) is not value]
        return self._derived(result), (result, [table[variable] for variable in self._assigned])

    def finished(self, kept: tuple[Any, list[Any]]) -> Any:
        """The result, after all assignments."""
        result, values = kept
        for variable, value in zip(self._assigned, values, strict=True):
            variable.assign(value)
        return result


def _derived(
    transform: Callable, f: Callable, argnums: Any, variables: Any, derived: Callable = lambda result: result
) -> Callable:
    """The function `(*args) -> (f(*args), derivative)`, the derivative by a transformation of JAX."""
    cells = tuple(variables or ())

    def compute(*args: Any, **kwargs: Any) -> Any:
        function = _Pure(f, cells, derived)
        by = jax.tree.map(lambda i: _place(i, len(args)), argnums) if variables is None else ()
        given = [_floats(x) if i in jax.tree.leaves(by) else x for i, x in enumerate(args)]
        places = jax.tree.map(lambda i: i + 1, by) if variables is None else 0
        values = tuple(_floats(variable.raw()) for variable in cells)
        derivative, kept = transform(function, places, has_aux=True)(values, *given, **kwargs)
        return function.finished(kept), derivative if variables is None else list(derivative)

    return lift(compute)


def _place(i: int, count: int) -> int:
    """The place of an argument, counted from the first one."""
    if not -count <= i < count:
        what = "`argnums` names an argument that the function was not given."
        raise ValueError(report(what, expected=f"less than {count}", got=i, fix="pass it in its place, not by name."))
    return i % count


def _floats(x: Any) -> Any:
    """What a derivative can be taken by: arrays of floats, or a nest of them."""

    def one(leaf: Any) -> Any:
        leaf = leaf.value if isinstance(leaf, Variable) else leaf
        array = jnp.asarray(leaf, config.floatx() if isinstance(leaf, int | float) else None)
        if not jnp.issubdtype(array.dtype, jnp.inexact):
            what = "There is no derivative by whole numbers."
            fix = "cast them: `ops.cast(x, 'float32')`."
            raise ValueError(report(what, expected="floats", got=dtypes.dtype_of(array), fix=fix))
        return array

    return jax.tree.map(one, x)


def _number(value: Any) -> Any:
    """`value`, a single number."""
    if jnp.shape(value) != ():
        what = "A gradient is that of one number, such as a loss."
        fix = "take its mean or sum, or ask for `ops.jacobian`."
        raise ValueError(report(what, expected="shape ()", got=f"shape {tuple(jnp.shape(value))}", fix=fix))
    return value
