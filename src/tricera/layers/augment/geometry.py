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
from tricera.layers.augment.augment import Augment, either_side, shape_of, spread, uniform
from tricera.layers.augment.boxes import moved
from tricera.ops.image.warp import homography, rubber

FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")


class _Warping(Augment):
    """Base: `_warped(images, drawn, interpolation)`; masks are read at the nearest pixel."""

    moves = True

    def _adopt(self, given):
        super()._adopt(given)
        check_choice(self, ("nearest", "bilinear"), interpolation=self.interpolation)
        if "fill_mode" in given:
            check_choice(self, FILL_MODES, fill_mode=self.fill_mode)

    def _images(self, x, drawn):
        return self._warped(x, drawn, self.interpolation)

    def _masks(self, x, drawn):
        return self._warped(x, drawn, "nearest")

    def _warped(self, images: Any, drawn: dict[str, Any], interpolation: str) -> Any:
        raise abstract(self, "_warped")


class _Affine(_Warping):
    """Base: an affine map for each image, `matrix(drawn, height, width)`, `(batch, 6)`."""

    bounds, signed = (-1.0, 1.0), True

    def get_random_transformation(self, data, training=True, seed=None):
        drawn = super().get_random_transformation(data, training, seed)
        return drawn and {**drawn, "size": shape_of(data)[-3:-1]}

    def _warped(self, images, drawn, interpolation):
        rows = self.matrix(drawn, *images.shape[-3:-1])
        maps = jnp.concatenate([rows, jnp.zeros((rows.shape[0], 2), rows.dtype)], 1)
        return ops.image.affine_transform(images, maps, interpolation, self.fill_mode, self.fill_value, "channels_last")

    def _boxes(self, x, drawn):
        rows = self.matrix(drawn, *drawn["size"]).reshape(-1, 2, 3)
        back = jnp.linalg.inv(rows[..., :2])
        return moved(x, jnp.concatenate([back, -back @ rows[..., 2:]], -1))

    def matrix(self, drawn: dict[str, Any], height: int, width: int) -> Any:
        """`(a0, a1, a2, b0, b1, b2)`: the pixel at `(x, y)` is read at `(a0 x + a1 y + a2, b0 x + b1 y + b2)`."""
        raise abstract(self, "matrix")


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

    def _draws(self, shape, seed):
        return {"flips": uniform(shape[:1], seed=seed) <= 0.5, "size": shape[-3:-1]}

    def _images(self, x, drawn):
        axes = [axis for axis, name in ((-3, "vertical"), (-2, "horizontal")) if name in self.mode]
        return jnp.where(spread(drawn["flips"]), jnp.flip(x, axes), x)

    def _boxes(self, x, drawn):
        left, top, right, bottom = jnp.split(x, 4, -1)
        height, width = drawn["size"]
        if "horizontal" in self.mode:
            left, right = width - right, width - left
        if "vertical" in self.mode:
            top, bottom = height - bottom, height - top
        return jnp.where(spread(drawn["flips"], 3), jnp.concatenate([left, top, right, bottom], -1), x)


@register("layer")
class RandomRotation(_Affine):
    """Turned around the middle.

    Args:
        factor: a share of the full circle, to the left where positive.
        fill_mode, fill_value: what lies beyond the edges, as in `ops.image.affine_transform`.
    """

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

    def _draws(self, shape, seed):
        return {"angle": uniform(shape[:1], *(360.0 * factor for factor in self.factor), seed=seed)}

    def matrix(self, drawn, height, width):
        angle = drawn["angle"] * (np.pi / 180)
        cos, sin, w, h = jnp.cos(angle), jnp.sin(angle), width - 1, height - 1
        x, y = (w - (cos * w - sin * h)) / 2, (h - (sin * w + cos * h)) / 2
        return jnp.stack([cos, -sin, x, sin, cos, y], 1)


