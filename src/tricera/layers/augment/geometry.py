"""Augmentations that move pixels: each pixel of the result is read at some place of the input."""

from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from tricera import ops
from tricera.engine.random import draw_seed
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.layers.arguments import check_choice, check_fraction
from tricera.layers.augment.augment import Augment, size_of, spread
from tricera.layers.augment.boxes import moved
from tricera.ops.image.warp import homography, rubber

FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")


class _Moving(Augment):
    """Base: an affine map for each image, `matrix(drawn, height, width)`, `(batch, 6)`."""

    moves = True

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        return self._warped(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._warped(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        if not training or transformation is None:
            return bounding_boxes
        rows = self.matrix(transformation, *transformation["size"]).reshape(-1, 2, 3)
        back = jnp.linalg.inv(rows[..., :2])
        maps = jnp.concatenate([back, -back @ rows[..., 2:]], -1)
        return {**bounding_boxes, "boxes": moved(bounding_boxes["boxes"], maps)}

    def _warped(self, images: Any, drawn: dict[str, Any], interpolation: str) -> Any:
        rows = self.matrix(drawn, *images.shape[-3:-1])
        maps = jnp.concatenate([rows, jnp.zeros((rows.shape[0], 2), rows.dtype)], 1)
        return ops.image.affine_transform(images, maps, interpolation, self.fill_mode, self.fill_value, "channels_last")

    def matrix(self, drawn: dict[str, Any], height: int, width: int) -> Any:
        """`(a0, a1, a2, b0, b1, b2)`: the pixel at `(x, y)` is read at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`."""
        raise abstract(self, "matrix")

    def _adopt(self, given, random=True):
        super()._adopt(given, random)
        check_choice(self, ("nearest", "bilinear"), interpolation=self.interpolation)
        if "fill_mode" in given:
            check_choice(self, FILL_MODES, fill_mode=self.fill_mode)


@register("layer")
class RandomFlip(Augment):
    """Half of the images mirrored: left and right, top and bottom, or both at once.

    Args:
        mode: `"horizontal"`, `"vertical"` or `"horizontal_and_vertical"`.
    """

    moves = True

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        self._adopt(locals())
        check_choice(self, ("horizontal", "vertical", "horizontal_and_vertical"), mode=mode)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch, height, width = size_of(data)
        return {"flips": self._draw((batch,), seed=seed) <= 0.5, "size": (height, width)}

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        axes = [axis for axis, name in ((-3, "vertical"), (-2, "horizontal")) if name in self.mode]
        return jnp.where(spread(transformation["flips"]), jnp.flip(images, axes), images)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        if not training or transformation is None:
            return bounding_boxes
        left, top, right, bottom = jnp.split(bounding_boxes["boxes"], 4, -1)
        height, width = transformation["size"]
        if "horizontal" in self.mode:
            left, right = width - right, width - left
        if "vertical" in self.mode:
            top, bottom = height - bottom, height - top
        flipped = jnp.concatenate([left, top, right, bottom], -1)
        boxes = jnp.where(transformation["flips"][:, None, None], flipped, bounding_boxes["boxes"])
        return {**bounding_boxes, "boxes": boxes}


@register("layer")
class RandomRotation(_Moving):
    """Turned around the middle.

    Args:
        factor: a share of the full circle, to the left where positive.
        fill_mode, fill_value: what lies beyond the edges, as in `ops.image.affine_transform`.
    """

    bounds, signed = (-1.0, 1.0), True

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        low, high = (360.0 * factor for factor in self.factor)
        return {"angle": self._draw((size_of(data)[0],), low, high, seed), "size": size_of(data)[1:]}

    def matrix(self, drawn, height, width):
        angle = drawn["angle"] * (np.pi / 180)
        cos, sin, w, h = jnp.cos(angle), jnp.sin(angle), width - 1, height - 1
        x, y = (w - (cos * w - sin * h)) / 2, (h - (sin * w + cos * h)) / 2
        return jnp.stack([cos, -sin, x, sin, cos, y], 1)


@register("layer")
class RandomZoom(_Moving):
    """Scaled around the middle: `f` below 0 zooms in, above 0 out.

    Args:
        width_factor: that of the height, drawn together with it, where None.
    """

    bounds, signed = (-1.0, 1.0), True
    names_of_factors = ()

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        self._high = self._range("height_factor", height_factor)
        self._wide = None if width_factor is None else self._range("width_factor", width_factor)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch = (size_of(data)[0],)
        high = self._draw(batch, 1.0 + self._high[0], 1.0 + self._high[1], seed)
        wide = high if self._wide is None else self._draw(batch, 1.0 + self._wide[0], 1.0 + self._wide[1], seed)
        return {"height": high, "width": wide, "size": size_of(data)[1:]}

    def matrix(self, drawn, height, width):
        h, w = drawn["height"], drawn["width"]
        zero = jnp.zeros_like(h)
        return jnp.stack([w, zero, (width - 1) / 2 * (1 - w), zero, h, (height - 1) / 2 * (1 - h)], 1)


@register("layer")
class RandomTranslation(_Moving):
    """Moved down and to the right by drawn shares of height and width."""

    bounds, signed = (-1.0, 1.0), True
    names_of_factors = ()

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        self._high = self._range("height_factor", height_factor)
        self._wide = self._range("width_factor", width_factor)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch = (size_of(data)[0],)
        height, width = (self._draw(batch, *factor, seed=seed) for factor in (self._high, self._wide))
        return {"height": height, "width": width, "size": size_of(data)[1:]}

    def matrix(self, drawn, height, width):
        one, zero = jnp.ones_like(drawn["height"]), jnp.zeros_like(drawn["height"])
        return jnp.stack([one, zero, -drawn["width"] * width, zero, one, -drawn["height"] * height], 1)


@register("layer")
class RandomShear(_Moving):
    """Slanted: each row moved sideways by `f` times its number, each column down."""

    bounds, signed = (-1.0, 1.0), True
    names_of_factors = ("x_factor", "y_factor")

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        self._adopt(locals())

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch = (size_of(data)[0],)
        side = jnp.where(self._draw(batch, seed=seed) > 0.5, -1.0, 1.0)
        y, x = (self._draw(batch, *factor, seed=seed) for factor in (self.y_factor, self.x_factor))
        return {"y": side * y, "x": side * x, "size": size_of(data)[1:]}

    def matrix(self, drawn, height, width):
        one, zero = jnp.ones_like(drawn["x"]), jnp.zeros_like(drawn["x"])
        return jnp.stack([one, drawn["x"], zero, drawn["y"], one, zero], 1)


@register("layer")
class RandomPerspective(_Moving):
    """Seen from elsewhere, with a probability drawn from `factor`.

    Args:
        scale: how far the corners move, as a share of their distance.
    """

    def __init__(
        self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs
    ):
        self._adopt(locals())
        check_fraction(self, scale=scale)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training:
            return None
        batch, height, width = size_of(data)
        probability = self._draw((batch,), *self.factor, seed=seed)
        moved = self._draw((batch,), seed=seed) < probability
        start = jnp.asarray([[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]])
        start = jnp.broadcast_to(start, (batch, 4, 2))
        off = self._draw((batch, 4, 2), -0.5 * self.scale, 0.5 * self.scale, seed)
        return {"moved": moved, "start": start, "end": start + start * off}

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        if not training or transformation is None:
            return bounding_boxes
        h = jax.vmap(homography)(transformation["start"], transformation["end"])
        ends = moved(bounding_boxes["boxes"], jnp.pad(h, ((0, 0), (0, 1)), constant_values=1.0).reshape(-1, 3, 3))
        boxes = jnp.where(transformation["moved"][:, None, None], ends, bounding_boxes["boxes"])
        return {**bounding_boxes, "boxes": boxes}

    def _warped(self, images, drawn, interpolation):
        corners = (drawn["start"], drawn["end"], interpolation, self.fill_value, "channels_last")
        return jnp.where(spread(drawn["moved"]), ops.image.perspective_transform(images, *corners), images)


@register("layer")
class RandomElasticTransform(Augment):
    """As on rubber: pixels moved by smooth noise, with a probability drawn from `factor`.

    Args:
        scale: of the noise, one for the batch: at 1 its strength is a tenth of the longer side, before it is blurred
            by a twentieth of the shorter one.

    Reference: Simard et al., 2003, "Best practices for convolutional neural networks".
    """

    moves = True
    names_of_factors = ("factor", "scale")

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        self._adopt(locals())
        check_choice(self, ("nearest", "bilinear"), interpolation=interpolation)
        check_choice(self, FILL_MODES, fill_mode=fill_mode)

    def get_random_transformation(self, data, training=True, seed=None):
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        batch, seed = (size_of(data)[0],), seed or self.seed_generator
        probability = self._draw(batch, *self.factor, seed=seed)
        moved = self._draw(batch, seed=seed) < probability
        return {"moved": moved, "scale": self._draw((), *self.scale, seed=seed), "key": draw_seed(seed)}

    def transform_images(self, images, transformation, training=True):
        if not training or transformation is None:
            return images
        return self._clipped(self._warped(images, transformation, self.interpolation))

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._warped(segmentation_masks, transformation, "nearest")

    def _warped(self, images: Any, drawn: dict[str, Any], interpolation: str) -> Any:
        height, width = images.shape[-3:-1]
        scale, short = drawn["scale"], 0.05 * min(height, width)
        alpha, sigma = 0.1 * max(height, width) * scale, jnp.maximum(short * scale, 1e-3)
        reach = int(3 * short * self.scale[1])  # a program has one size of window, for the widest bell
        made = rubber(images, drawn["key"], alpha, sigma, reach, interpolation, self.fill_mode, self.fill_value)
        return jnp.where(spread(drawn["moved"]), made, images)
