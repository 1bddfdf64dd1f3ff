"""Functions of `tf` that make tensors, and that put their elements into other places; and loops."""

import builtins
import functools

import jax
import numpy as np
from jax import numpy as jnp
from jax import tree_util

from tricera.engine.graph import KerasTensor
from tricera.errors import report
from tricera.legacy.tensorflow.tensor import convert_to_tensor, lift, of_arrays


def sizes_of(shape):
    """A shape given as numbers, as one number, or as a tensor, as a tuple."""
    if isinstance(shape, list | tuple):
        return tuple(int(n) if isinstance(n, np.generic | jax.Array) else n for n in shape)
    return tuple(np.atleast_1d(np.asarray(shape)).tolist())


# ---- making


@lift
def zeros(shape, dtype="float32"):
    """Zeros."""
    return jnp.zeros(sizes_of(shape), dtype)


@lift
def ones(shape, dtype="float32"):
    """Ones."""
    return jnp.ones(sizes_of(shape), dtype)


@lift
def fill(dims, value):
    """`value` everywhere."""
    return jnp.full(sizes_of(dims), convert_to_tensor(value))


@lift
def zeros_like(input, dtype=None):
    """Zeros of the shape of `input`."""
    return jnp.zeros_like(convert_to_tensor(input), dtype)


@lift
def ones_like(input, dtype=None):
    """Ones of the shape of `input`."""
    return jnp.ones_like(convert_to_tensor(input), dtype)


@lift
def range(start, limit=None, delta=1, dtype=None):
    """Numbers from `start` on (0, if only one is given), below `limit`."""
    start, limit = (0, start) if limit is None else (start, limit)
    return jnp.arange(start, limit, delta, dtype)


@lift
def linspace(start, stop, num, axis=0):
    """`num` numbers at equal distances, both ends among them."""
    return jnp.linspace(start, stop, num, axis=axis)


@lift
def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype="float32"):
    """One along a new axis in the place that each number says, zero elsewhere."""
    hot = jax.nn.one_hot(convert_to_tensor(indices), depth, axis=axis)
    return jnp.where(hot == 1, on_value, off_value).astype(dtype)


@lift
def sequence_mask(lengths, maxlen=None, dtype="bool"):
    """Whether each place is before the end of its sequence."""
    lengths = convert_to_tensor(lengths)
    return (jnp.arange(int(lengths.max()) if maxlen is None else maxlen) < lengths[..., None]).astype(dtype)


# ---- asking


def shape(input, out_type="int32", name=None):
    """The sizes of the axes: numbers that are known wherever the shape is."""
    if isinstance(input, KerasTensor):
        return _symbolic_shape(input)
    sizes = input.shape if hasattr(input, "shape") else np.shape(input)
    known = all(isinstance(n, int) for n in sizes)
    return np.array(sizes, out_type if known else object).view(Sizes)


class Sizes(np.ndarray):
    """A shape as a tensor: of numbers that are known, also where a program is being traced."""

    def numpy(self):
        """The sizes."""
        return np.array(self)


@lift
def _symbolic_shape(x):
    return jnp.asarray(jnp.shape(x), "int32")


def rank(input, name=None):
    """The number of axes."""
    return convert_to_tensor(len(input.shape) if hasattr(input, "shape") else np.ndim(input))


@lift
def size(input, out_type="int32"):
    """The number of elements."""
    return jnp.asarray(jnp.size(convert_to_tensor(input)), out_type)


# ---- the same elements in another shape


@lift
def reshape(tensor, shape):
    """The elements in another shape; -1 stands for the size that is left."""
    return jnp.reshape(convert_to_tensor(tensor), sizes_of(shape))


@lift
def concat(values, axis):
    """Tensors one after the other along an axis."""
    return jnp.concatenate([jnp.atleast_1d(convert_to_tensor(v)) for v in values], axis)


@lift
def stack(values, axis=0):
    """Tensors along a new axis."""
    return jnp.stack([convert_to_tensor(v) for v in values], axis)