@register("layer")
class RandomZoom(_Affine):
    """Scaled around the middle: `f` below 0 zooms in, above 0 out.

    Args:
        width_factor: that of the height, drawn together with it, where None.
    """

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

    def _draws(self, shape, seed):
        high = uniform(shape[:1], *(1.0 + factor for factor in self._high), seed=seed)
        wide = self._wide and uniform(shape[:1], *(1.0 + factor for factor in self._wide), seed=seed)
        return {"height": high, "width": high if wide is None else wide}

    def matrix(self, drawn, height, width):
        h, w = drawn["height"], drawn["width"]
        zero = jnp.zeros_like(h)
        return jnp.stack([w, zero, (width - 1) / 2 * (1 - w), zero, h, (height - 1) / 2 * (1 - h)], 1)


@register("layer")
class RandomTranslation(_Affine):
    """Moved down and to the right by drawn shares of height and width."""

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

    def _draws(self, shape, seed):
        height, width = (uniform(shape[:1], *factor, seed=seed) for factor in (self._high, self._wide))
        return {"height": height, "width": width}

    def matrix(self, drawn, height, width):
        one, zero = jnp.ones_like(drawn["height"]), jnp.zeros_like(drawn["height"])
        return jnp.stack([one, zero, -drawn["width"] * width, zero, one, -drawn["height"] * height], 1)


@register("layer")
class RandomShear(_Affine):
    """Slanted: each row moved sideways by `f` times its number, each column down."""

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

    def _draws(self, shape, seed):
        side = either_side(shape, seed)
        y, x = (side * uniform(shape[:1], *factor, seed=seed) for factor in (self.y_factor, self.x_factor))
        return {"y": y, "x": x}

    def matrix(self, drawn, height, width):
        one, zero = jnp.ones_like(drawn["x"]), jnp.zeros_like(drawn["x"])
        return jnp.stack([one, drawn["x"], zero, drawn["y"], one, zero], 1)


@register("layer")
class RandomPerspective(_Warping):
    """Seen from elsewhere, with a probability drawn from `factor`.

    Args:
        scale: how far the corners move, as a share of their distance.
    """

    def __init__(
        self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs
    ):
        self._adopt(locals())
        check_fraction(self, scale=scale)

    def _draws(self, shape, seed):
        chosen, (height, width) = self._chosen(shape, seed), shape[-3:-1]
        start = jnp.asarray([[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]])
        start = jnp.broadcast_to(start, (shape[0], 4, 2))
        off = uniform(start.shape, -0.5 * self.scale, 0.5 * self.scale, seed=seed)
        return {"moved": chosen, "start": start, "end": start + start * off}

    def _boxes(self, x, drawn):
        h = jax.vmap(homography)(drawn["start"], drawn["end"])
        ends = moved(x, jnp.pad(h, ((0, 0), (0, 1)), constant_values=1.0).reshape(-1, 3, 3))
        return jnp.where(spread(drawn["moved"], 3), ends, x)

    def _warped(self, images, drawn, interpolation):
        corners = (drawn["start"], drawn["end"], interpolation, self.fill_value, "channels_last")
        return jnp.where(spread(drawn["moved"]), ops.image.perspective_transform(images, *corners), images)


@register("layer")
class RandomElasticTransform(_Warping):
    """As on rubber: pixels moved by smooth noise, with a probability drawn from `factor`.

    Args:
        scale: of the noise, one for the batch: at 1 its strength is a tenth of the longer side, before it is blurred
            by a twentieth of the shorter one.

    Reference: Simard et al., 2003, "Best practices for convolutional neural networks".
    """

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

    def _draws(self, shape, seed):
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        chosen = self._chosen(shape, seed)
        return {"moved": chosen, "scale": uniform((), *self.scale, seed=seed), "key": draw_seed(seed)}

    def _images(self, x, drawn):
        return self._clipped(super()._images(x, drawn))

    def _warped(self, images, drawn, interpolation):
        height, width = images.shape[-3:-1]
        scale, short = drawn["scale"], 0.05 * min(height, width)
        alpha, sigma = 0.1 * max(height, width) * scale, jnp.maximum(short * scale, 1e-3)
        reach = int(3 * short * self.scale[1])  # a program has one size of window, for the widest bell
        made = rubber(images, drawn["key"], alpha, sigma, reach, interpolation, self.fill_mode, self.fill_value)
        return jnp.where(spread(drawn["moved"]), made, images)
