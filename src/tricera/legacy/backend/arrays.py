"""Functions of arrays in the backend of Keras 1 and 2, where they differ from `ops` in more than a name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax import export
from jax import numpy as jnp

from tricera import ops
from tricera.config import floatx, image_data_format
from tricera.engine.dtypes import dtype_of
from tricera.engine.graph import KerasTensor, Operation, record
from tricera.engine.graph import lift as symbolic
from tricera.engine.variable import Variable

# ---- making


class Made:
    """The variables that a function makes: the first time it runs they are made, and then given again."""

    running: "Made | None" = None

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self._complete, self._at = False, 0

    @contextmanager
    def again(self) -> Iterator[None]:
        """Run a block that makes the same variables each time."""
        around, Made.running, self._at = Made.running, self, 0
        try:
            yield
        finally:
            Made.running, self._complete = around, True

    def next(self, make: Callable[[], Variable]) -> Variable:
        """The next of them."""
        if not self._complete:
            self.variables.append(make())
        self._at += 1
        return self.variables[self._at - 1]

    @classmethod
    def known(cls) -> bool:
        """Whether variables are given again, so that nobody needs the values that they began with."""
        return cls.running is not None and cls.running._complete


def variable(value, dtype=None, name=None, constraint=None):
    """A variable that holds `value`."""
    if Made.running is not None:
        return Made.running.next(lambda: _variable(value, dtype, name, constraint))
    return _variable(value, dtype, name, constraint)


def _variable(value, dtype, name, constraint):
    made = Variable(jnp.asarray(value, _narrow(dtype)), name=name and name.replace("/", "_").split(":")[0])
    made.constraint = constraint
    return made


def _narrow(dtype: Any) -> Any:
    """The dtype, or the one in its place where JAX computes in 32 bits."""
    return jax.dtypes.canonicalize_dtype(dtype or floatx())


def constant(value, dtype=None, shape=None, name=None):
    """An array of `value`, repeated to fill `shape` where one is given."""
    array = jnp.asarray(value, _narrow(dtype))
    return array if shape is None else jnp.broadcast_to(array, shape)


def zeros(shape, dtype=None, name=None):
    """A variable of zeros."""
    return variable(np.zeros(shape), dtype, name)


def ones(shape, dtype=None, name=None):
    """A variable of ones."""
    return variable(np.ones(shape), dtype, name)


def eye(size, dtype=None, name=None):
    """A variable that holds the identity matrix."""
    return variable(np.eye(size), dtype, name)


def zeros_like(x, dtype=None, name=None):
    """Zeros of the shape of `x`."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x, dtype=None, name=None):
    """Ones of the shape of `x`."""
    return ops.ones_like(x, dtype=dtype)


def arange(start, stop=None, step=1, dtype="int32"):
    """Numbers from `start` on, below `stop`."""
    return ops.arange(start, stop, step, dtype=dtype)


@symbolic
def identity(x, name=None):
    """`x` itself."""
    return jnp.asarray(x)


# ---- asking


def int_shape(x):
    """The sizes of the axes, None where unknown."""
    return tuple(x.shape)


def ndim(x):
    """The number of axes."""
    return len(x.shape)


def dtype(x):
    """The name of the dtype."""
    return dtype_of(x)


def is_variable(x):
    """Whether `x` is a variable."""
    return isinstance(x, Variable)


def is_tensor(x):
    """Whether `x` is symbolic, an array of JAX, or a variable."""
    return isinstance(x, KerasTensor | jax.Array | Variable)


def is_symbolic(x):
    """Whether `x` is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def is_keras_tensor(x):
    """Whether `x` is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def is_sparse(tensor):
    """Whether a tensor is sparse."""
    return bool(getattr(tensor, "sparse", False))


def to_dense(tensor):
    """The tensor itself: arrays are dense."""
    return tensor


def count_params(x):
    """The number of elements."""
    return int(np.prod(x.shape))


def get_variable_shape(x):
    """The shape of a variable."""
    return tuple(x.shape)


def shape(x):
    """The sizes of the axes: numbers, and of a symbolic tensor's unknown ones symbolic numbers."""
    sizes = x.shape if hasattr(x, "shape") else jnp.shape(x)
    return tuple(Size(x, axis) if size is None else size for axis, size in enumerate(sizes))


@symbolic
def size(x, name=None):
    """The number of elements as an array."""
    return jnp.asarray(jnp.size(x), "int32")


