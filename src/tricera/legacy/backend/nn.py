"""Neural functions in the backend of Keras 1 and 2: activations, crossentropies, convolutions, recurrence, chance."""

from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from tricera import ops, random
from tricera.config import epsilon, floatx, image_data_format
from tricera.engine.graph import lift as symbolic
from tricera.layers.past import hard_sigmoid_v2
from tricera.legacy.backend.arrays import variable, with_sizes

# ---- activations


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """`x` where it is above `threshold`, `alpha * (x - threshold)` below, at most `max_value`."""
    return _relu(x, alpha, max_value, threshold)


@symbolic
def _relu(x, alpha, max_value, threshold):
    y = jnp.where(x > threshold, x, alpha * (x - threshold))
    return y if max_value is None else jnp.minimum(y, max_value)


def hard_sigmoid(x):
    """`0.2 * x + 0.5` between 0 and 1."""
    return hard_sigmoid_v2(x)


def softmax(x, axis=-1):
    """`exp(x) / sum(exp(x))` along `axis`."""
    return ops.softmax(x, axis)


def elu(x, alpha=1.0):
    """`x` where positive, else `alpha * (exp(x) - 1)`."""
    return ops.elu(x, alpha)


# ---- losses; the targets come first


def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-sum(target * log(output))` along `axis`."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-log(output[target])` along `axis`."""
    return _sparse(target, output, from_logits, axis)


@symbolic
def _sparse(target, output, from_logits, axis):
    labels = jnp.reshape(target, jnp.shape(output)[:-1]).astype("int32")
    return ops.sparse_categorical_crossentropy(labels, output, from_logits=from_logits, axis=axis)


def binary_crossentropy(target, output, from_logits=False):
    """`-target * log(output) - (1 - target) * log(1 - output)`."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def ctc_batch_cost(y_true, y_pred, input_length, label_length):
    """The CTC loss of each sample: `(batch, 1)`; the last class is the blank."""
    return _ctc(y_true, y_pred, input_length, label_length)


@symbolic
def _ctc(labels, outputs, steps, lengths):
    logits = jnp.log(outputs + epsilon())
    blank = outputs.shape[-1] - 1
    loss = ops.ctc_loss(
        labels.astype("int32"), logits, lengths.reshape(-1).astype("int32"), steps.reshape(-1).astype("int32"), blank
    )
    return loss[:, None]


def ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False):
    """The likeliest labels of each sample, `-1` after their end, and their scores: `([labels], scores)`."""
    strategy = "greedy" if greedy else "beam_search"
    logits = ops.log(ops.convert_to_tensor(y_pred) + epsilon())
    lengths = ops.reshape(ops.cast(input_length, "int32"), (-1,))
    blank = y_pred.shape[-1] - 1
    options = {} if greedy else {"beam_width": beam_width, "top_paths": top_paths}
    decoded, scores = ops.ctc_decode(logits, lengths, strategy, mask_index=blank, **options)
    return [decoded[i] for i in range(1 if greedy else top_paths)], scores


# ---- normalization, dropout


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """`x` normalized by its own statistics; those too: `(normalized, mean, variance)`."""
    mean, variance = ops.mean(x, reduction_axes, keepdims=True), ops.var(x, reduction_axes, keepdims=True)
    y = (x - mean) / ops.sqrt(variance + epsilon)
    y = y if gamma is None else y * gamma
    y = y if beta is None else y + beta
    return y, ops.squeeze(mean, reduction_axes), ops.squeeze(variance, reduction_axes)


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """`gamma * (x - mean) / sqrt(var + epsilon) + beta`."""
    return ops.batch_normalization(x, mean, var, axis, beta, gamma, epsilon)


def dropout(x, level, noise_shape=None, seed=None):
    """`x` with a share `level` of its elements zero, the others larger."""
    return random.dropout(x, level, noise_shape, seed=seed)


# ---- convolutions and pooling