@lift
def unstack(value, num=None, axis=0):
    """The parts of a tensor along an axis, which goes."""
    value = jnp.moveaxis(convert_to_tensor(value), axis, 0)
    return [value[i] for i in np.arange(value.shape[0])]


@lift
def split(value, num_or_size_splits, axis=0):
    """A tensor cut along an axis: into equal parts, or into parts of given sizes."""
    value = convert_to_tensor(value)
    if isinstance(num_or_size_splits, int):
        return jnp.split(value, num_or_size_splits, axis)
    return jnp.split(value, np.cumsum(sizes_of(num_or_size_splits))[:-1], axis)


@lift
def transpose(a, perm=None, conjugate=False):
    """The axes in another order, by default in the opposite one."""
    return jnp.transpose(convert_to_tensor(a), perm)


@lift
def squeeze(input, axis=None):
    """The tensor without axes of size 1."""
    return jnp.squeeze(convert_to_tensor(input), tuple(axis) if isinstance(axis, list) else axis)


@lift
def expand_dims(input, axis):
    """The tensor with a new axis of size 1."""
    return jnp.expand_dims(convert_to_tensor(input), int(axis))


@lift
def tile(input, multiples):
    """The tensor repeated along each axis."""
    return jnp.tile(convert_to_tensor(input), sizes_of(multiples))


@lift
def repeat(input, repeats, axis=None):
    """Each element repeated along an axis."""
    return jnp.repeat(convert_to_tensor(input), repeats, axis)


@lift
def broadcast_to(input, shape):
    """The tensor repeated to fill a shape."""
    return jnp.broadcast_to(convert_to_tensor(input), sizes_of(shape))


@lift
def pad(tensor, paddings, mode="CONSTANT", constant_values=0):
    """The tensor with margins: constant, or its elements reflected or repeated."""
    modes = {"CONSTANT": {"mode": "constant", "constant_values": constant_values}, "REFLECT": {"mode": "reflect"}}
    options = modes.get(mode.upper(), {"mode": "symmetric"})
    return jnp.pad(convert_to_tensor(tensor), [sizes_of(p) for p in paddings], **options)


@lift
def reverse(tensor, axis):
    """The elements in the opposite order along the axes."""
    return jnp.flip(convert_to_tensor(tensor), tuple(axis) if isinstance(axis, list) else axis)


@lift
def roll(input, shift, axis):
    """The elements moved on along an axis; those that fall off come first."""
    return jnp.roll(convert_to_tensor(input), shift, axis)


@lift
def meshgrid(*args, indexing="xy"):
    """The coordinates of the points of a grid."""
    return jnp.meshgrid(*map(convert_to_tensor, args), indexing=indexing)


@lift
def slice(input_, begin, size):
    """A part that begins at a place and has a size; -1 stands for all that is left."""
    ends = [at + n if n >= 0 else None for at, n in zip(sizes_of(begin), sizes_of(size), strict=True)]
    return convert_to_tensor(input_)[tuple(map(builtins.slice, sizes_of(begin), ends))]


# ---- some of the elements


@lift
def where(condition, x=None, y=None):
    """`x` where the condition holds, else `y`; without them, the places where it holds."""
    condition = convert_to_tensor(condition)
    if x is None:
        return jnp.stack(jnp.nonzero(condition), -1)
    return jnp.where(condition, convert_to_tensor(x), convert_to_tensor(y))


@lift
def gather(params, indices, axis=None, batch_dims=0):
    """The parts of a tensor along an axis that the numbers say."""
    params, indices = convert_to_tensor(params), convert_to_tensor(indices)
    axis = batch_dims if axis is None else axis % params.ndim
    take = functools.partial(jnp.take, axis=axis - batch_dims)
    for _ in np.arange(batch_dims):
        take = jax.vmap(take)
    return take(params, indices)


@lift
def gather_nd(params, indices, batch_dims=0):
    """The elements or parts at the places that the last axis of `indices` says."""
    take = lambda params, indices: params[tuple(jnp.moveaxis(indices, -1, 0))]  # noqa: E731
    for _ in np.arange(batch_dims):
        take = jax.vmap(take)
    return take(convert_to_tensor(params), convert_to_tensor(indices))


