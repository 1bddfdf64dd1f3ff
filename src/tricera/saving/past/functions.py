"""Functions of TensorFlow in graphs of tf.keras that `keras.ops` has not: each its formula.

A model with one of them is not one that Keras 3 can load.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from tricera.engine.graph import op

Array = Any


def names() -> dict[str, str]:
    """The op for each of TensorFlow's names."""
    return {name.removeprefix("tf_"): name for name in globals() if name.startswith("tf_")}


# ---- numbers


@op
def tf_add_n(xs: Sequence[Array]) -> Array:
    """The sum of tensors."""
    return sum(xs[1:], start=xs[0])


@op
def tf_squared_difference(x1: Array, x2: Array) -> Array:
    """`(x1 - x2)^2`."""
    return jnp.square(jnp.subtract(x1, x2))


@op
def tf_digamma(x: Array) -> Array:
    """The derivative of the logarithm of gamma."""
    return jax.scipy.special.digamma(x)


@op
def tf_lgamma(x: Array) -> Array:
    """The logarithm of gamma."""
    return jax.scipy.special.gammaln(x)


@op
def tf_cumsum(x: Array, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Array:
    """The sums up to each place; without it, if `exclusive`; from the end, if `reverse`."""
    total = jax.lax.cumsum(jnp.asarray(x), axis % jnp.ndim(x), reverse)
    return total - x if exclusive else total


@op
def tf_reduce_euclidean_norm(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """The square root of the sum of squares."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return jnp.sqrt(jnp.sum(jnp.square(x), axis=axis, keepdims=keepdims))


@op
def tf_clip_by_norm(x: Array, clip_norm: float, axes: Any = None) -> Array:
    """`x`, made shorter where its norm is above `clip_norm`."""
    norm = jnp.sqrt(jnp.sum(jnp.square(x), axis=None if axes is None else tuple(axes), keepdims=True))
    return x * clip_norm / jnp.maximum(norm, clip_norm)


@op
def tf_normalize(x: Array, ord: Any = None, axis: Any = None) -> tuple[Array, Array]:
    """`x` over its norm, and the norm."""
    norm = jnp.linalg.norm(x, None if ord == "euclidean" else ord, axis, keepdims=True)
    return x / norm, norm


@op
def tf_l2_loss(x: Array) -> Array:
    """Half the sum of squares."""
    return jnp.sum(jnp.square(x)) / 2


@op
def tf_crelu(x: Array, axis: int = -1) -> Array:
    """The positive part beside the negative one."""
    return jax.nn.relu(jnp.concatenate([x, -x], axis))


@op
def tf_local_response_normalization(
    x: Array, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5
) -> Array:
    """`x / (bias + alpha * s)^beta`, with `s` the sum of squares of the channels near by.

    Reference: Krizhevsky et al., 2012, section 3.3.
    """
    channels = x.shape[-1]
    near = jnp.abs(jnp.arange(channels)[:, None] - jnp.arange(channels)) <= depth_radius
    return x / (bias + alpha * jnp.square(x) @ near.astype(x.dtype)) ** beta


# ---- losses


@op
def tf_sigmoid_cross_entropy_with_logits(target: Array, output: Array) -> Array:
    """The crossentropy of two classes, from logits."""
    return jnp.maximum(output, 0) - output * target + jnp.log1p(jnp.exp(-jnp.abs(output)))


@op
def tf_softmax_cross_entropy_with_logits_v2(target: Array, output: Array, axis: int = -1) -> Array:
    """The crossentropy, from logits."""
    return -jnp.sum(target * jax.nn.log_softmax(output, axis), axis)


@op
def tf_sparse_softmax_cross_entropy_with_logits(target: Array, output: Array) -> Array:
    """The crossentropy, from logits and the numbers of the classes."""
    return -jnp.take_along_axis(jax.nn.log_softmax(output), target[..., None], -1)[..., 0]


# ---- places


@op
def tf_shape(x: Array) -> Array:
    """The shape as a tensor."""
    return jnp.stack([jnp.asarray(size, "int32") for size in x.shape])


@op
def tf_batch_flatten(x: Array) -> Array:
    """Each sample as a vector."""
    return jnp.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


@op
def tf_gather(x: Array, indices: Array, axis: int | None = None, batch_dims: int = 0) -> Array:
    """The slices at `indices`, sample by sample along the first `batch_dims` axes."""
    axis = batch_dims if axis is None else axis % jnp.ndim(x)

    def take(x: Array, indices: Array) -> Array:
        return jnp.take(x, indices, axis - batch_dims)

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(jnp.asarray(x), jnp.asarray(indices))


@op
def tf_gather_nd(x: Array, indices: Array) -> Array:
    """The slices at places that the last axis of `indices` names."""
    return jnp.asarray(x)[tuple(jnp.moveaxis(jnp.asarray(indices), -1, 0))]


@op
def tf_one_hot(
    x: Array, depth: int, on_value: Any = 1, off_value: Any = 0, axis: int = -1, dtype: Any = "float32"
) -> Array:
    """`on_value` at the place that a number names, elsewhere `off_value`."""
    return jnp.where(jax.nn.one_hot(x, depth, axis=axis) == 1, on_value, off_value).astype(dtype)


@op
def tf_sort(x: Array, axis: int = -1, direction: str = "ASCENDING") -> Array:
    """The values in order."""
    return jnp.sort(x, axis, descending=direction == "DESCENDING")


@op
def tf_argsort(x: Array, axis: int = -1, direction: str = "ASCENDING") -> Array:
    """The places of the values in order."""
    return jnp.argsort(x, axis, descending=direction == "DESCENDING")


@op
def tf_sequence_mask(x: Array, maxlen: int, dtype: Any = "bool") -> Array:
    """Whether a place is within a length."""
    return (jnp.arange(maxlen) < jnp.asarray(x)[..., None]).astype(dtype)


@op
def tf_diag(x: Array) -> Array:
    """Matrices with `x` on their diagonals."""
    return jnp.asarray(x)[..., None] * jnp.eye(x.shape[-1], dtype=x.dtype)


@op
def tf_band_part(x: Array, num_lower: int, num_upper: int) -> Array:
    """Matrices without what is further from the diagonal; a negative number keeps all."""
    ahead = jnp.arange(x.shape[-1]) - jnp.arange(x.shape[-2])[:, None]
    kept = ((num_lower < 0) | (-ahead <= num_lower)) & ((num_upper < 0) | (ahead <= num_upper))
    return jnp.where(kept, x, 0)


# ---- images


@op
def tf_central_crop(x: Array, central_fraction: float) -> Array:
    """The middle of images."""
    starts = [int((size - size * central_fraction) / 2) for size in x.shape[-3:-1]]
    (top, height), (left, width) = (
        (start, size - 2 * start) for start, size in zip(starts, x.shape[-3:-1], strict=True)
    )
    return x[..., top : top + height, left : left + width, :]


@op
def tf_adjust_contrast(x: Array, contrast_factor: float) -> Array:
    """`(x - mean) * factor + mean`, with the mean of each channel of an image."""
    mean = jnp.mean(x, axis=(-3, -2), keepdims=True)
    return (x - mean) * contrast_factor + mean


@op
def tf_per_image_standardization(x: Array) -> Array:
    """Each image with mean 0 and deviation 1, unless it is nearly even."""
    axes = (-3, -2, -1)
    least = 1 / math.sqrt(math.prod(x.shape[-3:]))
    deviation = jnp.maximum(jnp.std(x, axis=axes, keepdims=True), least)
    return (x - jnp.mean(x, axis=axes, keepdims=True)) / deviation
