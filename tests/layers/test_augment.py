"""Augmentation: with the same seed the images, labels and configurations of Keras; in programs as outside of them."""

import json

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests import quick
from tricera import layers, models
from tricera.engine.pure import pure
from tricera.engine.random import SeedGenerator

IMAGES = np.random.RandomState(0).uniform(0, 255, size=(3, 6, 5, 3)).astype("float32")
CASES = [
    ("Resizing", (4, 3), {}),
    ("Resizing", (4, 3), {"pad_to_aspect_ratio": True, "interpolation": "nearest"}),
    ("CenterCrop", (3, 2), {}),
    ("CenterCrop", (8, 3), {}),
    ("RandomCrop", (3, 4), {}),
    ("RandomFlip", (), {}),
    ("RandomFlip", ("vertical",), {}),
    ("RandomRotation", (0.2,), {}),
    ("RandomZoom", (0.2,), {"fill_mode": "constant", "fill_value": 3.0}),
    ("RandomZoom", ((-0.3, -0.1), 0.3), {"interpolation": "nearest"}),
    ("RandomTranslation", (0.2, (-0.3, 0.1)), {"fill_mode": "wrap"}),
    ("RandomShear", (0.2, 0.3), {}),
    ("RandomPerspective", (1.0, 0.5), {}),
    ("RandomBrightness", (0.2,), {}),
    ("RandomContrast", (0.4,), {}),
    ("RandomHue", (0.4,), {}),
    ("RandomSaturation", ((0.3, 0.8),), {}),
    ("RandomSharpness", (0.9,), {}),
    ("RandomColorDegeneration", (0.5,), {}),
    ("RandomColorJitter", (), {"brightness_factor": 0.2, "saturation_factor": (0.4, 0.6), "hue_factor": 0.1}),
    ("RandomGrayscale", (0.5,), {}),
    ("RandomInvert", (1.0,), {}),
    ("RandomPosterization", (5,), {}),
    ("Solarization", (0.2, 0.6), {}),
    ("Equalization", (), {}),
    ("AutoContrast", (), {}),
    ("RandomGaussianBlur", (1.0, 3, (0.5, 2.0)), {}),
    ("RandomErasing", (1.0, (0.3, 0.8)), {}),
    ("CutMix", (1.0,), {}),
    ("MixUp", (0.5,), {}),
    ("RandAugment", (), {"factor": 0.9, "interpolation": "nearest"}),
    ("ContrastLimitedAdaptiveHistogramEqualization", (), {"tile_grid_size": (2, 3)}),
]
SEEDLESS = ("Resizing", "CenterCrop", "Equalization", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization")


def pair(keras, name, args, kwargs):
    """The layer of Tricera and that of Keras, with one seed and one name."""
    quick.forget_names(keras)
    kwargs = kwargs if name in SEEDLESS else {**kwargs, "seed": 3}
    return [getattr(namespace, name)(*args, **kwargs) for namespace in (layers, keras.layers)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, (case[0], *case[1], *case[2].values()))))
def test_a_seed_gives_the_images_and_the_configuration_of_keras(case, keras):
    ours, theirs = pair(keras, *case)
    assert json.loads(json.dumps(ours.get_config())) == json.loads(json.dumps(theirs.get_config()))
    assert type(ours).from_config(ours.get_config()).get_config() == ours.get_config()
    mixing = case[0] in ("CutMix", "MixUp")
    data = {"images": IMAGES, "labels": np.eye(3, dtype="float32")} if mixing else IMAGES
    data = IMAGES[:1] if case[0] in ("Equalization", "RandAugment") else data  # theirs levels a batch as one image
    call = quick.jit(pure(ours, ours.variables, training=True))
    compiled, _ = call([v.value for v in ours.variables], data)
    eager, expected = ours(data, training=True), theirs(data, training=True)
    for one, other, third in zip(*map(jax.tree.leaves, (eager, expected, compiled)), strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=2e-3)
        assert_allclose(third, other, rtol=1e-4, atol=2e-3)


def test_outside_of_training_images_stay_as_they_are():
    for name, args, kwargs in CASES[5:24]:
        assert_array_equal(getattr(layers, name)(*args, **kwargs)(IMAGES, training=False), IMAGES)


