"""Augmentations that mix images with each other, or with other versions of themselves."""

from typing import Any

from jax import numpy as jnp

from tricera import random
from tricera.engine.registry import register
from tricera.layers.arguments import mistake
from tricera.layers.augment.augment import Augment, spread, uniform


class _Mixing(Augment):
    """Base: each image gets a part of another one of the batch, its label as large a part of the other's."""

    def _labels(self, x, drawn):
        weight, x = spread(drawn["weight"], x.ndim), x.astype(self.compute_dtype)
        return weight * x + (1.0 - weight) * x[drawn["order"]]

    def _labelled_boxes(self, found, drawn):
        raise mistake(self, "images that are mixed have no boxes.", kind=NotImplementedError)


@register("layer")
class MixUp(_Mixing):
    """`w x + (1 - w) other x`, `w` of a beta distribution.

    Args:
        alpha: both parameters of the distribution: near 0 images hardly mix.

    Reference: Zhang et al., 2017, arXiv:1710.09412.
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        order = random.shuffle(jnp.arange(shape[0]), seed=seed)
        return {"order": order, "weight": random.beta(shape[:1], self.alpha, self.alpha, seed=seed)}

    def _images(self, x, drawn):
        weight = spread(drawn["weight"]).astype(x.dtype)
        return weight * x + (1.0 - weight) * x[drawn["order"]]

    def _labelled_boxes(self, found, drawn):
        """The boxes of both images, with their labels."""
        return {name: jnp.concatenate([each, each[drawn["order"]]], 1) for name, each in found.items()}

    def _masks(self, x, drawn):
        return self._images(x.astype(self.compute_dtype), drawn)


def somewhere(shape: tuple, wide: Any, tall: Any, seed: Any) -> Any:
    """`(batch, height, width, 1)`: whether a pixel lies in a box of this size, at a drawn place."""
    height, width = shape[-3:-1]
    across, down = (uniform(shape[:1], seed=seed) for _ in range(2))
    left, top = across * (width - wide), down * (height - tall)
    i, j = jnp.arange(height), jnp.arange(width)
    rows = (i > top[:, None]) & (i < (top + tall)[:, None])
    columns = (j > left[:, None]) & (j < (left + wide)[:, None])
    return rows[:, :, None, None] & columns[:, None, :, None]


@register("layer")
class CutMix(_Mixing):
    """A box of another image in the place of the image's own.

    Args:
        factor: from it comes the parameter of the beta distribution of the part that stays.

    Reference: Yun et al., 2019, arXiv:1905.04899.
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        self._adopt(locals())

    def _draws(self, shape, seed):
        alpha = uniform((), *self.factor, seed=seed)
        weight = random.beta(shape[:1], alpha, alpha, seed=seed)
        side = jnp.sqrt(1.0 - weight)
        box = somewhere(shape, side * shape[-2], side * shape[-3], seed)
        return {"order": random.shuffle(jnp.arange(shape[0]), seed=seed), "box": box, "weight": weight}

    def _images(self, x, drawn):
        return jnp.where(drawn["box"], x[drawn["order"]], x)

    _masks = _images


@register("layer")
class RandomErasing(Augment):
    """A box of noise (or of `fill_value`) in the image, with a probability drawn from `factor`.

    Args:
        scale: the lowest and the highest square of a side of the box, as a share of the image's.

    Reference: Zhong et al., 2017, arXiv:1708.04896.
    """

    def __init__(
        self,
        factor=1.0,
        scale=(0.02, 0.33),
        fill_value=None,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        self.scale = self._range("scale", scale)

    def _draws(self, shape, seed):
        share = uniform((shape[0], 2), *self.scale, seed=seed)
        wide, tall = jnp.sqrt(share[:, 0]) * shape[-2], jnp.sqrt(share[:, 1]) * shape[-3]
        box = somewhere(shape, wide, tall, seed) & spread(self._chosen(shape, seed))
        fill = self.fill_value
        if fill is None:
            fill = self._clipped(random.normal(shape, dtype="float32", seed=seed) * self.value_range[1])
        return {"box": box, "fill": fill}

    def _images(self, x, drawn):
        return jnp.where(drawn["box"], jnp.asarray(drawn["fill"], x.dtype), x)