@lift
def scatter_nd(indices, updates, shape):
    """Zeros with the updates added at their places."""
    updates = convert_to_tensor(updates)
    places = tuple(jnp.moveaxis(convert_to_tensor(indices), -1, 0))
    return jnp.zeros(sizes_of(shape), updates.dtype).at[places].add(updates)


@lift
def tensor_scatter_nd_update(tensor, indices, updates):
    """The tensor with the updates in their places."""
    places = tuple(jnp.moveaxis(convert_to_tensor(indices), -1, 0))
    return convert_to_tensor(tensor).at[places].set(convert_to_tensor(updates))


@lift
def tensor_scatter_nd_add(tensor, indices, updates):
    """The tensor with the updates added at their places."""
    places = tuple(jnp.moveaxis(convert_to_tensor(indices), -1, 0))
    return convert_to_tensor(tensor).at[places].add(convert_to_tensor(updates))


@lift
def boolean_mask(tensor, mask, axis=0):
    """The parts of a tensor where the mask holds: how many they are depends on values."""
    return jnp.compress(convert_to_tensor(mask), convert_to_tensor(tensor), axis)


@lift
def sort(values, axis=-1, direction="ASCENDING"):
    """The elements in order."""
    return jnp.sort(convert_to_tensor(values), axis, descending=direction == "DESCENDING")


@lift
def argsort(values, axis=-1, direction="ASCENDING", stable=False):
    """The places of the elements in order."""
    return jnp.argsort(convert_to_tensor(values), axis, descending=direction == "DESCENDING")


@lift
def unique(x, out_idx="int32"):
    """The elements that differ, in the order in which they come first, and for each element which one it is."""
    x = np.asarray(x)
    _, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return jnp.asarray(x[first[order]]), jnp.asarray(place[inverse], out_idx)


identity = of_arrays(lambda x: x)
stop_gradient = of_arrays(jax.lax.stop_gradient)
searchsorted = of_arrays(jnp.searchsorted)


@lift
def tensordot(a, b, axes):
    """The sums of products over axes of both."""
    return jnp.tensordot(convert_to_tensor(a), convert_to_tensor(b), axes)


@lift
def einsum(equation, *inputs, **kwargs):
    """Einstein's sum."""
    return jnp.einsum(equation, *map(convert_to_tensor, inputs))


# ---- control


def cond(pred, true_fn=None, false_fn=None, name=None):
    """What one of two functions returns."""
    if isinstance(pred, jax.core.Tracer):
        return jax.lax.cond(pred, true_fn, false_fn)
    return true_fn() if pred else false_fn()


def while_loop(cond, body, loop_vars, shape_invariants=None, maximum_iterations=None, **kwargs):
    """The loop variables after `body(*variables)` was done as long as `cond(*variables)` holds."""
    values, turns = tuple(map(convert_to_tensor, loop_vars)), 0
    while cond(*values) and (maximum_iterations is None or turns < maximum_iterations):
        found = body(*values)
        values, turns = tuple(found) if isinstance(found, list | tuple) else (found,), turns + 1
    return values


def map_fn(fn, elems, fn_output_signature=None, **kwargs):
    """`fn` of each row, stacked."""
    return jax.lax.map(fn, tree_util.tree_map(convert_to_tensor, elems))


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """`fn` of each row, all rows at once."""
    return jax.vmap(fn)(tree_util.tree_map(convert_to_tensor, elems))


def scan(fn, elems, initializer=None, **kwargs):
    """The states after `state = fn(state, row)` for each row, stacked."""
    elems = tree_util.tree_map(convert_to_tensor, elems)
    if initializer is None:
        raise NotImplementedError(report("tf.scan needs a state to begin with.", fix="pass `initializer=`."))
    step = lambda state, row: (fn(state, row),) * 2  # noqa: E731
    return jax.lax.scan(step, tree_util.tree_map(convert_to_tensor, initializer), elems)[1]
