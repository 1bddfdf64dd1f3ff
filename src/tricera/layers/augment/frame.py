"""Images in another size."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera import ops
from tricera.engine.registry import register
from tricera.layers.arguments import check_choice, check_positive
from tricera.layers.augment.augment import Augment, shape_of, uniform
from tricera.layers.augment.boxes import pad


class _Sized(Augment):
    """Base: `height` and `width` of the result, in pixels."""

    moves = always = True

    def _adopt(self, given):
        super()._adopt(given)
        check_positive(self, height=self.height, width=self.width)

    def _draws(self, shape, seed):
        return {"size": shape[-3:-1]}

    def _fitted(self, images: Any) -> Any:
        """The largest part in the middle of the right proportions, resized."""
        size = (self.height, self.width)
        return ops.image.resize(images, size, crop_to_aspect_ratio=True, data_format="channels_last")

    def _fitted_boxes(self, x: Any, size: tuple[int, int], crop: bool = True, fill: bool = False) -> Any:
        """Boxes of an image of this size, resized as a whole, or its middle, or so that all of it is seen."""
        sides = np.divide((self.height, self.width), size)
        if crop or fill:
            sides[:] = max(sides) if crop else min(sides)
        down, right = (np.array((self.height, self.width)) - sides * size) / 2
        scale, move = np.tile(sides[::-1], 2), np.array([right, down] * 2)
        return x * scale.astype("float32") + move.astype("float32")


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
        self._adopt(locals())
        check_choice(self, ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"), interpolation=interpolation)

    def _images(self, x, drawn):
        names = ("interpolation", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "fill_mode", "fill_value")
        how = {name: getattr(self, name) for name in names}
        return ops.image.resize(x, (self.height, self.width), data_format="channels_last", **how)

    def _boxes(self, x, drawn):
        return self._fitted_boxes(x, drawn["size"], self.crop_to_aspect_ratio, self.pad_to_aspect_ratio)

    def _masks(self, x, drawn):
        return ops.image.resize(x, (self.height, self.width), interpolation="nearest", data_format="channels_last")


@register("layer")
class CenterCrop(_Sized):
    """The middle of the image; of one that is too small, the resized largest part of the right proportions."""

    def __init__(self, height, width, data_format=None, **kwargs):
        self._adopt(locals())

    def _corner(self, height: int, width: int) -> tuple[int, int] | None:
        """The top and the left of the part, None where the image is too small for it."""
        down, right = height - self.height, width - self.width
        return None if down < 0 or right < 0 else (int(down / 2), int(right / 2))

    def _images(self, x, drawn):
        if (corner := self._corner(*x.shape[-3:-1])) is None:
            return self._fitted(x)
        top, left = corner
        return x[..., top : top + self.height, left : left + self.width, :]

    def _boxes(self, x, drawn):
        if (corner := self._corner(*drawn["size"])) is None:
            return self._fitted_boxes(x, drawn["size"])
        return pad(x, *(-each for each in corner))


@register("layer")
class RandomCrop(_Sized):
    """A part of this size at a drawn place, one for the batch; outside of training the resized middle."""

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        self._adopt(locals())

    def get_random_transformation(self, data, training=True, seed=None):
        height, width = shape_of(data)[-3:-1]
        room = height - self.height, width - self.width
        if not training or min(room) < 0:
            return super().get_random_transformation(data, training, seed)
        seed = seed or self.seed_generator
        return {"corner": [uniform((), 0, more + 1.0, seed=seed).astype("int32") for more in room]}

    def _boxes(self, x, drawn):
        if "size" in drawn:
            return self._fitted_boxes(x, drawn["size"])
        return pad(x, *(-each for each in drawn["corner"]))

    def _images(self, x, drawn):
        if drawn is None or "size" in drawn:
            return self._fitted(x)
        rows, columns = jnp.arange(self.height), jnp.arange(self.width)
        top, left = drawn["corner"]
        return jnp.take(jnp.take(x, top + rows, -3), left + columns, -2)


@register("layer")
class MaxNumBoundingBoxes(Augment):
    """Just `max_number` boxes for each image: the first ones, and boxes and labels of `fill_value` after them."""

    always = True

    def __init__(self, max_number, fill_value=-1, **kwargs):
        self._adopt(locals())
        check_positive(self, max_number=max_number)
        self.fill_value = int(fill_value)

    def _images(self, x, drawn):
        return x

    def _labelled_boxes(self, found, drawn):
        def just(x: Any) -> Any:
            room = max(self.max_number - x.shape[1], 0)
            padded = ((0, 0), (0, room), *[(0, 0)] * (x.ndim - 2))
            return jnp.pad(x[:, : self.max_number], padded, constant_values=self.fill_value)

        return {name: just(jnp.asarray(x)) for name, x in found.items()}
