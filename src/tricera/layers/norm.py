"""Normalizations: features of mean 0 and variance 1, or of length 1."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from tricera import config, ops
from tricera.engine import registry
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_axes, is_whole, mistake, weight
from tricera.layers.core import Wrapper


def _wide(x: Any) -> Any:
    """`x` in at least float32, so that sums over many elements stay exact enough."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def _standard(x: Any, axes: tuple[int, ...], epsilon: float) -> Any:
    """`(x - mean) / sqrt(var + epsilon)` over the axes."""
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + epsilon)


class _OverAxes(Layer):
    """Base: `axis` says the axes, one or several, that the weights have."""

    axis: Any

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(self.axis) if isinstance(self.axis, list | tuple) else (self.axis,)

    def _sizes(self, input_shape: Sequence[int | None]) -> list:
        """The sizes of the axes.

        Raises:
            ValueError: an axis does not exist, or its size is unknown.
        """
        for axis in self._axes:
            inside = -len(input_shape) <= axis < len(input_shape)
            if not inside or input_shape[axis] is None:
                what = f"axis {axis} {'has no known size in' if inside else 'does not exist in'} the input."
                got = f"axis={self.axis}, input shape {tuple(input_shape)}"
                raise mistake(self, what, expected="an axis with a known size", got=got)
        return [input_shape[axis] for axis in self._axes]

    def _along(self, vector: Any, x: Any) -> Any:
        """A weight as an array that broadcasts against `x`, in its dtype."""
        shape = [1] * x.ndim
        for axis, size in zip(self._axes, vector.shape, strict=True):
            shape[axis] = size
        return vector.value.reshape(shape).astype(x.dtype)


class _Scaled(_OverAxes):
    """Base: `gamma` and `beta` over the axes, each if wanted."""

    supports_masking = True

    def _make_scale(self, shape: Sequence[int]) -> None:
        self.gamma = weight(self, "gamma", shape, autocast=False) if self.scale else None
        self.beta = weight(self, "beta", shape, autocast=False) if self.center else None

    def _rescale(self, x: Any) -> Any:
        """`gamma * x + beta`."""
        x = x if self.gamma is None else x * self._along(self.gamma, x)
        return x if self.beta is None else x + self._along(self.beta, x)