def test_one_image_channels_first_and_masks():
    flip = layers.RandomFlip("horizontal", seed=1)
    flipped = IMAGES[..., ::-1, :]
    made = flip({"images": IMAGES, "segmentation_masks": IMAGES[..., :1].astype("int32")})
    for image, mask, one, other in zip(made["images"], made["segmentation_masks"], IMAGES, flipped, strict=True):
        turned = np.array_equal(image, other)
        assert turned or np.array_equal(image, one)
        assert_array_equal(mask, (other if turned else one)[..., :1].astype("int32"))
    assert layers.RandomCrop(3, 2)(IMAGES[0]).shape == (3, 2, 3)
    first = layers.Resizing(3, 2, data_format="channels_first")(np.moveaxis(IMAGES, -1, 1))
    assert_allclose(np.moveaxis(first, 1, -1), layers.Resizing(3, 2)(IMAGES), rtol=1e-5)


def test_boxes_are_mirrored_with_their_images():
    boxes = {"boxes": np.array([[[1.0, 2.0, 3.0, 4.0]]] * 3, "float32"), "labels": np.zeros((3, 1))}
    flip = layers.RandomFlip("horizontal", seed=1)
    made = flip({"images": IMAGES, "bounding_boxes": boxes})
    for image, one, box in zip(made["images"], IMAGES, made["bounding_boxes"]["boxes"], strict=True):
        assert_array_equal(box[0], [1, 2, 3, 4] if np.array_equal(image, one) else [2, 2, 4, 4])
    with pytest.raises(NotImplementedError) as error:
        layers.CutMix(name="cut")({"images": IMAGES, "bounding_boxes": boxes})
    assert str(error.value) == 'CutMix layer "cut": images that are mixed have no boxes.'


def test_boxes_and_masks_outside_of_training_stay_as_they_are():
    boxes = {"boxes": np.array([[[1.0, 2.0, 3.0, 4.0]]] * 3, "float32"), "labels": np.zeros((3, 1))}
    data = {"images": IMAGES, "segmentation_masks": (IMAGES[..., :1] > 99).astype("int32"), "bounding_boxes": boxes}
    for name, args, kwargs in (*CASES[5:24], *CASES[26:30], ("RandomElasticTransform", (), {})):
        made = getattr(layers, name)(*args, **kwargs)(data, training=False)
        for one, other in zip(*map(jax.tree.leaves, (made, data)), strict=True):
            assert_array_equal(one, other)
            assert one.dtype == jax.dtypes.canonicalize_dtype(other.dtype)


def test_jitter_draws_first_and_then_changes_what_it_is_given():
    jitter = layers.RandomColorJitter(brightness_factor=0.2, hue_factor=0.1, seed=3)
    one, other = (jitter.get_random_transformation(IMAGES, seed=SeedGenerator(5)) for _ in range(2))
    made = jitter.transform_images(IMAGES, one)
    assert_array_equal(made, jitter.transform_images(IMAGES, other))
    assert not np.allclose(made, jitter.transform_images(IMAGES, jitter.get_random_transformation(IMAGES)))
    assert_array_equal(jitter.transform_images(IMAGES, None), IMAGES)


MOVES = [
    ("RandomFlip", (), {}),
    ("RandomRotation", (0.1,), {}),
    ("RandomZoom", ((-0.1, 0.2), (-0.1, 0.2)), {}),
    ("RandomTranslation", (0.1, 0.1), {}),
    ("RandomShear", (0.1, 0.1), {}),
    ("RandomPerspective", (1.0, 0.3), {}),
    ("CenterCrop", (20, 16), {}),
    ("RandomCrop", (18, 14), {}),
    ("Resizing", (12, 15), {}),
    ("Resizing", (12, 15), {"crop_to_aspect_ratio": True}),
    ("Resizing", (12, 15), {"pad_to_aspect_ratio": True}),
    ("RandAugment", (), {"factor": 0.1}),
]


