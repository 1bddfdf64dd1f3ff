"""`tf.nn`: activations, losses of logits, convolutions and pooling."""

import jax
from jax import numpy as jnp

from tricera import ops, random
from tricera.kernels import conv as kernels
from tricera.legacy.tensorflow import math, tensor
from tricera.legacy.tensorflow.tensor import convert_to_tensor, lift, of_arrays

elu = of_arrays(jax.nn.elu)
l2_normalize = math.l2_normalize
log_softmax = lift(lambda logits, axis=-1: jax.nn.log_softmax(convert_to_tensor(logits), axis))
relu = of_arrays(ops.relu)
relu6 = of_arrays(ops.relu6)
selu = of_arrays(ops.selu)
sigmoid = math.sigmoid
softmax = lift(lambda logits, axis=-1: ops.softmax(convert_to_tensor(logits), -1 if axis is None else axis))
softplus = math.softplus
softsign = of_arrays(ops.softsign)
tanh = math.tanh
top_k = math.top_k
in_top_k = lift(lambda targets, predictions, k: ops.in_top_k(targets, predictions, k))
zero_fraction = of_arrays(lambda value: jnp.mean(value == 0, dtype="float32"))


@lift
def leaky_relu(features, alpha=0.2):
    """`x` above 0, `alpha x` below."""
    return ops.leaky_relu(convert_to_tensor(features), alpha)


@lift
def gelu(features, approximate=False):
    """`x` times the normal distribution's share below `x`."""
    return ops.gelu(convert_to_tensor(features), approximate)


@lift
def silu(features, beta=1.0):
    """`x sigmoid(beta x)`."""
    x = convert_to_tensor(features)
    return x * jax.nn.sigmoid(beta * x)


swish = silu

# ---- losses


@lift
def softmax_cross_entropy_with_logits(labels, logits, axis=-1):
    """`-sum(labels * log softmax(logits))` of each row."""
    return -jnp.sum(convert_to_tensor(labels) * jax.nn.log_softmax(convert_to_tensor(logits), axis), axis)


@lift
def sparse_softmax_cross_entropy_with_logits(labels, logits):
    """`-log softmax(logits)[label]` of each row."""
    log_p = jax.nn.log_softmax(convert_to_tensor(logits))
    return -jnp.take_along_axis(log_p, convert_to_tensor(labels)[..., None].astype("int32"), -1)[..., 0]


@lift
def sigmoid_cross_entropy_with_logits(labels=None, logits=None):
    """`-z log sigmoid(x) - (1 - z) log(1 - sigmoid(x))` for labels z and logits x, elementwise."""
    z, x = convert_to_tensor(labels), convert_to_tensor(logits)
    return jnp.maximum(x, 0) - x * z + jnp.log1p(jnp.exp(-jnp.abs(x)))


@lift
def weighted_cross_entropy_with_logits(labels, logits, pos_weight):
    """The same with the first term, that of the positive labels, times a weight."""
    z, x = convert_to_tensor(labels), convert_to_tensor(logits)
    return -pos_weight * z * jax.nn.log_sigmoid(x) - (1 - z) * jax.nn.log_sigmoid(-x)


@lift
def l2_loss(t):
    """Half the sum of squares."""
    return jnp.sum(jnp.square(convert_to_tensor(t))) / 2


# ---- of images


def _inner(sizes):
    """The sizes of the spatial axes, given for all axes or for them alone."""
    if isinstance(sizes, int):
        return sizes
    sizes = tuple(sizes)
    return sizes[1:-1] if len(sizes) > 3 else sizes


@lift
def conv2d(input, filters, strides, padding, data_format="NHWC", dilations=None):
    """The convolution of images by `(height, width, channels, filters)`."""
    x, kernel, place = convert_to_tensor(input), convert_to_tensor(filters), _FORMATS[data_format]
    return kernels.conv(x, kernel, _inner(strides), padding.lower(), place, _inner(dilations or 1))


@lift
def depthwise_conv2d(input, filter, strides, padding, data_format="NHWC", dilations=None):
    """The convolution of each channel by its own filters."""
    x, kernel, place = convert_to_tensor(input), convert_to_tensor(filter), _FORMATS[data_format or "NHWC"]
    return kernels.depthwise_conv(x, kernel, _inner(strides), padding.lower(), place, _inner(dilations or 1))


_FORMATS = {"NHWC": "channels_last", "NCHW": "channels_first"}


@lift
def max_pool2d(input, ksize, strides, padding, data_format="NHWC"):
    """The largest element of each window."""
    return ops.max_pool(
        convert_to_tensor(input), _inner(ksize), _inner(strides), padding.lower(), _FORMATS[data_format]
    )


@lift
def avg_pool2d(input, ksize, strides, padding, data_format="NHWC"):
    """The mean of each window."""
    return ops.average_pool(
        convert_to_tensor(input), _inner(ksize), _inner(strides), padding.lower(), _FORMATS[data_format]
    )


max_pool, avg_pool = max_pool2d, avg_pool2d


@lift
def bias_add(value, bias, data_format=None):
    """`value + bias` along the channels."""
    value, bias = convert_to_tensor(value), convert_to_tensor(bias)
    return value + (bias.reshape(-1, *(1,) * (value.ndim - 2)) if data_format == "NCHW" else bias)


@lift
def depth_to_space(input, block_size, data_format="NHWC"):
    """Blocks of channels as pixels."""
    return ops.depth_to_space(convert_to_tensor(input), block_size, _FORMATS[data_format])


@lift
def space_to_depth(input, block_size, data_format="NHWC"):
    """Pixels as blocks of channels."""
    return ops.space_to_depth(convert_to_tensor(input), block_size, _FORMATS[data_format])


# ---- others


@lift
def moments(x, axes, shift=None, keepdims=False):
    """Mean and variance along axes."""
    x, axes = convert_to_tensor(x), tuple(axes) if isinstance(axes, list | tuple) else axes
    return jnp.mean(x, axes, keepdims=keepdims), jnp.var(x, axes, keepdims=keepdims)


@lift
def batch_normalization(x, mean, variance, offset, scale, variance_epsilon):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`."""
    factor = jax.lax.rsqrt(convert_to_tensor(variance) + variance_epsilon)
    factor = factor if scale is None else factor * scale
    return convert_to_tensor(x) * factor + ((0 if offset is None else offset) - mean * factor)


def dropout(x, rate, noise_shape=None, seed=None, name=None):
    """`x` with a part `rate` of the elements 0, and the others divided by `1 - rate`."""
    return random.dropout(convert_to_tensor(x), rate, noise_shape, seed)


@lift
def embedding_lookup(params, ids, max_norm=None):
    """The rows of a table."""
    return jnp.take(convert_to_tensor(params), convert_to_tensor(ids), 0)


__getattr__ = tensor.missing("tensorflow.nn", globals())