def _format(data_format: str | None) -> str:
    return data_format or image_data_format()


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution over one axis."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution over two axes."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    """Convolution over three axes."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate)


def _conv(x, kernel, strides, padding, data_format, dilation_rate):
    return ops.conv(x, kernel, strides, padding, _format(data_format), dilation_rate)


def conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """The gradient of `conv2d` by its input."""
    return _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate)


def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """The gradient of `conv3d` by its input."""
    return _transposed(x, kernel, output_shape, strides, padding, data_format, 1)


def _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate):
    form = _format(data_format)
    made = ops.conv_transpose(x, kernel, strides, padding, None, form, dilation_rate)
    sizes = output_shape[2:] if form == "channels_first" else output_shape[1:-1]
    return made if not all(isinstance(n, int) for n in sizes) else _cut(made, tuple(sizes), form)


@symbolic
def _cut(x, sizes, data_format):
    """`x` with the asked sizes: zeros added at the end where it is smaller."""
    first = 2 if data_format == "channels_first" else 1
    for axis, size in enumerate(sizes, first):
        x = lax.slice_in_dim(x, 0, min(size, x.shape[axis]), axis=axis)
        pads = [(0, size - x.shape[axis] if i == axis else 0) for i in range(x.ndim)]
        x = jnp.pad(x, pads)
    return x


def deconv2d(x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None):
    """`conv2d_transpose`, as Keras 1 called it."""
    return conv2d_transpose(x, kernel, output_shape, strides, padding, data_format)


def atrous_conv2d(x, kernel, dilation_rate=1, padding="valid", data_format=None):
    """Convolution with holes, as Keras 1 called it."""
    return _conv(x, kernel, 1, padding, data_format, dilation_rate)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution of each channel by itself."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, _format(data_format), dilation_rate)


def separable_conv1d(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """A depthwise convolution, then one of window 1."""
    return _separable(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """A depthwise convolution, then one of window 1."""
    return _separable(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def _separable(x, depthwise, pointwise, strides, padding, data_format, dilation_rate):
    return ops.separable_conv(x, depthwise, pointwise, strides, padding, _format(data_format), dilation_rate)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest or mean element of each window."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest or mean element of each window."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def _pool(x, pool_size, strides, padding, data_format, pool_mode):
    pool = {"max": ops.max_pool, "avg": ops.average_pool}[pool_mode]
    return pool(x, pool_size, strides, padding, _format(data_format))


def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """Convolution over one axis with a kernel `(places, window * channels, filters)` of its own at each place."""
    return _local(inputs, kernel, tuple(kernel_size), tuple(strides), (kernel.shape[0],), _format(data_format))


def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """Convolution over two axes with a kernel of its own at each place."""
    return _local(inputs, kernel, tuple(kernel_size), tuple(strides), tuple(output_shape), _format(data_format))


@symbolic
def _local(x, kernel, window, strides, places, data_format):
    first = data_format == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    parts = [
        x[:, *(slice(i, i + s * (n - 1) + 1, s) for i, s, n in zip(corner, strides, places, strict=True))]
        for corner in np.ndindex(*window)
    ]
    patches = jnp.stack(parts, axis=-2).reshape(x.shape[0], -1, kernel.shape[1])
    found = jnp.einsum("npf,pfk->npk", patches, kernel).reshape(x.shape[0], *places, -1)
    return jnp.moveaxis(found, -1, 1) if first else found


def bias_add(x, bias, data_format=None):
    """`x` with a bias for each channel."""
    return _biased(x, bias, _format(data_format))


@symbolic
def _biased(x, bias, data_format):
    if bias.ndim > 1 or data_format == "channels_last" or x.ndim < 3:
        return x + bias
    return x + bias.reshape(-1, *[1] * (x.ndim - 2))


# ---- recurrence


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
):
    """`step_function(input, states) -> (output, states)` along the second axis.

    Shapes: inputs `(batch, steps, ...)`; returns `(last output, outputs (batch, steps, ...), last states)`.
    """
    return _rnn(inputs, list(initial_states), mask, list(constants or []), step_function, go_backwards)


@symbolic
def _rnn(inputs, states, mask, constants, step_function, backwards):
    steps = jnp.moveaxis(inputs, 1, 0)
    masks = None if mask is None else jnp.moveaxis(mask.reshape(*mask.shape[:2]), 1, 0).astype(bool)
    empty = jax.eval_shape(lambda x, s: step_function(x, [*s, *constants])[0], steps[0], states)

    def step(carry: Any, given: Any) -> Any:
        last, states = carry
        x, seen = given
        output, new = step_function(x, [*states, *constants])
        new = list(new)
        if seen is not None:
            kept = [seen.reshape(-1, *[1] * (a.ndim - 1)) for a in (output, *new)]
            output = jnp.where(kept[0], output, last)
            new = [jnp.where(k, a, b) for k, a, b in zip(kept[1:], new, states, strict=True)]
        return (output, new), output

    first = (jnp.zeros(empty.shape, empty.dtype), states)
    (last, states), outputs = lax.scan(step, first, (steps, masks), reverse=backwards)
    outputs = outputs[::-1] if backwards else outputs
    return last, jnp.moveaxis(outputs, 0, 1), states


# ---- chance


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normally distributed numbers."""
    return with_sizes(lambda shape: random.normal(shape, mean, stddev, dtype or floatx(), seed), shape)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Numbers between `minval` and `maxval`, all as likely."""
    return with_sizes(lambda shape: random.uniform(shape, minval, maxval, dtype or floatx(), seed), shape)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability `p`, else 0."""
    return ops.cast(random_uniform(shape, seed=seed) <= p, dtype or floatx())


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normally distributed numbers, none further than two deviations from the mean."""
    return with_sizes(lambda shape: random.truncated_normal(shape, mean, stddev, dtype or floatx(), seed), shape)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable of numbers between `low` and `high`."""
    return variable(np.asarray(random_uniform(shape, low, high, dtype, seed)), dtype, name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable of normally distributed numbers."""
    return variable(np.asarray(random_normal(shape, mean, scale, dtype, seed)), dtype, name)


__all__ = [name for name, thing in vars().items() if getattr(thing, "__module__", "") == __name__ and name[0] != "_"]
