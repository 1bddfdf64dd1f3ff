"""Random perturbations, in training only."""

from typing import Any

from tricera import ops, random
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.layers.arguments import adopt, check_fraction, is_whole, mistake, spatial_axes


class _Noise(Layer):
    """Base: `perturb(x)` in training, `x` otherwise."""

    stateless = True
    supports_masking = True

    def _seed(self, seed: Any, needed: float) -> None:
        self.seed = seed
        if needed > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs, training=False):
        return self.perturb(inputs) if training and hasattr(self, "seed_generator") else inputs

    def perturb(self, x: Any) -> Any:
        """The noisy `x`."""
        raise abstract(self, "perturb")


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
        adopt(self, locals())
        check_fraction(self, rate=rate)
        self.noise_shape = checked_noise_shape(self, noise_shape)
        self._seed(seed, rate)

    def perturb(self, x):
        return random.dropout(x, self.rate, noise_shape=self._noise_shape(x), seed=self.seed_generator)

    def _noise_shape(self, x: Any) -> tuple | None:
        if self.noise_shape is None:
            return None
        return tuple(own if size is None else size for size, own in zip(self.noise_shape, x.shape, strict=True))


class _SpatialDropout(Dropout):
    """Base of the dropouts of whole channels."""

    rank: int

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        adopt(self, {"data_format": data_format})
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.input_axes = spatial_axes(self.rank, self.data_format)

    def get_config(self):
        config = super().get_config()
        keys = ("rate", "seed", "name", "data_format") if "data_format" in self._arguments else ("rate", "seed", "name")
        return {**{key: config[key] for key in keys}, "dtype": self.dtype_policy.name}  # all that Keras' takes

    def _noise_shape(self, x):
        ones = (1,) * self.rank
        if self.data_format == "channels_first":
            return (*x.shape[:2], *ones)
        return (x.shape[0], *ones, x.shape[-1])


@register("layer")
class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of sequences, `(batch, steps, channels)`.

    Reference: Tompson et al., 2014, arXiv:1411.4280.
    """

    rank = 1

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, "channels_last", seed, name, dtype, **kwargs)


@register("layer")
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images."""

    rank = 2


@register("layer")
class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes."""

    rank = 3


@register("layer")
class GaussianNoise(_Noise):
    """In training, `x + stddev * normal`.

    Raises:
        ValueError: `stddev` lies outside of [0, 1].
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_fraction(self, stddev=stddev)
        self._seed(seed, stddev)

    def perturb(self, x):
        return x + random.normal(x.shape, 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)


@register("layer")
class GaussianDropout(_Noise):
    """In training, `x * normal(1, sqrt(rate / (1 - rate)))`.

    Reference: Srivastava et al., 2014, section 10.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_fraction(self, rate=rate)
        self._seed(seed, rate)

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
        adopt(self, locals())
        check_fraction(self, rate=rate)
        self.noise_shape = checked_noise_shape(self, noise_shape)
        self._seed(seed, rate)

    def perturb(self, x):
        lowest = -1.7580993408473766  # -alpha * scale of SELU
        shape = x.shape if self.noise_shape is None else Dropout._noise_shape(self, x)
        kept = ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate)
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
        self.add_loss(
            (self.l1 * ops.sum(ops.absolute(inputs)) + self.l2 * ops.sum(ops.square(inputs))) / inputs.shape[0]
        )
        return inputs
