"""What the augmentation layers share: draws first, then what they do to images, labels, boxes and masks."""

from typing import Any

import jax
from jax import numpy as jnp
from jax import tree_util

from tricera import random
from tricera.engine.graph import is_symbolic_leaf
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.errors import abstract, report
from tricera.layers.arguments import adopt, check_choice
from tricera.layers.augment import boxes

_PARTS = ("images", "labels", "bounding_boxes", "segmentation_masks", "targets")


class Augment(Layer):
    """Base: `get_random_transformation` draws, `transform_images` and its relatives apply what was drawn.

    Shapes: `(batch, height, width, channels)`, or one image, or channels first; or a dict with `"images"` and perhaps
    `"labels"`, `"bounding_boxes"` (itself a dict of `"boxes"` and `"labels"`) and `"segmentation_masks"`.

    Args:
        factor: how strong: the lowest and the highest of what is drawn, or the highest alone.
        value_range: the lowest and the highest value of a pixel.
        seed: an integer.
        bounding_box_format: of the boxes that come with images, as in `utils.bounding_boxes.convert_format`; `"xyxy"`
            by default. Boxes are cut at the edges; the label of one of which nothing is left is -1.

    Outside of training the input comes back as it is.
    """

    stateless = True
    bounds: tuple[float, float] = (0.0, 1.0)  # of `factor`
    signed = False  # whether one number `f` means `(-f, f)`, not `(lowest, f)`
    names_of_factors: tuple[str, ...] = ("factor",)
    moves = False  # whether pixels change their places, and so boxes and masks theirs

    def _adopt(self, given: dict[str, Any], random: bool = True) -> None:
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
        if random:
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
            raise ValueError(
                report(
                    f"{where(self)}: The `{name}` argument should be a number (or a list of two numbers) in the range "
                    f"[{low}, {high}].",
                    got=repr(value),
                )
            )
        low, high = sorted(found)
        return low, high

    def _check_values(self, value_range: Any) -> None:
        if not isinstance(value_range, list | tuple) or len(value_range) != 2 or value_range[0] >= value_range[1]:
            raise ValueError(
                report(
                    f"{where(self)}: The `value_range` argument should be a list of two numbers, the lower first.",
                    got=repr(value_range),
                )
            )

    # ---- seams

    def get_random_transformation(self, data, training=True, seed=None):
        """What this call draws, for `transform_images` and its relatives."""
        return

    def transform_images(self, images, transformation, training=True):
        """The images `(batch, height, width, channels)`, in the dtype of computation."""
        raise abstract(self, "transform_images")

    def transform_labels(self, labels, transformation, training=True):
        """The labels."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """A dict of `"boxes"` `(batch, count, 4)`, left, top, right, bottom in pixels, and `"labels"`."""
        if self.moves:
            raise NotImplementedError(
                report(
                    f"{where(self)} does not move bounding boxes.",
                    fix="augment images with boxes by layers that move them by an affine map, or change colours only.",
                )
            )
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """The masks: as the images where pixels change their places."""
        return self.transform_images(segmentation_masks, transformation, training) if self.moves else segmentation_masks

    # ---- calling

    def __call__(self, data, *args, **kwargs):
        return super().__call__(_arrays(data), *args, **kwargs)

    def call(self, data, training=True):
        if not isinstance(data, dict):
            return self._whole({"images": data}, training)["images"]
        unknown = sorted(set(data) - set(_PARTS))
        if "images" not in data or unknown:
            raise ValueError(
                report(
                    f"{where(self)}: a dict of data has `images`, and perhaps {', '.join(_PARTS[1:])}.",
                    got=sorted(data),
                )
            )
        return self._whole(data, training)

    def _whole(self, data: dict[str, Any], training: Any) -> dict[str, Any]:
        first = self.data_format == "channels_first"
        if data["images"].ndim not in (3, 4):
            shape = tuple(data["images"].shape)
            raise ValueError(
                report(f"{where(self)}: Expected the input image to be rank 3 or 4.", got=f"shape {shape}")
            )
        single = data["images"].ndim == 3
        made = tree_util.tree_map(lambda x: x[None], data) if single else dict(data)
        for name in ("images", "segmentation_masks"):
            if name in made:
                x = jnp.moveaxis(made[name], -3, -1) if first else made[name]
                made[name] = x.astype(self.compute_dtype) if name == "images" else x
        drawn = self.get_random_transformation(made, training=training)
        size = size_of(made)[1:]
        for name in list(made):
            transform = getattr(self, f"transform_{name}", self.transform_labels)
            given = self._converted(made[name], True, *size) if name == "bounding_boxes" else made[name]
            made[name] = transform(given, drawn, training)
        if "bounding_boxes" in made:
            made["bounding_boxes"] = self._converted(made["bounding_boxes"], False, *size_of(made)[1:])
        for name in ("images", "segmentation_masks"):
            if name in made and first:
                made[name] = jnp.moveaxis(made[name], -1, -3)
        made["images"] = made["images"].astype(self.compute_dtype)
        return tree_util.tree_map(lambda x: x[0], made) if single else made

    def _converted(self, found: Any, inwards: bool, height: int, width: int) -> Any:
        """Boxes from the format that the user has, to the one that layers compute in; or back, cut at the edges."""
        form = self.bounding_box_format or "xyxy"
        if not self.moves:
            return found
        if inwards:
            return boxes.convert_format(found, form, "xyxy", height, width)
        return boxes.convert_format(boxes.clip_to_image_size(found, height, width), "xyxy", form, height, width)

    def _draw(self, shape: Any, low: float = 0.0, high: float = 1.0, seed: Any = None) -> Any:
        return random.uniform(tuple(shape), low, high, dtype="float32", seed=seed or self.seed_generator)

    def _clipped(self, images: Any) -> Any:
        return jnp.clip(images, *self.value_range)

    def _unit(self, x: Any) -> Any:
        low, high = self.value_range
        return (x - low) / (high - low)

    def _valued(self, x: Any) -> Any:
        low, high = self.value_range
        return x * (high - low) + low

    def get_config(self):
        boxes = {} if self.bounding_box_format is None else {"bounding_box_format": self.bounding_box_format}
        return {**super().get_config(), **boxes, "data_format": self.data_format}


def size_of(data: Any) -> tuple[Any, Any, Any]:
    """Batch size, height and width of images, or of data with images."""
    images = data["images"] if isinstance(data, dict) else data
    return images.shape[0], images.shape[-3], images.shape[-2]


def spread(x: Any) -> Any:
    """`(batch,) -> (batch, 1, 1, 1)`."""
    return jnp.reshape(x, (-1, 1, 1, 1))


def _arrays(data: Any) -> Any:
    def one(x: Any) -> Any:
        return x if is_symbolic_leaf(x) or isinstance(x, jax.Array) else jnp.asarray(x)

    if isinstance(data, dict):
        return {name: _arrays(value) for name, value in data.items()}
    return one(data)
