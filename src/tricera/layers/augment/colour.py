"""Augmentations of colours: every pixel stays where it is."""

from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera import ops, random
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.kernels.conv import depthwise_conv
from tricera.layers.arguments import check_fraction, check_positive, mistake, sizes
from tricera.layers.augment.augment import Augment, either_side, spread, uniform


class _Colour(Augment):
    """Base: one factor a picture, `recolour(images, factor)`, clipped to `value_range`."""

    clips = True

    def _draws(self, shape, seed):
        return {"factor": uniform(shape[:1], *self.factor, seed=seed)}

    def _images(self, x, drawn):
        made = self.recolour(x, spread(drawn["factor"]))
        return self._clipped(made) if self.clips else made

    def recolour(self, x: Any, factor: Any) -> Any:
        """The images under this factor, `(batch, 1, 1, 1)`."""
        raise abstract(self, "recolour")


@register("layer")
class RandomBrightness(_Colour):
    """`x + f * (highest - lowest value)`, `f` drawn from `factor`."""

    bounds, signed = (-1.0, 1.0), True

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        self._adopt(locals())

    def recolour(self, x, factor):
        return x + factor * (self.value_range[1] - self.value_range[0])


@register("layer")
class RandomContrast(_Colour):
    """`(x - mean) * (1 + f) + mean`, with the mean of each channel of each image."""

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        return {"factor": uniform(shape[:1], *(1.0 + factor for factor in self.factor), seed=seed)}

    def recolour(self, x, factor):
        mean = jnp.mean(x, (-3, -2), keepdims=True)
        return (x - mean) * factor + mean


