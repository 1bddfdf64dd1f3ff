"""What the augmentation layers share: draws first, then what they do to images, labels, boxes and masks."""

import functools
from collections.abc import Callable
from typing import Any

import jax
from jax import numpy as jnp
from jax import tree_util

from tricera import random
from tricera.engine.graph import is_symbolic_leaf
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.errors import abstract
from tricera.layers.arguments import adopt, check_choice, mistake
from tricera.layers.augment import boxes

_PARTS = ("images", "labels", "bounding_boxes", "segmentation_masks", "targets")
uniform = functools.partial(random.uniform, dtype="float32")


class Augment(Layer):
    """Base: `_draws` says what a call draws; `_images` and its relatives apply what was drawn.

    Shapes: `(batch, height, width, channels)`, or one image, or channels first; or a dict with `"images"` and perhaps
    `"labels"`, `"bounding_boxes"` (itself a dict of `"boxes"` and `"labels"`) and `"segmentation_masks"`.

    Args:
        factor: how strong: the lowest and the highest of what is drawn, or the highest alone.
        value_range: the lowest and the highest value of a pixel.
        seed: an integer.
        bounding_box_format: of the boxes that come with images, as in `utils.bounding_boxes.convert_format`; `"xyxy"`
            by default. Boxes are cut at the edges; the label of one of which nothing is left is -1.

    Outside of training the input of what is random comes back as it is.
    """

    stateless = True
    bounds: tuple[float, float] = (0.0, 1.0)  # of `factor`
    signed = False  # whether one number `f` means `(-f, f)`, not `(lowest, f)`
    names_of_factors: tuple[str, ...] = ("factor",)
    moves = False  # whether pixels change their places, and so boxes and masks theirs
    always = False  # whether it acts outside of training, and where nothing was drawn
    seed_generator: SeedGenerator | None = None
    config_if_set = ("bounding_box_format",)

    def _adopt(self, given: dict[str, Any]) -> None:
        extra = dict(given["kwargs"])
        given = {"data_format": extra.pop("data_format", None), **given}
        self.bounding_box_format = extra.pop("bounding_box_format", None)
        Layer.__init__(self, **({"name": given["name"]} if "name" in given else {}), **extra)
        adopt(self, {name: value for name, value in given.items() if not name.startswith("_")})
        for name in self.names_of_factors:
            if hasattr(self, name):
                setattr(self, name, self._range(name, getattr(self, name)))
        if self.bounding_box_format is not None:
            check_choice(self, boxes.FORMATS, bounding_box_format=self.bounding_box_format)
        if "value_range" in given:
            self._check_values(given["value_range"])
        if "seed" in given:
            self.seed_generator = SeedGenerator(given["seed"])

    def _range(self, name: str, value: Any) -> tuple[float, float]:
        """The lowest and the highest draw.

        Raises:
            ValueError: no number or two, or outside of the bounds.
        """
        low, high = self.bounds
        if isinstance(value, int | float):
            found: Any = (-abs(value), abs(value)) if self.signed else (low, value)
        else:
            found = tuple(value) if isinstance(value, list | tuple) else ()
        if len(found) != 2 or not all(isinstance(x, int | float) and low <= x <= high for x in found):
            what = f"The `{name}` argument should be a number (or a list of two numbers) in the range [{low}, {high}]."
            raise mistake(self, what, got=repr(value))
        low, high = sorted(found)
        return low, high

    def _check_values(self, value_range: Any) -> None:
        if not isinstance(value_range, list | tuple) or len(value_range) != 2 or value_range[0] >= value_range[1]:
            what = "The `value_range` argument should be a list of two numbers, the lower first."
            raise mistake(self, what, got=repr(value_range))

    # ---- what a subclass computes

    def _draws(self, shape: tuple, seed: Any) -> dict[str, Any] | None:
        """What is drawn for images of this shape; None where nothing is to be changed."""
        return None

    def _images(self, x: Any, drawn: Any) -> Any:
        """The images `(batch, height, width, channels)`, in the dtype of computation."""
        raise abstract(self, "transform_images")

    def _labels(self, x: Any, drawn: Any) -> Any:
        return x

    def _boxes(self, x: Any, drawn: Any) -> Any:
        """The boxes `(batch, count, 4)`: left, top, right, bottom in pixels."""
        fix = "augment images with boxes by layers that move them by an affine map, or change colours only."
        raise mistake(self, "it does not move bounding boxes.", kind=NotImplementedError, fix=fix)

    def _labelled_boxes(self, found: dict[str, Any], drawn: Any) -> dict[str, Any]:
        """A dict of `"boxes"` and `"labels"`."""
        return {**found, "boxes": self._boxes(found["boxes"], drawn)} if self.moves else found

    def _masks(self, x: Any, drawn: Any) -> Any:
        """The masks: as the images where pixels change their places."""
        return self._images(x, drawn) if self.moves else x

    def _chosen(self, shape: tuple, seed: Any) -> Any:
        """Which images are changed: with a probability drawn from `factor`."""
        probability = uniform(shape[:1], *self.factor, seed=seed)
        return uniform(shape[:1], seed=seed) < probability

    # ---- seams

    def get_random_transformation(self, data, training=True, seed=None):
        """What this call draws, for `transform_images` and its relatives."""
        return self._draws(shape_of(data), seed or self.seed_generator) if training or self.always else None

    def _applied(self, change: Callable, x: Any, drawn: Any, training: Any) -> Any:
        return change(x, drawn) if self.always or (training and drawn is not None) else x

    def transform_images(self, images, transformation, training=True):
        """The images, under what was drawn."""
        return self._applied(self._images, images, transformation, training)

    def transform_labels(self, labels, transformation, training=True):
        """The labels."""
        return self._applied(self._labels, labels, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """A dict of `"boxes"` `(batch, count, 4)`, left, top, right, bottom in pixels, and `"labels"`."""
        return self._applied(self._labelled_boxes, bounding_boxes, transformation, training)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """The masks."""
        return self._applied(self._masks, segmentation_masks, transformation, training)

    # ---- calling

    def __call__(self, data, *args, **kwargs):
        return super().__call__(_arrays(data), *args, **kwargs)

    def call(self, data, training=True):
        if not isinstance(data, dict):
            return self._whole({"images": data}, training)["images"]
        unknown = sorted(set(data) - set(_PARTS))
        if "images" not in data or unknown:
            what = f"a dict of data has `images`, and perhaps {', '.join(_PARTS[1:])}."
            raise mistake(self, what, got=sorted(data))
        return self._whole(data, training)

    def _whole(self, data: dict[str, Any], training: Any) -> dict[str, Any]:
        shape = tuple(data["images"].shape)
        if len(shape) not in (3, 4):
            what = "Expected the input image to be rank 3 or 4."
            raise mistake(self, what, got=f"shape {shape}")
        made = tree_util.tree_map(lambda x: x[None], data) if len(shape) == 3 else dict(data)
        made = self._channels_moved(made, -3, -1)
        made["images"] = made["images"].astype(self.compute_dtype)
        drawn = self.get_random_transformation(made, training=training)
        form, bounded = self.bounding_box_format or "xyxy", self.moves and "bounding_boxes" in made
        if bounded:
            size = made["images"].shape[1:3]
            made["bounding_boxes"] = boxes.convert_format(made["bounding_boxes"], form, "xyxy", *size)
        for name, x in made.items():
            made[name] = getattr(self, f"transform_{name}", self.transform_labels)(x, drawn, training)
        if bounded:
            size = made["images"].shape[1:3]
            cut = boxes.clip_to_image_size(made["bounding_boxes"], *size)
            made["bounding_boxes"] = boxes.convert_format(cut, "xyxy", form, *size)
        made = self._channels_moved(made, -1, -3)
        made["images"] = made["images"].astype(self.compute_dtype)
        return tree_util.tree_map(lambda x: x[0], made) if len(shape) == 3 else made

    def _channels_moved(self, data: dict[str, Any], source: int, target: int) -> dict[str, Any]:
        """The data; where channels come first, those of images and masks moved from one axis to another."""
        if self.data_format == "channels_last":
            return data
        pixels = ("images", "segmentation_masks")
        return {name: jnp.moveaxis(x, source, target) if name in pixels else x for name, x in data.items()}

    def _clipped(self, images: Any) -> Any:
        return jnp.clip(images, *self.value_range)

    def _unit(self, x: Any) -> Any:
        low, high = self.value_range
        return (x - low) / (high - low)

    def _valued(self, x: Any) -> Any:
        low, high = self.value_range
        return x * (high - low) + low

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


def shape_of(data: Any) -> tuple:
    """The shape of images, or of those of a dict."""
    return (data["images"] if isinstance(data, dict) else data).shape


def either_side(shape: tuple, seed: Any) -> Any:
    """-1 or 1 for each image."""
    return jnp.where(uniform(shape[:1], seed=seed) > 0.5, -1.0, 1.0)


def spread(x: Any, ndim: int = 4) -> Any:
    """`(batch,) -> (batch, 1, 1, 1)`, or of another rank."""
    return jnp.reshape(x, (-1, *[1] * (ndim - 1)))


def _arrays(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _arrays(value) for name, value in data.items()}
    return data if is_symbolic_leaf(data) or isinstance(data, jax.Array) else jnp.asarray(data)
