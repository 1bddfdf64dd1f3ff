"""Numbers scaled and shifted, by constants or by the statistics of data."""

import math
from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera import config, ops
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_axes, mistake
from tricera.layers.preprocessing.host import batches

_LEAST = 1e-7  # what divides at least


@register("layer")
class Rescaling(Layer):
    """`x * scale + offset`."""

    stateless = True
    supports_masking = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())

    def call(self, inputs):
        scale, offset = (jnp.asarray(part, self.compute_dtype) for part in (self.scale, self.offset))
        if config.image_data_format() == "channels_first":  # a vector has a number for each channel
            scale, offset = (part.reshape(-1, 1, 1) if part.ndim == 1 else part for part in (scale, offset))
        return ops.cast(inputs, self.compute_dtype) * scale + offset


@register("layer")
class Normalization(Layer):
    """`(x - mean) / sqrt(variance)`, or with `invert` `x * sqrt(variance) + mean`, by given statistics or by `adapt`.

    Args:
        axis: the axes that have statistics of their own; None for one mean and one variance of everything.

    Raises:
        ValueError: only one of `mean` and `variance`; an axis that inputs do not have, or whose size is unknown.
    """

    supports_masking = True

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            what = "When setting values directly, both `mean` and `variance` must be set."
            raise mistake(self, what, got=f"mean={mean} and variance={variance}")
        check_axes(self, () if axis is None else axis)
        axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        plain = [part if part is None else np.asarray(part).tolist() for part in (mean, variance)]
        adopt(self, {"axis": axis, "invert": invert, "input_mean": plain[0], "input_variance": plain[1]})

    def build(self, input_shape):
        if input_shape is None:
            return
        ndim = len(input_shape)
        if any(not -ndim <= each < ndim for each in self.axis):
            what = "All `axis` values must be in the range [-ndim, ndim)."
            raise mistake(self, what, got=f"inputs with ndim={ndim}, while axis={self.axis}")
        kept = sorted(each % ndim for each in self.axis)
        sizes = tuple(input_shape[each] for each in kept)
        if None in sizes:
            what = "All `axis` values to be kept must have a known shape."
            raise mistake(self, what, got=tuple(input_shape))
        self._reduced = tuple(each for each in range(ndim) if each not in kept)
        self._broadcast = tuple(input_shape[each] if each in kept else 1 for each in range(ndim))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", name="mean", trainable=False)
            self.adapt_variance = self.add_weight(sizes, "ones", name="variance", trainable=False)
            self.count = self.add_weight((), "zeros", dtype="int32", name="count", trainable=False)

    @property
    def mean(self):
        """The mean that is subtracted, of a shape that broadcasts."""
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self):
        """The variance by whose root is divided."""
        return self._statistic(self.input_variance, "adapt_variance")

    def _statistic(self, given: Any, name: str) -> Any:
        value = getattr(self, name).value if given is None else jnp.asarray(given, self.compute_dtype)
        own = [size for axis, size in enumerate(self._broadcast) if axis not in self._reduced]
        value = value if value.size == math.prod(own) else jnp.broadcast_to(value, own)
        return value.reshape(self._broadcast)

    def call(self, inputs):
        mean, variance = (ops.cast(part, self.compute_dtype) for part in (self.mean, self.variance))
        inputs, deviation = ops.cast(inputs, self.compute_dtype), ops.maximum(ops.sqrt(variance), _LEAST)
        return mean + inputs * deviation if self.invert else (inputs - mean) / deviation

    def adapt(self, data):
        """Take mean and variance from an array, or from an iterable of batches.

        Raises:
            ValueError: the layer has been given them, there are no data, or they are of another shape than it has.
        """
        if self.input_mean is not None:
            what = "Cannot `adapt` a Normalization layer that is initialized with static `mean` and `variance`."
            raise mistake(self, what, got=f"mean {self.input_mean} and variance {self.input_variance}")
        total: Any = 0
        mean = variance = np.float64(0)
        for batch in batches(data):
            x = np.asarray(batch, "float64")
            if not x.size:
                continue
            if not self.built:
                self.build((None, *x.shape[1:]))
            self._check_data(x.shape)
            count = x.size / max(1, np.prod([x.shape[each] for each in range(x.ndim) if each not in self._reduced]))
            own_mean, own_variance = x.mean(self._reduced), x.var(self._reduced)
            share = count / (total + count)
            between = share * (1 - share) * (own_mean - mean) ** 2
            variance = variance * (1 - share) + own_variance * share + between
            mean, total = mean * (1 - share) + own_mean * share, total + count
        if not total:
            raise mistake(self, "`adapt` was given an empty iterable, without a single batch.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _check_data(self, shape: tuple) -> None:
        kept = [axis for axis in range(len(self._broadcast)) if axis not in self._reduced]
        if len(shape) != len(self._broadcast) or any(shape[axis] != self._broadcast[axis] for axis in kept):
            expected = tuple(None if axis in self._reduced else size for axis, size in enumerate(self._broadcast))
            what = "`adapt` was given data of an incompatible shape."
            raise mistake(self, what, expected=expected, got=shape)

    def finalize_state(self):
        """Nothing: mean and variance are read when they are needed."""

    def get_config(self):
        config = super().get_config()
        return {**config, "mean": self.input_mean, "variance": self.input_variance}
