"""`tf.math`, and the same names in `tf`: elementwise functions, comparisons, reductions."""

import jax
from jax import numpy as jnp

from tricera import ops
from tricera.legacy.tensorflow import tensor
from tricera.legacy.tensorflow.tensor import convert_to_tensor, lift, of_arrays

# ---- of one tensor

abs = of_arrays(ops.absolute)
acos = of_arrays(ops.arccos)
acosh = of_arrays(ops.arccosh)
angle = of_arrays(ops.angle)
asin = of_arrays(ops.arcsin)
asinh = of_arrays(ops.arcsinh)
atan = of_arrays(ops.arctan)
atanh = of_arrays(ops.arctanh)
ceil = of_arrays(ops.ceil)
conj = of_arrays(ops.conj)
cos = of_arrays(ops.cos)
cosh = of_arrays(ops.cosh)
erf = of_arrays(ops.erf)
exp = of_arrays(ops.exp)
expm1 = of_arrays(ops.expm1)
floor = of_arrays(ops.floor)
imag = of_arrays(ops.imag)
is_finite = of_arrays(ops.isfinite)
is_inf = of_arrays(ops.isinf)
is_nan = of_arrays(ops.isnan)
lgamma = of_arrays(jax.lax.lgamma)
log = of_arrays(ops.log)
log1p = of_arrays(ops.log1p)
log_sigmoid = of_arrays(ops.log_sigmoid)
logical_not = of_arrays(ops.logical_not)
negative = of_arrays(ops.negative)
real = of_arrays(ops.real)
reciprocal = of_arrays(ops.reciprocal)
rint = round = of_arrays(ops.round)
rsqrt = of_arrays(ops.rsqrt)
sigmoid = of_arrays(ops.sigmoid)
sign = of_arrays(ops.sign)
sin = of_arrays(ops.sin)
sinh = of_arrays(ops.sinh)
softplus = of_arrays(ops.softplus)
sqrt = of_arrays(ops.sqrt)
square = of_arrays(ops.square)
tan = of_arrays(ops.tan)
tanh = of_arrays(ops.tanh)

# ---- of two

add = of_arrays(ops.add)
atan2 = of_arrays(ops.arctan2)
divide = truediv = of_arrays(ops.divide)
divide_no_nan = of_arrays(ops.divide_no_nan)
equal = of_arrays(ops.equal)
floordiv = of_arrays(ops.floor_divide)
floormod = mod = of_arrays(ops.mod)
greater = of_arrays(ops.greater)
greater_equal = of_arrays(ops.greater_equal)
less = of_arrays(ops.less)
less_equal = of_arrays(ops.less_equal)
logical_and = of_arrays(ops.logical_and)
logical_or = of_arrays(ops.logical_or)
logical_xor = of_arrays(ops.logical_xor)
maximum = of_arrays(ops.maximum)
minimum = of_arrays(ops.minimum)
multiply = of_arrays(ops.multiply)
not_equal = of_arrays(ops.not_equal)
pow = of_arrays(ops.power)
squared_difference = of_arrays(lambda x, y: jnp.square(x - y))
subtract = of_arrays(ops.subtract)
xlogy = of_arrays(jax.scipy.special.xlogy)


@lift
def multiply_no_nan(x, y):
    """`x * y`, 0 where `y` is 0."""
    x, y = convert_to_tensor(x), convert_to_tensor(y)
    return jnp.where(y == 0, 0, x * y)


@lift
def add_n(inputs):
    """The sum of tensors of one shape."""
    return sum(map(convert_to_tensor, inputs[1:]), start=convert_to_tensor(inputs[0]))


@lift
def cast(x, dtype):
    """`x` in another dtype."""
    return convert_to_tensor(x).astype(tensor.as_dtype(dtype))


def saturate_cast(value, dtype):
    """`value` in another dtype, no further than its limits."""
    kind = tensor.as_dtype(dtype)
    return cast(clip_by_value(value, kind.min, kind.max), kind)


@lift
def clip_by_value(t, clip_value_min, clip_value_max):
    """`t`, no further than the limits."""
    return jnp.clip(convert_to_tensor(t), convert_to_tensor(clip_value_min), convert_to_tensor(clip_value_max))


@lift
def clip_by_norm(t, clip_norm, axes=None):
    """`t`, made shorter where its norm is more than `clip_norm`."""
    t = convert_to_tensor(t)
    norm = jnp.sqrt(jnp.sum(jnp.square(t), axes, keepdims=True))
    return t * clip_norm / jnp.maximum(norm, clip_norm)