@pytest.mark.parametrize("case", MOVES, ids=lambda case: "-".join(map(str, (case[0], *case[2]))))
def test_boxes_lie_around_what_they_lay_around(case):
    name, args, kwargs = case
    images = np.zeros((2, 24, 20, 1), "float32")
    images[:, 9:14, 7:13] = 200.0
    box = np.array([[[7, 9, 13, 14.0]]] * 2, "float32") / [20, 24, 20, 24]
    kwargs = kwargs if name in SEEDLESS else {**kwargs, "seed": 5}
    layer = getattr(layers, name)(*args, bounding_box_format="rel_xyxy", **kwargs)
    data = {"images": images, "bounding_boxes": {"boxes": box, "labels": np.zeros((2, 1))}}
    made = layer({**data, "segmentation_masks": (images > 0).astype("int32")}, training=True)
    for mask, one in zip(made["segmentation_masks"], made["bounding_boxes"]["boxes"], strict=True):
        rows, columns = (np.flatnonzero(np.asarray(mask[..., 0]).any(axis)) for axis in (1, 0))
        height, width = mask.shape[:2]
        expected = [columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height]
        assert_allclose(one[0], expected, atol=1.6 / min(height, width))


def test_a_factor_that_makes_no_sense():
    with pytest.raises(ValueError) as error:
        layers.RandomContrast(2.0, name="c")
    assert str(error.value) == (
        'RandomContrast layer "c": The `factor` argument should be a number (or a list of two numbers) in the range '
        "[0.0, 1.0].\n  got:      2.0"
    )


def test_augmentation_stands_in_a_model():
    x = layers.Input((6, 5, 3))
    model = models.Model(x, layers.GlobalAveragePooling2D()(layers.RandomZoom(0.2)(layers.Rescaling(1 / 255)(x))))
    model.compile("sgd", "mse")
    assert np.isfinite(model.evaluate(IMAGES, np.zeros((3, 3)), verbose=0))
    assert model.predict(IMAGES, verbose=0).shape == (3, 3)


def test_elastic_images_move_with_their_masks_and_others_stay():
    layer = layers.RandomElasticTransform(0.5, 1.0, interpolation="nearest", seed=2)
    images = np.random.RandomState(1).randint(0, 256, (6, 32, 32, 1)).astype("float32")
    call = quick.jit(pure(layer, layer.variables, training=True))
    made, _ = call([v.value for v in layer.variables], {"images": images, "segmentation_masks": images})
    assert_array_equal(made["images"], made["segmentation_masks"])
    same = (np.asarray(made["images"]) == images).mean((1, 2, 3))
    assert 0 < (same == 1).sum() < 6 and same.min() < 0.95
    assert_array_equal(layers.RandomElasticTransform(0.0)(images, training=True), images)


def test_augmix_is_near_its_images_and_another_each_time():
    layer = layers.AugMix(factor=0.1, seed=1)
    images = np.random.RandomState(1).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    call = quick.jit(pure(layer, layer.variables, training=True))
    one, values = call([v.value for v in layer.variables], images)
    other, _ = call(values, images)
    assert one.shape == images.shape and np.min(one) >= 0 and np.max(one) <= 255
    assert not np.allclose(one, images) and not np.allclose(one, other)
    assert np.mean(np.abs(one - images)) < np.mean(np.abs(images[::-1] - images))


def test_just_so_many_boxes():
    boxes = {"boxes": np.arange(16.0).reshape(1, 4, 4), "labels": np.arange(4).reshape(1, 4)}
    for count in (3, 6):
        layer = layers.MaxNumBoundingBoxes(count, bounding_box_format="rel_xywh")
        made = layer({"images": IMAGES[:1], "bounding_boxes": boxes})["bounding_boxes"]
        expected = np.full((1, count, 4), -1.0)
        expected[:, :4] = boxes["boxes"][:, :count]
        assert_array_equal(made["boxes"], expected)
        assert_array_equal(made["labels"], [[0, 1, 2, 3, -1, -1][:count]] if count > 4 else [[0, 1, 2]])


def test_levelled_images_have_whole_numbers_and_one_colour_stays():
    level = layers.Equalization(value_range=(0, 255))
    assert_array_equal(level(np.full((1, 4, 4, 1), 128, "float32")), 128)
    levelled = np.asarray(level(IMAGES))
    assert_array_equal(levelled, levelled.round())


def test_two_numbers_of_a_factor_come_in_any_order():
    assert layers.RandomBrightness((0.5, 0.4)).factor == (0.4, 0.5)
    layers.RandomZoom((-0.4, -0.5))


def test_a_bell_of_no_width_blurs_nothing():
    blur = layers.RandomGaussianBlur(1.0, sigma=0)
    drawn = {"factor": np.ones(3, bool), "sigma": np.zeros(2, "float32")}
    assert_allclose(blur.transform_images(IMAGES, drawn), IMAGES, rtol=1e-6)
