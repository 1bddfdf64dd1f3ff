"""Images in another size."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera import ops
from tricera.engine.registry import register
from tricera.layers.arguments import check_choice, check_positive
from tricera.layers.augment.augment import Augment, size_of
from tricera.layers.augment.boxes import pad


class _Sized(Augment):
    """Base: `height` and `width` of the result, in pixels."""

    moves = True

    def _sized(self, given: dict[str, Any], random: bool = False) -> None:
        self._adopt(given, random)
        check_positive(self, height=self.height, width=self.width)

    def _fitted(self, images: Any) -> Any:
        """The largest part in the middle of the right proportions, resized."""
        size = (self.height, self.width)
        return ops.image.resize(images, size, crop_to_aspect_ratio=True, data_format="channels_last")

    def _fitted_boxes(self, found: dict[str, Any], size: tuple[int, int], crop: bool = True, fill: bool = False) -> Any:
        """Boxes of an image of this size, resized as a whole, or its middle, or so that all of it is seen."""
        sides = np.divide((self.height, self.width), size)
        if crop or fill:
            sides[:] = max(sides) if crop else min(sides)
        down, right = (np.array((self.height, self.width)) - sides * size) / 2
        scale, move = np.tile(sides[::-1], 2), np.array([right, down] * 2)
        return {**found, "boxes": found["boxes"] * scale.astype("float32") + move.astype("float32")}


@register("layer")
class Resizing(_Sized):
    """The whole image in another size.

    Args:
        crop_to_aspect_ratio, pad_to_aspect_ratio, antialias, fill_mode, fill_value: as in `ops.image.resize`.
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        self._sized(locals())
        check_choice(self, ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"), interpolation=interpolation)

    def transform_images(self, images, transformation, training=True):
        names = ("interpolation", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value")
        how = {name: getattr(self, name) for name in names}
        return ops.image.resize(images, (self.height, self.width), data_format="channels_last", **how)

    def get_random_transformation(self, data, training=True, seed=None):
        return {"size": size_of(data)[1:]}

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        return self._fitted_boxes(
            bounding_boxes, transformation["size"], self.crop_to_aspect_ratio, self.pad_to_aspect_ratio
        )

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        size = (self.height, self.width)
        return ops.image.resize(segmentation_masks, size, interpolation="nearest", data_format="channels_last")


@register("layer")
class CenterCrop(_Sized):
    """The middle of the image; of one that is too small, the resized largest part of the right proportions."""

    def __init__(self, height, width, data_format=None, **kwargs):
        self._sized(locals())

    def transform_images(self, images, transformation, training=True):
        top, left = images.shape[-3] - self.height, images.shape[-2] - self.width
        if top < 0 or left < 0:
            return self._fitted(images)
        top, left = int(top / 2), int(left / 2)
        return images[..., top : top + self.height, left : left + self.width, :]

    def get_random_transformation(self, data, training=True, seed=None):
        return {"size": size_of(data)[1:]}

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        height, width = transformation["size"]
        if height < self.height or width < self.width:
            return self._fitted_boxes(bounding_boxes, (height, width))
        top, left = int((height - self.height) / 2), int((width - self.width) / 2)
        return {**bounding_boxes, "boxes": pad(bounding_boxes["boxes"], -top, -left)}


@register("layer")
class RandomCrop(_Sized):
    """A part of this size at a drawn place, one for the batch; outside of training the resized middle."""

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        self._sized(locals(), random=True)

    def get_random_transformation(self, data, training=True, seed=None):
        _, height, width = size_of(data)
        room = height - self.height, width - self.width
        if not training or min(room) < 0:
            return {"size": (height, width)}
        return {"corner": [self._draw((), 0, more + 1.0, seed).astype("int32") for more in room]}

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        if "size" in transformation:
            return self._fitted_boxes(bounding_boxes, transformation["size"])
        top, left = transformation["corner"]
        return {**bounding_boxes, "boxes": pad(bounding_boxes["boxes"], -top, -left)}

    def transform_images(self, images, transformation, training=True):
        if transformation is None or "size" in transformation:
            return self._fitted(images)
        rows, columns = jnp.arange(self.height), jnp.arange(self.width)
        top, left = transformation["corner"]
        return jnp.take(jnp.take(images, top + rows, -3), left + columns, -2)


@register("layer")
class MaxNumBoundingBoxes(Augment):
    """Just `max_number` boxes for each image: the first ones, and boxes and labels of `fill_value` after them."""

    def __init__(self, max_number, fill_value=-1, **kwargs):
        self._adopt(locals(), random=False)
        check_positive(self, max_number=max_number)
        self.fill_value = int(fill_value)

    def transform_images(self, images, transformation, training=True):
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        def just(x: Any) -> Any:
            room = max(self.max_number - x.shape[1], 0)
            padded = ((0, 0), (0, room), *[(0, 0)] * (x.ndim - 2))
            return jnp.pad(x[:, : self.max_number], padded, constant_values=self.fill_value)

        return {name: just(jnp.asarray(x)) for name, x in bounding_boxes.items()}
