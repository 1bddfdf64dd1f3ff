"""Augmentations that mix images with each other, or with other versions of themselves."""

from typing import Any

from jax import numpy as jnp

from tricera import random
from tricera.engine.inputs import where
from tricera.engine.registry import register
from tricera.errors import report
from tricera.layers.augment.augment import Augment, size_of, spread


class _Mixing(Augment):
    """Base: each image gets a part of another one of the batch, its label as large a part of the other's."""

    def transform_labels(self, labels, transformation, training=True):
        if not training or transformation is None:
            return labels
        weight = transformation["weight"].reshape(-1, *[1] * (labels.ndim - 1))
        labels = labels.astype(self.compute_dtype)
        return weight * labels + (1.0 - weight) * labels[transformation["order"]]

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        raise NotImplementedError(report(f"{where(self)}: images that are mixed have no boxes."))


@register("layer")
class MixUp(_Mixing):
    """`w x + (1 - w) other x`, `w` of a beta distribution.

    Args:
        alpha: both parameters of the distribution: near 0 images hardly mix.

    Reference: Zhang et al., 2017, arXiv:1710.09412.
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        self._adopt(locals())

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch, seed = size_of(data)[0], seed or self.seed_generator
        order = random.shuffle(jnp.arange(batch), seed=seed)
        return {"order": order, "weight": random.beta((batch,), self.alpha, self.alpha, seed=seed)}

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        weight = spread(transformation["weight"]).astype(images.dtype)
        return weight * images + (1.0 - weight) * images[transformation["order"]]

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """The boxes of both images, with their labels."""
        if not training or transformation is None:
            return bounding_boxes
        order = transformation["order"]
        return {name: jnp.concatenate([each, each[order]], 1) for name, each in bounding_boxes.items()}

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return self.transform_images(segmentation_masks.astype(self.compute_dtype), transformation, training)


def inside(across: Any, down: Any, wide: Any, tall: Any, height: int, width: int) -> Any:
    """`(batch, height, width, 1)`: whether a pixel lies in a box, where `across` and `down` say how far it is moved."""
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

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        (batch, height, width), seed = size_of(data), seed or self.seed_generator
        alpha = self._draw((), *self.factor, seed=seed)
        weight = random.beta((batch,), alpha, alpha, seed=seed)
        side = jnp.sqrt(1.0 - weight)
        across, down = self._draw((batch,), seed=seed), self._draw((batch,), seed=seed)
        box = inside(across, down, side * width, side * height, height, width)
        order = random.shuffle(jnp.arange(batch), seed=seed)
        return {"order": order, "box": box, "weight": weight}

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        return jnp.where(transformation["box"], images[transformation["order"]], images)

    transform_segmentation_masks = transform_images


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

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        (batch, height, width), seed = size_of(data), seed or self.seed_generator
        share = self._draw((batch, 2), *self.scale, seed=seed)
        wide, tall = jnp.sqrt(share[:, 0]) * width, jnp.sqrt(share[:, 1]) * height
        across, down = self._draw((batch,), seed=seed), self._draw((batch,), seed=seed)
        box = inside(across, down, wide, tall, height, width)
        probability = self._draw((batch,), *self.factor, seed=seed)
        erased = self._draw((batch,), seed=seed) < probability
        images = data["images"] if isinstance(data, dict) else data
        fill = self.fill_value
        if fill is None:
            fill = self._clipped(random.normal(images.shape, dtype="float32", seed=seed) * self.value_range[1])
        return {"box": box & spread(erased), "fill": fill}

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        return jnp.where(transformation["box"], jnp.asarray(transformation["fill"], images.dtype), images)
