"""Random perturbations, in training only."""

from collections.abc import Mapping
from typing import Any

from tricera import ops, random
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.layers.arguments import adopt, is_whole, mistake
from tricera.layers.spatial import Spatial


class _Noise(Layer):
    """Base: `perturb(x)` in training, `x` otherwise, and where `rate`, or what else is `needed`, is 0."""

    stateless = True
    supports_masking = True
    needed = "rate"
    noise_shape: tuple | None = None

    def _adopt(self, given: Mapping[str, Any]) -> None:
        adopt(self, given)
        self.noise_shape = checked_noise_shape(self, given.get("noise_shape"))
        if given[self.needed] > 0:
            self.seed_generator = SeedGenerator(given["seed"])

    def call(self, inputs, training=False):
        return self.perturb(inputs) if training and hasattr(self, "seed_generator") else inputs

    def perturb(self, x: Any) -> Any:
        """The noisy `x`."""
        raise abstract(self, "perturb")

    def _noise_shape(self, x: Any) -> tuple | None:
        """The shape of the draws for `x`, None where it is that of `x`."""
        if self.noise_shape is None:
            return None
        return tuple(own if size is None else size for size, own in zip(self.noise_shape, x.shape, strict=True))


def checked_noise_shape(layer: Layer, shape: Any) -> tuple | None:
    """The shape as a tuple of positive whole numbers and Nones.

    Raises:
        ValueError: it is something else.
    """
    if shape is None:
        return None
    sizes = [size for size in shape if size is not None] if isinstance(shape, list | tuple) else []
    if not isinstance(shape, list | tuple):
        expected = "a tuple or list of integers"
    elif not all(map(is_whole, sizes)):
        expected = "all elements to be integers or None"
    elif not shape or min(sizes, default=1) <= 0:
        expected = "all dimensions to be positive integers or None"
    else:
        return tuple(shape)
    what = f"Invalid value received for argument `noise_shape`. Expected {expected}."
    raise mistake(layer, what, got=repr(shape))


@register("layer")
class Dropout(_Noise):
    """In training, 0 with probability `rate`, else `x / (1 - rate)`.

    Args:
        noise_shape: the shape of the draws, which are repeated along axes of size 1; None in it stands for the
            input's size.

    Reference: Srivastava et al., 2014, "Dropout: a simple way to prevent neural networks from overfitting".
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())

    def perturb(self, x):
        return random.dropout(x, self.rate, noise_shape=self._noise_shape(x), seed=self.seed_generator)


class _SpatialDropout(Dropout, Spatial):
    """Base of the dropouts of whole channels."""

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        Spatial._adopt(self, {"data_format": data_format})

    def get_config(self):
        config = super().get_config()
        keys = ("rate", "seed", "name", "data_format") if "data_format" in self._arguments else ("rate", "seed", "name")
        return {**{key: config[key] for key in keys}, "dtype": self.dtype_policy.name}  # all that Keras' takes

    def _noise_shape(self, x):
        return tuple(1 if axis in self._spatial else size for axis, size in enumerate(x.shape))


@register("layer")
class SpatialDropout1D(_SpatialDropout, rank=1):
    """Dropout of whole channels of sequences, `(batch, steps, channels)`.

    Reference: Tompson et al., 2014, arXiv:1411.4280.
    """

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, "channels_last", seed, name, dtype, **kwargs)


@register("layer")
class SpatialDropout2D(_SpatialDropout, rank=2):
    """Dropout of whole channels of images."""


@register("layer")
class SpatialDropout3D(_SpatialDropout, rank=3):
    """Dropout of whole channels of volumes."""


@register("layer")
class GaussianNoise(_Noise):
    """In training, `x + stddev * normal`.

    Raises:
        ValueError: `stddev` lies outside of [0, 1].
    """

    needed = "stddev"

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())

    def perturb(self, x):
        return x + random.normal(x.shape, 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)


@register("layer")
class GaussianDropout(_Noise):
    """In training, `x * normal(1, sqrt(rate / (1 - rate)))`.

    Reference: Srivastava et al., 2014, section 10.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())

    def perturb(self, x):
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        return x * random.normal(x.shape, 1.0, stddev, dtype=self.compute_dtype, seed=self.seed_generator)


@register("layer")
class AlphaDropout(_Noise):
    """Dropout to SELU's lowest value, rescaled so that mean 0 and variance 1 stay.

    Reference: Klambauer et al., 2017, arXiv:1706.02515.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())

    def perturb(self, x):
        lowest = -1.7580993408473766  # -alpha * scale of SELU
        drawn = random.uniform(self._noise_shape(x) or x.shape, seed=self.seed_generator)
        kept = ops.greater_equal(drawn, self.rate)
        # eq. 14 and below: a * (x * d + lowest * (1 - d)) + b
        a = ((1 - self.rate) * (1 + self.rate * lowest**2)) ** -0.5
        b = -a * lowest * self.rate
        return ops.cast(a * ops.where(kept, x, lowest) + b, x.dtype)


@register("layer")
class ActivityRegularization(Layer):
    """`x`, whose `l1 * sum(|x|) + l2 * sum(x**2)`, averaged over the batch, is added to the losses.

    Raises:
        ValueError: `l1` or `l2` is negative.
    """

    stateless = True
    supports_masking = True

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        for name, value in (("l1", l1), ("l2", l2)):
            if value < 0:
                raise mistake(self, f"`{name}` cannot be negative.", got=repr(value))

    def call(self, inputs):
        loss = self.l1 * ops.sum(ops.absolute(inputs)) + self.l2 * ops.sum(ops.square(inputs))
        self.add_loss(loss / inputs.shape[0])
        return inputs