@register("layer")
class BatchNormalization(_Scaled):
    """`gamma * (x - mean) / sqrt(var + epsilon) + beta`: of the batch in training, of the moving averages otherwise.

    A layer that is not trainable uses, and keeps, its moving averages in training too.

    Shapes: `(batch, ..., features)`, unchanged; all four weights `(features,)`.

    Args:
        axis: the axis of the features: 1 for channels first.
        momentum: `moving = momentum * moving + (1 - momentum) * of_the_batch`.
        renorm: whether training corrects the batch's statistics towards running ones, `r * (...) + d`; they are the
            weights `renorm_mean` and `renorm_stddev`.
        renorm_clipping: the bounds `{"rmin": ..., "rmax": ..., "dmax": ...}` of `r` and of `|d|`; none where left out.
        renorm_momentum: that of the running statistics.
        synchronized: accepted; statistics are always of the whole batch.

    Reference: Ioffe and Szegedy, 2015, arXiv:1502.03167; renorm: Ioffe, 2017, arXiv:1702.03275.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.axis = int(axis[0]) if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        if not is_whole(self.axis):
            raise mistake(self, "`axis` must be one integer.", got=repr(axis))
        if renorm:
            self.renorm_clipping = _checked_clipping(self, renorm_clipping or {})

    def build(self, input_shape):
        (size,) = self._sizes(input_shape)
        self._make_scale((size,))
        averages = {"moving_mean": "moving_mean", "moving_variance": "moving_variance"}
        if self.renorm:
            averages |= {"moving_stddev": "_stddev", "renorm_mean": "moving_mean", "renorm_stddev": "_stddev"}
        for name, options in averages.items():
            setattr(self, name, weight(self, name, (size,), options, trainable=False, autocast=False))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs, training=None, mask=None):
        x = _wide(inputs)
        if not (training and self.trainable):
            return self._normalize(x, self.moving_mean.value, self.moving_variance.value).astype(inputs.dtype)
        mean, variance = self._moments(x, mask)
        self._move(self.moving_mean, mean)
        if not self.renorm:
            self._move(self.moving_variance, variance)
            return self._normalize(x, mean, variance).astype(inputs.dtype)
        stddev = jnp.sqrt(variance + self.epsilon)
        self._move(self.moving_stddev, stddev)
        self.moving_variance.assign(jnp.maximum(jnp.square(self.moving_stddev.value) - self.epsilon, 0))
        return self._normalize(x, mean, variance, *self._correction(mean, stddev)).astype(inputs.dtype)

    def _normalize(self, x: Any, mean: Any, variance: Any, r: Any = 1.0, d: Any = 0.0) -> Any:
        """`gamma * (r * (x - mean) / sqrt(variance + epsilon) + d) + beta`."""
        shape = [1] * x.ndim
        shape[self.axis] = -1
        gamma = 1.0 if self.gamma is None else self.gamma.value
        beta = 0.0 if self.beta is None else self.beta.value
        factor = lax.rsqrt(variance + self.epsilon) * (r * gamma)
        offset = (d * gamma + beta) - mean * factor
        return x * factor.reshape(shape) + offset.reshape(shape)

    def _correction(self, mean: Any, stddev: Any) -> tuple[Any, Any]:
        """`r` and `d` of batch renormalization, constants to the gradient; the running statistics move on."""
        bounds = {"rmin": 0.0, "rmax": jnp.inf, "dmax": jnp.inf, **self.renorm_clipping}
        r = jnp.clip(stddev / self.renorm_stddev.value, bounds["rmin"], bounds["rmax"])
        d = jnp.clip((mean - self.renorm_mean.value) / self.renorm_stddev.value, -bounds["dmax"], bounds["dmax"])
        self._move(self.renorm_mean, mean, self.renorm_momentum)
        self._move(self.renorm_stddev, stddev, self.renorm_momentum)
        return lax.stop_gradient(r), lax.stop_gradient(d)

    def _stddev_initializer(self, shape: Sequence[int], dtype: Any = None) -> Any:
        return jnp.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        axes = tuple(axis for axis in range(x.ndim) if axis != self.axis % x.ndim)
        if mask is None:
            mean = jnp.mean(x, axes, keepdims=True)
            return mean.reshape(-1), jnp.mean(jnp.square(x - mean), axes)
        weights = jnp.asarray(mask, x.dtype).reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
        own = self.axis % x.ndim < mask.ndim  # each feature has elements of its own that count
        shape = [1 if axis == self.axis % x.ndim and not own else n for axis, n in enumerate(x.shape)]
        weights = jnp.broadcast_to(weights, shape)
        count = jnp.sum(weights, axes, keepdims=True) + config.epsilon()
        mean = jnp.sum(x * weights, axes, keepdims=True) / count
        count = count.reshape(-1)
        return mean.reshape(-1), jnp.sum(jnp.square(x - mean) * weights, axes) / count

    def _move(self, average: Any, new: Any, momentum: float | None = None) -> None:
        momentum = self.momentum if momentum is None else momentum
        average.assign(average.value * momentum + new.astype(average.dtype) * (1 - momentum))


def _checked_clipping(layer: Layer, bounds: Any) -> dict[str, float]:
    """The bounds of renormalization that are given.

    Raises:
        ValueError: another key than "rmin", "rmax" and "dmax", or bounds that nothing can lie between.
    """
    found = {name: bound for name, bound in bounds.items() if bound is not None} if isinstance(bounds, dict) else {}
    if not isinstance(bounds, dict) or set(bounds) - {"rmin", "rmax", "dmax"}:
        what = "Received invalid keys for `renorm_clipping` argument."
    elif not all(isinstance(bound, int | float) for bound in found.values()):
        what = "The bounds in the `renorm_clipping` argument must be numbers."
    elif found.get("rmin", 0) > found.get("rmax", jnp.inf):
        what = "rmax should be greater than rmin in the `renorm_clipping` argument."
    elif found.get("dmax", 0) < 0:
        what = "dmax should be non-negative in the `renorm_clipping` argument."
    else:
        return found
    raise mistake(layer, what, expected="a dict of 'rmin' <= 'rmax' and 'dmax' >= 0", got=repr(bounds))


@register("layer")
class LayerNormalization(_Scaled):
    """Normalize each example over `axis`: `gamma * (x - mean) / sqrt(var + epsilon) + beta`.

    Shapes: `(batch, ..., features)`, unchanged; statistics are at least float32.

    Args:
        axis: the axes to normalize over, one or several; those that `gamma` and `beta` have.

    Reference: Ba et al., 2016, arXiv:1607.06450.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        self.rms_scaling = bool(kwargs.pop("rms_scaling", False))
        super().__init__(**kwargs)
        adopt(self, locals())
        self.autocast = False  # what 16 bits cannot hold is normalized too
        check_axes(self, axis)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis

    def build(self, input_shape):
        shape = self._sizes(input_shape)
        self.axis = list(self._axes)
        if self.rms_scaling:
            self.gamma, self.beta = weight(self, "gamma", shape, autocast=False), None
        else:
            self._make_scale(shape)

    def call(self, inputs):
        x = _wide(inputs)
        if self.rms_scaling:
            x = x * lax.rsqrt(jnp.var(x, self._axes, keepdims=True) + self.epsilon)
        else:
            x = _standard(x, self._axes, self.epsilon)
        return self._rescale(x).astype(self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "rms_scaling": self.rms_scaling}