class Size(KerasTensor):
    """The unknown size of an axis of a symbolic tensor: a number in the graph, and part of a shape."""

    def __init__(self, tensor: KerasTensor, axis: int):
        super().__init__((), "int32")
        self.tensor, self.axis = tensor, axis
        record(Operation(_size), (tensor, axis), {}, self)


def _size(x, axis):
    return jnp.asarray(x.shape[axis], "int32")


def with_sizes(compute, shape, *args):
    """`compute(shape, *args)`, where the shape may have sizes of symbolic tensors, which are known when it runs."""
    if isinstance(shape, KerasTensor | jax.Array | np.ndarray | int):
        shape = tuple(np.ravel(shape).tolist())
    sizes = [size for size in shape if isinstance(size, Size)]
    fixed = [None if isinstance(size, Size) else size if export.is_symbolic_dim(size) else int(size) for size in shape]

    @symbolic
    def run(tensors, *args):
        found = iter(tensor.shape[size.axis] for tensor, size in zip(tensors, sizes, strict=True))
        return compute(tuple(next(found) if size is None else size for size in fixed), *args)

    return run([size.tensor for size in sizes], *args)


def cast_to_floatx(x):
    """`x` in the default dtype of floats."""
    return np.asarray(x, floatx()) if isinstance(x, np.ndarray | list | tuple | float | int) else ops.cast(x, floatx())


# ---- products


@symbolic
def dot(x, y):
    """The product over the last axis of `x` and the last but one of `y`."""
    x, y = jnp.asarray(x), jnp.asarray(y)
    return jnp.tensordot(x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),)))


@symbolic
def batch_dot(x, y, axes=None):
    """The product of each sample of `x` with that of `y`, over one axis of each; at least two axes are left."""
    if axes is None:
        axes = (x.ndim - 1, max(y.ndim - 2, 1)) if y.ndim > 2 else (x.ndim - 1, y.ndim - 1)
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = first % x.ndim, second % y.ndim
    letters = "abcdefghijklmnopqrstuvw"
    left = ["z", *letters[: x.ndim - 1]]
    right = ["z", *letters[x.ndim - 1 : x.ndim + y.ndim - 2]]
    right[second] = left[first]
    kept = [c for c in left + right[1:] if c != left[first]]
    out = jnp.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)
    return out[:, None] if out.ndim == 1 else out


# ---- reductions over booleans and the like


def mean(x, axis=None, keepdims=False):
    """The mean along `axis`; booleans count as 0 and 1."""
    return ops.mean(ops.cast(x, floatx()) if dtype_of(x) == "bool" else x, axis, keepdims)


def cumsum(x, axis=0):
    """The sums of all elements up to each along `axis`."""
    return ops.cumsum(x, axis)


def cumprod(x, axis=0):
    """The products of all elements up to each along `axis`."""
    return ops.cumprod(x, axis)


def argmax(x, axis=-1):
    """Where the largest element along `axis` stands."""
    return ops.argmax(x, axis)


def argmin(x, axis=-1):
    """Where the least element along `axis` stands."""
    return ops.argmin(x, axis)


def clip(x, min_value, max_value):
    """`x`, moved into the range; of a range that is empty, its lower end."""
    if min_value is not None and max_value is not None and not isinstance(max_value, KerasTensor):
        max_value = np.maximum(min_value, max_value) if np.isscalar(min_value) else max_value
    return ops.clip(x, -np.inf if min_value is None else min_value, np.inf if max_value is None else max_value)


def l2_normalize(x, axis=None):
    """`x` divided by its length along `axis`."""
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), 1e-12))


# ---- arranging


def expand_dims(x, axis=-1):
    """`x` with a new axis of size 1."""
    return ops.expand_dims(x, axis)


def permute_dimensions(x, pattern):
    """`x` with its axes in another order."""
    return ops.transpose(x, pattern)


def repeat_elements(x, rep, axis):
    """Each element repeated along `axis`."""
    return ops.repeat(x, rep, axis)


def repeat(x, n):
    """Each vector `n` times: `(batch, features) -> (batch, n, features)`."""
    return ops.repeat(ops.expand_dims(x, 1), n, 1)


@symbolic
def tile(x, n):
    """`x` repeated as a whole along each axis."""
    return jnp.tile(x, tuple(n) if isinstance(n, list | tuple) else n)


def flatten(x):
    """All elements along one axis."""
    return ops.reshape(x, (-1,))


@symbolic
def batch_flatten(x):
    """`(batch, ...) -> (batch, all)`."""
    return jnp.reshape(x, (x.shape[0], int(np.prod(x.shape[1:]))))


