"""Conversion, control flow, and parts of arrays."""

import builtins

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.dtypes import dtype_of, is_float, standardize_dtype
from tricera.engine.graph import KerasTensor, op
from tricera.engine.variable import Variable
from tricera.errors import report

# ---- conversion


@op
def cast(x, dtype):
    """`x` in another dtype; of complex numbers the real part where that is real."""
    dtype, x = standardize_dtype(dtype), jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating) and not dtype.startswith("complex"):
        x = jnp.real(x)
    return x.astype(dtype)


@op
def saturate_cast(x, dtype):
    """`x` in another dtype, what lies outside of its range moved to the nearest end."""
    dtype, x = standardize_dtype(dtype), jnp.asarray(x)
    if dtype == "bool":
        return x.astype(dtype)
    x = x.astype("int32") if x.dtype == bool else x
    (least, most), (own_least, own_most) = _range(dtype), _range(x.dtype)
    if least > own_least or most < own_most:
        ends = builtins.max(least, own_least), builtins.min(most, own_most)
        x = jnp.clip(x, *(jnp.asarray(end, x.dtype) for end in ends))
    return x.astype(dtype)


def _range(dtype):
    limits, number = (jnp.finfo(dtype), float) if is_float(dtype) else (jnp.iinfo(dtype), int)
    return number(limits.min), number(limits.max)


@op
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """`x`, whatever holds numbers, as an array."""
    return jnp.asarray(x, None if dtype is None else standardize_dtype(dtype))


def convert_to_numpy(x):
    """`x` as a NumPy array that may be written to."""
    x = np.asarray(x)
    return x if x.flags.writeable else x.copy()


def is_tensor(x):
    """Whether `x` is an array of JAX or a symbolic tensor."""
    return isinstance(x, jax.Array | KerasTensor)


