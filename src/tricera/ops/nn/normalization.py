"""Means, variances, and what they normalize."""

import warnings

from jax import lax
from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op
from tricera.errors import report


@op
def moments(x, axes, keepdims=False, synchronized=False):
    """Mean and variance along `axes`, computed in at least float32."""
    x = jnp.asarray(x)
    dtype, axes = x.dtype, tuple(axes) if isinstance(axes, list | tuple) else axes
    half = dtype in (jnp.float16, jnp.bfloat16)
    x = x.astype("float32") if half else x
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.var(x, axes, keepdims=keepdims)
    mean = mean if keepdims else jnp.squeeze(mean, axes)
    return tuple(_within(m, dtype) if half else m for m in (mean, variance))


def _within(x, dtype):
    return jnp.clip(x, jnp.finfo(dtype).min, jnp.finfo(dtype).max).astype(dtype)


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """`scale * (x - mean) / sqrt(variance + epsilon) + offset`, these vectors along `axis`."""
    x = jnp.asarray(x)
    shape = [1] * x.ndim
    shape[axis] = -1
    for name, vector in (("offset", offset), ("scale", scale)):
        if vector is not None and jnp.shape(vector) != jnp.shape(mean):
            what = f"`{name}` must be a vector of length {x.shape[axis]}, as `mean` is."
            raise ValueError(report(what, got=f"shape {jnp.shape(vector)}"))
    factor = lax.rsqrt(jnp.asarray(variance) + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -jnp.asarray(mean) * factor
    shift = shift if offset is None else shift + offset
    return x * jnp.reshape(factor, shape).astype(x.dtype) + jnp.reshape(shift, shape).astype(x.dtype)


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, mean and variance of each example over `axis`."""
    x, axes = jnp.asarray(x), _axes(axis, jnp.ndim(x))
    wide = x.astype("float32") if x.dtype in (jnp.float16, jnp.bfloat16) else x
    mean = jnp.mean(wide, axes, keepdims=True)
    factor = lax.rsqrt(jnp.var(wide, axes, keepdims=True) + _epsilon(epsilon))
    shift = -mean * factor
    if kwargs.get("rms_scaling"):
        what = "You passed `rms_scaling=True`, which is deprecated: it divides by the standard deviation."
        warnings.warn(f"{what} Use `keras.ops.rms_normalization`.", stacklevel=4)
        shift, beta = jnp.zeros_like(shift), None
    if gamma is not None:
        gamma = _along(gamma, x, axes)
        factor, shift = factor * gamma, shift * gamma
    if beta is not None:
        shift = shift + _along(beta, x, axes)
    return (wide * factor + shift).astype(x.dtype)


@op
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """`scale * x / sqrt(mean(x^2) + epsilon)`, the mean over `axis`. Reference: Zhang and Sennrich, 2019."""
    x, axes = jnp.asarray(x), _axes(axis, jnp.ndim(x))
    wide = x.astype("float32") if x.dtype in (jnp.float16, jnp.bfloat16) else x
    wide = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axes, keepdims=True) + _epsilon(epsilon))
    return (wide if scale is None else wide * _along(scale, x, axes)).astype(x.dtype)


def _axes(axis, ndim):
    return tuple(sorted(a % ndim for a in (axis if isinstance(axis, list | tuple) else (axis,))))


def _along(weight, x, axes):
    """`weight`, whose axes are `axes` of `x`, in a shape that broadcasts with `x`."""
    return jnp.reshape(weight, [x.shape[a] if a in axes else 1 for a in range(x.ndim)])


def _epsilon(epsilon):
    return config.epsilon() if epsilon is None else epsilon


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """`x / max(norm(x), epsilon)`, the norm of this order along `axis`."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(report("Argument `order` must be an int >= 1.", got=repr(order)))
    x, epsilon = jnp.asarray(x), _epsilon(epsilon)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype("float32")
    if order == 2:  # one root less, and a gradient at 0
        return x * lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis, keepdims=True), epsilon**2))
    return x / jnp.maximum(jnp.linalg.norm(x, order, axis, keepdims=True), epsilon)


@op
def psnr(x1, x2, max_val):
    """The peak signal-to-noise ratio in decibels: `20 log10(max_val) - 10 log10(mean((x1 - x2)^2))`."""
    error = jnp.mean(jnp.square(jnp.asarray(x1) - jnp.asarray(x2)))
    return 20 * jnp.log10(jnp.asarray(max_val, error.dtype)) - 10 * jnp.log10(error)


@op
def polar(abs_, angle):
    """The complex numbers with these absolute values and angles (radians)."""
    abs_, angle = jnp.asarray(abs_), jnp.asarray(angle)
    return lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))