@register("layer")
class GroupNormalization(_Scaled):
    """Normalize each example over groups of channels and all other axes.

    Args:
        groups: how many; -1 for as many as channels (instance normalization).
        axis: the axis of the channels.

    Raises:
        ValueError: the channels do not fall into `groups` equal parts.

    Reference: Wu and He, 2018, arXiv:1803.08494.
    """

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.autocast = False  # what 16 bits cannot hold is normalized too
        check_axes(self, axis)
        if not is_whole(groups) or (groups <= 0 and groups != -1):
            what = "Received an invalid value for argument `groups`, expected a positive integer, or -1."
            raise mistake(self, what, got=repr(groups))

    def build(self, input_shape):
        (size,) = self._sizes(input_shape)
        if self.groups == -1:
            self.groups = size
        if size < self.groups or size % self.groups:
            what = f"Number of groups {'cannot be more than' if size < self.groups else 'must divide'} the number of"
            expected = f"a divisor of {size}, the size of axis {self.axis}"
            raise mistake(self, f"{what} channels.", expected=expected, got=f"groups={self.groups}")
        self._make_scale((size,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs):
        x = _wide(inputs)
        axis = self.axis % x.ndim
        grouped = x.reshape(*x.shape[:axis], self.groups, x.shape[axis] // self.groups, *x.shape[axis + 1 :])
        axes = tuple(a for a in range(1, grouped.ndim) if a != axis)
        normal = _standard(grouped, axes, self.epsilon)
        return self._rescale(normal.reshape(x.shape)).astype(self.compute_dtype)


@register("layer")
class UnitNormalization(_OverAxes):
    """`x / max(|x|, 1e-12)`, the Euclidean length over `axis`."""

    stateless = True
    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        if not isinstance(axis, list | tuple) and not is_whole(axis):
            what = "Invalid value for `axis` argument: expected an int or a list/tuple of ints."
            raise mistake(self, what, kind=TypeError, got=repr(axis))

    def call(self, inputs):
        squares = jnp.sum(jnp.square(inputs), self._axes, keepdims=True)
        return inputs * lax.rsqrt(jnp.maximum(squares, jnp.asarray(1e-24, squares.dtype)))


@register("layer")
class RMSNormalization(_OverAxes):
    """`scale * x / sqrt(mean(x**2) + epsilon)` over `axis`.

    Reference: Zhang and Sennrich, 2019, arXiv:1910.07467.
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_axes(self, axis)

    def build(self, input_shape):
        self.scale = self.add_weight(self._sizes(input_shape), "ones", name="scale")
        self.axis = list(self._axes)

    def call(self, inputs):
        x = _wide(inputs)
        root = lax.rsqrt(jnp.mean(jnp.square(x), self._axes, keepdims=True) + self.epsilon)
        return (x * root * self._along(self.scale, x)).astype(inputs.dtype)


@register("layer")
class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided by its largest singular value, which power iteration estimates in training.

    Args:
        power_iterations: steps of the iteration in each call.

    Reference: Miyato et al., 2018, arXiv:1802.05957.
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        adopt(self, {"power_iterations": power_iterations})

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(shape=[None, *input_shape[1:]])
        self.kernel = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if self.kernel is None:
            raise mistake(self, f"a {type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'.")
        initializer = registry.resolve("initializer", {"class_name": "TruncatedNormal", "config": {"stddev": 0.02}})
        self.vector_u = self.add_weight((1, self.kernel.shape[-1]), initializer, trainable=False, name="vector_u")

    def call(self, inputs, training=False):
        if training:
            self._normalize()
        return self.layer(inputs)

    def _normalize(self) -> None:
        matrix = self.kernel.value.reshape(-1, self.kernel.shape[-1])
        u = self.vector_u.value
        for _ in range(self.power_iterations):
            v = ops.normalize(u @ matrix.T)
            u = ops.normalize(v @ matrix)
        u, v = lax.stop_gradient(u), lax.stop_gradient(v)
        sigma = v @ matrix @ u.T
        self.vector_u.assign(u)
        self.kernel.assign(self.kernel.value / sigma)