def global_norm(t_list):
    """The norm of all tensors together; None counts nothing."""
    return sqrt(add_n([reduce_sum(square(t)) for t in t_list if t is not None]))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """The tensors, all made shorter by one factor where their norm is more than `clip_norm`, and that norm."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    factor = clip_norm / jnp.maximum(norm, clip_norm)
    return [None if t is None else t * factor for t in t_list], norm


# ---- reductions


def _reduction(function):
    @lift
    def reduce(input_tensor, axis=None, keepdims=False):
        axis = tuple(axis) if isinstance(axis, list) else axis
        return function(convert_to_tensor(input_tensor), axis=axis, keepdims=keepdims)

    return reduce


reduce_all = _reduction(jnp.all)
reduce_any = _reduction(jnp.any)
reduce_logsumexp = _reduction(jax.scipy.special.logsumexp)
reduce_max = _reduction(jnp.max)
reduce_mean = _reduction(lambda x, axis, keepdims: jnp.mean(x, axis, keepdims=keepdims).astype(x.dtype))
reduce_min = _reduction(jnp.min)
reduce_prod = _reduction(jnp.prod)
reduce_std = _reduction(jnp.std)
reduce_sum = _reduction(jnp.sum)
reduce_variance = _reduction(jnp.var)
reduce_euclidean_norm = _reduction(lambda x, axis, keepdims: jnp.sqrt(jnp.sum(jnp.square(x), axis, keepdims=keepdims)))


@lift
def argmax(input, axis=None, output_type="int64"):
    """The place of the largest element along an axis, the first one by default."""
    return jnp.argmax(convert_to_tensor(input), axis or 0).astype(output_type)


@lift
def argmin(input, axis=None, output_type="int64"):
    """The place of the smallest element along an axis, the first one by default."""
    return jnp.argmin(convert_to_tensor(input), axis or 0).astype(output_type)


@lift
def count_nonzero(input, axis=None, keepdims=False, dtype="int64"):
    """How many elements are not 0."""
    return jnp.count_nonzero(convert_to_tensor(input), axis, keepdims=keepdims).astype(dtype)


@lift
def cumsum(x, axis=0, exclusive=False, reverse=False):
    """The sums up to each element; before it, if `exclusive`; from the end, if `reverse`."""
    x = convert_to_tensor(x)
    x = jnp.flip(x, axis) if reverse else x
    sums = jnp.cumsum(x, axis) - (x if exclusive else 0)
    return jnp.flip(sums, axis) if reverse else sums


@lift
def cumprod(x, axis=0, exclusive=False, reverse=False):
    """The products up to each element; before it, if `exclusive`; from the end, if `reverse`."""
    x = jnp.moveaxis(convert_to_tensor(x), axis, 0)
    x = x[::-1] if reverse else x
    x = jnp.concatenate([jnp.ones_like(x[:1]), x[:-1]]) if exclusive else x
    products = jnp.cumprod(x, 0)
    return jnp.moveaxis(products[::-1] if reverse else products, 0, axis)


@lift
def top_k(input, k=1, sorted=True):
    """The `k` largest elements of the last axis, and their places."""
    return tuple(jax.lax.top_k(convert_to_tensor(input), k))


@lift
def in_top_k(targets, predictions, k):
    """Whether the target of each row is among its `k` largest predictions."""
    return ops.in_top_k(convert_to_tensor(targets), convert_to_tensor(predictions), k)


@lift
def l2_normalize(x, axis=None, epsilon=1e-12):
    """`x` divided by its norm along the axes."""
    x = convert_to_tensor(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis, keepdims=True), epsilon))


@lift
def bincount(arr, weights=None, minlength=None, maxlength=None, dtype="int32"):
    """How often each number occurs."""
    counts = jnp.bincount(convert_to_tensor(arr).ravel(), weights, minlength or 0)
    return counts[:maxlength].astype(dtype if weights is None else counts.dtype)


@lift
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32"):
    """How often each class (row) was taken for each class (column)."""
    labels, predictions = convert_to_tensor(labels), convert_to_tensor(predictions)
    size = int(max(labels.max(), predictions.max())) + 1 if num_classes is None else num_classes
    counts = jnp.ones(labels.shape, dtype) if weights is None else jnp.asarray(weights, dtype)
    return jnp.zeros((size, size), dtype).at[labels, predictions].add(counts)


@lift
def segment_sum(data, segment_ids):
    """The sums of the rows that have one number."""
    return jax.ops.segment_sum(convert_to_tensor(data), convert_to_tensor(segment_ids))


@lift
def unsorted_segment_sum(data, segment_ids, num_segments):
    """The sums of the rows that have one number, below `num_segments`."""
    return jax.ops.segment_sum(convert_to_tensor(data), convert_to_tensor(segment_ids), num_segments)


__getattr__ = tensor.missing("tensorflow.math", globals())