def shape(x):
    """The sizes of the axes: whole numbers, None for those of a symbolic tensor that are unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else jnp.shape(x)


def dtype(x):
    """The name of the dtype of `x`."""
    return dtype_of(x)


@op
def stop_gradient(variable):
    """`variable` itself, a constant to gradients."""
    return jax.tree.map(lax.stop_gradient, variable)


def custom_gradient(f):
    """Make a function whose gradient is its own: `f(*args)` returns the result and a function of its gradient.

    The second takes the gradient of the loss by the result, and returns those by each of `args`.
    """
    inner = jax.custom_gradient(f)
    return lambda *args: inner(*(x.value if isinstance(x, Variable) else x for x in args))


# ---- control flow


@op
def cond(pred, true_fn, false_fn):
    """`true_fn()` where the boolean `pred` holds, else `false_fn()`: only one of them is computed."""
    try:
        return lax.cond(jnp.asarray(pred).astype(bool), true_fn, false_fn)
    except TypeError as error:
        kinds = jax.eval_shape(true_fn), jax.eval_shape(false_fn)
        if kinds[0] == kinds[1]:
            raise
        what = "`true_fn` and `false_fn` should return outputs of the same structure, shapes and dtypes."
        raise ValueError(report(what, got="{} and {}".format(*kinds))) from error


@op
def switch(index, branches, *operands):
    """`branches[index](*operands)`, the index moved into the range of branches."""
    return lax.switch(jnp.asarray(index).astype("int32"), branches, *operands)


@op
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """`loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds."""
    single = not isinstance(loop_vars, list | tuple)
    first = jax.tree.map(jnp.asarray, (loop_vars,) if single else tuple(loop_vars))

    def step(state):
        count, variables = state
        made = body(*variables)
        return count + 1, tuple(made) if isinstance(made, list | tuple) else (made,)

    def going(state):
        count, variables = state
        held = cond(*variables)
        return held if maximum_iterations is None else jnp.logical_and(held, count < maximum_iterations)

    _, last = lax.while_loop(going, step, (jnp.int32(0), first))
    return last[0] if single else last


@op
def fori_loop(lower, upper, body_fun, init_val):
    """`value = body_fun(i, value)` for each i from `lower` to before `upper`."""
    return lax.fori_loop(lower, upper, body_fun, init_val)


@op
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """`carry, y = f(carry, x)` for each x along the first axis of `xs`: the last carry, and the stacked ys.

    Args:
        length: how many steps, where `xs` is None.
        unroll: how many steps are written out in one turn of the loop; True for all.
    """
    return lax.scan(f, init, xs, length, reverse, unroll)


@op
def associative_scan(f, elems, reverse=False, axis=0):
    """All partial results of an associative `f` along `axis`: x0, f(x0, x1), f(f(x0, x1), x2), ...; in parallel."""
    return lax.associative_scan(f, elems, reverse, axis)


@op
def map(f, xs):
    """`f` of each slice along the first axis of `xs`, one after the other, stacked."""
    return lax.map(f, xs)


@op
def vectorized_map(function, elements):
    """`function` of each slice along the first axis of `elements`, all at once, stacked."""
    return jax.vmap(function)(elements)


# ---- parts


@op
def slice(inputs, start_indices, shape):
    """The block of this shape that begins at `start_indices`; moved inwards where it would reach over the end.

    Args:
        shape: its sizes; -1 for all that is left.
    """
    inputs, starts = jnp.asarray(inputs), _starts(start_indices)
    if not len(starts) == inputs.ndim == len(shape):
        what = "The number of dimensions in `start_indices` must match the number of dimensions in `inputs`"
        what += ", and the dimensions in `inputs` must match in number the dimensions in `shape`."
        raise ValueError(report(what, got=f"{len(starts)}, {inputs.ndim} and {len(shape)}"))
    ends = zip(inputs.shape, start_indices, shape, strict=True)
    sizes = [n - int(start) if size == -1 else size for n, start, size in ends]
    return lax.dynamic_slice(inputs, starts, sizes)


@op
def slice_update(inputs, start_indices, updates):
    """`inputs` with the block that begins at `start_indices` replaced by `updates`."""
    inputs = jnp.asarray(inputs)
    return lax.dynamic_update_slice(inputs, jnp.asarray(updates, inputs.dtype), _starts(start_indices))


def _starts(indices):
    if isinstance(indices, list | tuple):
        return [jnp.asarray(i, "int32") for i in indices]
    indices = jnp.asarray(indices, "int32")
    return [indices[i] for i in range(indices.shape[0])]


@op
def scatter(indices, values, shape):
    """Zeros of this shape with `values` added at `indices`.

    Shapes: indices `(..., k)`, the first k axes' places; values `(..., *shape[k:])`.
    """
    values = jnp.asarray(values)
    return jnp.zeros(shape, values.dtype).at[_places(indices)].add(values)


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """`inputs` with `updates` put at `indices`, or combined with what is there.

    Shapes: indices `(..., k)`, the first k axes' places; updates `(..., *inputs.shape[k:])`.

    Args:
        reduction: None to replace, "add", "max", "min" or "mul".
    """
    inputs = jnp.asarray(inputs)
    if reduction not in (None, "add", "max", "min", "mul"):
        choices = "None, 'add', 'max', 'min' or 'mul'"
        raise ValueError(report("Unknown `reduction`.", expected=choices, got=repr(reduction)))
    return getattr(inputs.at[_places(indices)], reduction or "set")(jnp.asarray(updates, inputs.dtype))


def _places(indices):
    return tuple(jnp.moveaxis(jnp.asarray(indices).astype("int32"), -1, 0))


@op
def unstack(x, num=None, axis=0):
    """A list of the slices of `x` along `axis`."""
    x = jnp.asarray(x)
    count = jnp.size(x, axis) if num is None else num
    if not isinstance(count, int):
        raise ValueError(report(f"Cannot infer argument `num` from shape {x.shape}.", fix="give `num`."))
    scope.spend("unstack", steps=count)
    return [lax.index_in_dim(x, i, axis, keepdims=False) for i in range(count)]