def reshape(x, shape):
    """`x` in another shape."""
    return with_sizes(lambda shape, x: jnp.reshape(x, shape), shape, x)


def concatenate(tensors, axis=-1):
    """The tensors side by side along `axis`."""
    return ops.concatenate(tensors, axis)


def reverse(x, axes):
    """`x` mirrored along `axes`."""
    return ops.flip(x, [axes] if isinstance(axes, int) else axes)


@symbolic
def slice(x, start, size):
    """The part of `x` from `start` on; a size of -1 is all that is left."""
    stops = [x.shape[i] if n == -1 else a + n for i, (a, n) in enumerate(zip(start, size, strict=True))]
    return x[tuple(np.s_[a:b] for a, b in zip(start, stops, strict=True))]


def gather(reference, indices):
    """The rows of `reference` at `indices`."""
    return ops.take(reference, ops.cast(indices, "int32"), axis=0)


def one_hot(indices, num_classes):
    """`1` where the index is, else `0`."""
    return ops.one_hot(indices, num_classes)


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after the steps of `(batch, steps, features)`."""
    return ops.pad(x, ((0, 0), _both_ends(padding), (0, 0)))


def _both_ends(padding):
    return (padding, padding) if isinstance(padding, int) else tuple(padding)


def _spatial_padding(x, padding, data_format):
    pads = [_both_ends(each) for each in padding]
    first = (data_format or image_data_format()) == "channels_first"
    return ops.pad(x, ((0, 0), (0, 0), *pads) if first else ((0, 0), *pads, (0, 0)))


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around images."""
    return _spatial_padding(x, padding, data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around volumes."""
    return _spatial_padding(x, padding, data_format)


@symbolic
def _enlarged(x, factors, data_format):
    first = 2 if data_format == "channels_first" else 1
    for axis, factor in enumerate(factors, first):
        x = jnp.repeat(x, factor, axis)
    return x


def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """Zeros before and after the steps, as Keras 1 called it."""
    return temporal_padding(x, (left_pad, right_pad))


def asymmetric_spatial_2d_padding(x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering="default"):
    """Zeros around images, as Keras 1 called it."""
    data_format = {"th": "channels_first", "tf": "channels_last"}.get(dim_ordering)
    return spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), data_format)


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Images enlarged by whole factors."""
    if interpolation == "nearest":
        return _enlarged(x, (height_factor, width_factor), data_format)
    height, width = x.shape[2:4] if data_format == "channels_first" else x.shape[1:3]
    size = (height * height_factor, width * width_factor)
    return ops.image.resize(x, size, interpolation=interpolation, data_format=data_format)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes enlarged by whole factors."""
    return _enlarged(x, (depth_factor, height_factor, width_factor), data_format)


# ---- choosing and going through


def switch(condition, then_expression, else_expression):
    """The one or the other, element by element; each may be a function without arguments."""
    chosen = [each() if callable(each) else each for each in (then_expression, else_expression)]
    return _switch(condition, *chosen)


@symbolic
def _switch(condition, first, second):
    condition = jnp.asarray(condition)
    while condition.ndim < jnp.ndim(first):
        condition = condition[..., None]
    return jnp.where(condition, first, second)


def map_fn(fn, elems, name=None, dtype=None):
    """`fn` of each element along the first axis."""
    return ops.map(fn, elems)


def foldl(fn, elems, initializer=None, name=None):
    """`fn(sum so far, element)` along the first axis."""
    return _fold(fn, elems, initializer, False)


def foldr(fn, elems, initializer=None, name=None):
    """`fn(sum so far, element)` along the first axis, from its end."""
    return _fold(fn, elems, initializer, True)


def _fold(fn, elems, initializer, backwards):
    if initializer is None:
        initializer = elems[-1] if backwards else elems[0]
        elems = elems[:-1] if backwards else elems[1:]
    return ops.scan(lambda carry, x: (fn(carry, x), None), initializer, elems, reverse=backwards)[0]


def print_tensor(x, message=""):
    """`x` itself; its value is printed when it is computed."""
    return _printed(x, message)


@symbolic
def _printed(x, message):
    jax.debug.print("{message}{x}", message=message, x=x)
    return jnp.asarray(x)


def in_top_k(predictions, targets, k):
    """Whether each target is among its `k` largest predictions."""
    return ops.in_top_k(ops.cast(targets, "int32"), predictions, k)


__all__ = [name for name, thing in vars().items() if getattr(thing, "__module__", "") == __name__ and name[0] != "_"]