@register("layer")
class RandomHue(_Colour):
    """The hue turned by up to half a circle, to either side.

    Args:
        factor: 1 is half a circle.
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        return {"factor": either_side(shape, seed) * uniform(shape[:1], *self.factor, seed=seed) * 0.5}

    def recolour(self, x, factor):
        hue, saturation, value = jnp.split(ops.image.rgb_to_hsv(self._unit(x)), 3, -1)
        turned = jnp.concatenate([(hue + factor) % 1.0, saturation, value], -1)
        return self._valued(ops.image.hsv_to_rgb(turned))


@register("layer")
class RandomSaturation(_Colour):
    """The saturation times `f / (1 - f)`: 0 is grey, 0.5 the image itself, more than that saturates."""

    bounds, signed, clips = (-1.0, 1.0), True, False

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def recolour(self, x, factor):
        hue, saturation, value = jnp.split(ops.image.rgb_to_hsv(self._unit(x)), 3, -1)
        scaled = jnp.maximum(saturation * factor / (1.0 - factor + 1e-7), 0.0)
        return self._valued(ops.image.hsv_to_rgb(jnp.concatenate([hue, scaled, value], -1)))


@register("layer")
class RandomSharpness(_Colour):
    """`x + (1 - 2 f) * (smoothed x - x)`: 0 is smoothed, 0.5 the image itself, 1 sharpened."""

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def recolour(self, x, factor):
        window = np.full((3, 3, 1, 1), 1 / 13)
        window[1, 1] = 5 / 13
        kernel = jnp.asarray(np.repeat(window, x.shape[-1], 2), x.dtype)
        return x + (1.0 - 2.0 * factor) * (depthwise_conv(x, kernel, padding="same") - x)


@register("layer")
class RandomColorDegeneration(_Colour):
    """`x + f * (grey x - x)`: 0 is the image itself, 1 is grey."""

    bounds, signed = (-1.0, 1.0), True

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def recolour(self, x, factor):
        return x + factor * (ops.image.rgb_to_grayscale(x) - x)


@register("layer")
class RandomGrayscale(_Colour):
    """Grey with the probability `factor`."""

    names_of_factors, clips = (), False

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        self._adopt(locals())
        check_fraction(self, factor=factor)

    def _draws(self, shape, seed):
        return {"factor": uniform(shape[:1], seed=seed) < self.factor}

    def recolour(self, x, factor):
        return jnp.where(factor, ops.image.rgb_to_grayscale(x), x)

    def get_config(self):
        config = super().get_config()
        config.pop("seed")
        return config


@register("layer")
class RandomInvert(_Colour):
    """`highest value - x` with a probability drawn from `factor`."""

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        return {"factor": self._chosen(shape, seed)}

    def recolour(self, x, factor):
        return jnp.where(factor, self.value_range[1] - x, x)


@register("layer")
class RandomPosterization(_Colour):
    """Only the first bits of 8, as many as drawn, the highest of `factor` left out."""

    bounds = (1, 8)

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        low, high = self.factor
        return {"factor": 8 - random.randint(shape[:1], low, max(high, low + 1), "uint8", seed)}

    def recolour(self, x, factor):
        whole = (self._unit(x) * 255).astype("uint8")
        shift = factor.astype("uint8")
        return self._valued(((whole >> shift) << shift).astype(x.dtype) / 255)


@register("layer")
class Solarization(_Colour):
    """`x + addition`, and from the threshold on inverted; both drawn, as shares of the highest value."""

    names_of_factors = ("addition_factor", "threshold_factor")

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        ranges = np.multiply((self.addition_factor, self.threshold_factor), self.value_range[1])
        additions, thresholds = (uniform(shape[:1], *each, seed=seed) for each in ranges)
        return {"factor": additions, "thresholds": thresholds}

    def _images(self, x, drawn):
        x = self._clipped(x + spread(drawn["factor"]))
        return jnp.where(x < spread(drawn["thresholds"]), x, self.value_range[1] - x)


@register("layer")
class AutoContrast(Augment):
    """Each channel of each image stretched, so that its lowest and highest value are those of `value_range`."""

    always = True

    def __init__(self, value_range=(0, 255), **kwargs):
        self._adopt(locals())

    def _images(self, x, drawn):
        low, high = (f(x, (-3, -2), keepdims=True) for f in (jnp.min, jnp.max))
        stretched = self._valued((x - low) / jnp.where(high > low, high - low, 1))
        return self._clipped(jnp.where(high > low, stretched, x))


@register("layer")
class Equalization(Augment):
    """Each channel of each image with about equally many pixels of each value.

    Args:
        bins: how many values are told apart.
    """

    always = True

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        self._adopt(locals())
        check_positive(self, bins=bins)

    def _images(self, x, drawn):
        low, high = self.value_range
        scale = 255 / (high - low)
        channels = jnp.moveaxis((x.astype("float32") - low) * scale, -1, -3)
        flat = channels.reshape(*channels.shape[:-2], -1)
        levelled = jnp.vectorize(self._levelled, signature="(n)->(n)")(flat).reshape(channels.shape)
        return jnp.moveaxis(levelled, -3, -1) / scale + low

    def _levelled(self, values: Any) -> Any:
        """Pixels from 0 to 255, levelled; those of one colour as they are."""
        bins = jnp.clip(values * (self.bins - 1) / 255, 0, self.bins - 1).astype("int32")
        total = jnp.cumsum(jnp.bincount(bins, length=self.bins))
        first = jnp.min(jnp.where(total > 0, total, values.size))
        table = jnp.round((total - first) * 255 / jnp.maximum(values.size - first, 1))
        return jnp.where(first < values.size, table[bins], values)


@register("layer")
class RandomGaussianBlur(_Colour):
    """Blurred by Gauss' bell, one for the batch, with a probability drawn from `factor`.

    Args:
        kernel_size: of the window, in pixels; one number or `(height, width)`.
        sigma: of the bell, in pixels: the highest, or the lowest and the highest.
    """

    def __init__(
        self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs
    ):
        self._adopt(locals())
        self.kernel_size = sizes(self, 2, kernel_size=kernel_size)
        self.sigma = (0, sigma) if isinstance(sigma, int | float) else tuple(sigma)
        if not all(size % 2 for size in self.kernel_size) or len(self.sigma) != 2 or min(self.sigma) < 0:
            what = "`kernel_size` must be odd, and `sigma` one or two numbers that are not negative."
            raise mistake(self, what, got=f"kernel_size={kernel_size}, sigma={sigma}")

    def _draws(self, shape, seed):
        return {"factor": self._chosen(shape, seed), "sigma": uniform((2,), *self.sigma, seed=seed)}

    def _images(self, x, drawn):
        sigma = jnp.maximum(drawn["sigma"], 1e-6)  # a bell of no width is one pixel
        blurred = ops.image.gaussian_blur(x, self.kernel_size, sigma, data_format="channels_last")
        return self._clipped(jnp.where(spread(drawn["factor"]), blurred, x))


@register("layer")
class RandomColorJitter(Augment):
    """RandomBrightness, RandomContrast, RandomSaturation and RandomHue, where their factors are given."""

    names_of_factors = ()

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        kinds = (RandomBrightness, RandomContrast, RandomSaturation, RandomHue)
        factors = (brightness_factor, contrast_factor, saturation_factor, hue_factor)
        shared = {"value_range": value_range, "seed": self.seed_generator.seed, "dtype": self.dtype_policy}
        self._steps = [kind(each, **shared) for kind, each in zip(kinds, factors, strict=True) if each is not None]

    def _draws(self, shape, seed):
        return {"drawn": [step._draws(shape, seed) for step in self._steps]}

    def _images(self, x, drawn):
        for step, each in zip(self._steps, drawn["drawn"], strict=True):
            x = step._images(x, each)
        return x
