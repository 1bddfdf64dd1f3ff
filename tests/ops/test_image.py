"""Images: what real Keras makes of them, and their symbolic shapes."""

import inspect

import numpy as np
import pytest

from tricera.engine.graph import KerasTensor
from tricera.ops import image

X = (np.sin(np.arange(2 * 5 * 6 * 3, dtype="float32") ** 1.5).reshape(2, 5, 6, 3) + 1) / 2
BYTES = (X * 255).astype("uint8")
BIG = np.cos(np.arange(2 * 12 * 13 * 3, dtype="float32")).reshape(2, 12, 13, 3)
FIRST = {"data_format": "channels_first"}
TURN = np.array([[0.9, -0.3, 0.5, 0.2, 1.1, -0.4, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0]], "float32")
CORNERS = np.array([[0, 0], [5, 0], [0, 4], [5, 4]], "float32")
MOVED = np.array([[1, 0], [5, 1], [0, 4], [4, 3]], "float32")
METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")

CASES = [
    *(("resize", X, (7, 4), method, antialias) for method in METHODS for antialias in (False, True)),
    *(("resize", BYTES, (3, 8), method) for method in METHODS),
    ("resize", X[0], (10, 12)),
    ("resize", X, (4, 4), "bilinear", False, True),
    ("resize", X, (4, 3), "bilinear", False, False, True, "constant", 2.0),
    ("crop_images", X, 1, 2, 1, None, None, 3),
    ("crop_images", X[0], None, 0, 1, 1, 3),
    ("pad_images", X, 1, 2, 1, None, None, 9),
    ("pad_images", X, 1, 2, None, 0, 8),
    ("extract_patches", X, (2, 3)),
    ("extract_patches", X, 2, 1, 1, "same"),
    ("extract_patches", X, 2, 1, 2),
    ("extract_patches_3d", X[None], 2, 1),
    ("rgb_to_grayscale", X),
    ("rgb_to_hsv", X),
    ("hsv_to_rgb", X),
    ("sobel_edges", X),
    ("ssim", BIG, BIG * 0.9),
    ("map_coordinates", X[0, :, :, 0], np.array([[0.5, 1.2], [2.0, 3.7]], "float32"), 1),
    ("map_coordinates", X[0, :, :, 0], np.array([[0.4, 9.2], [2.0, 3.7]], "float32"), 0, "nearest"),
    *(("affine_transform", X, TURN, "bilinear", fill) for fill in FILLS),
    ("affine_transform", X, TURN, "nearest", "constant", 3),
    ("affine_transform", X[0], TURN[0]),
    ("perspective_transform", X[0], CORNERS, MOVED),
    ("perspective_transform", X, np.stack([CORNERS, MOVED]), np.stack([MOVED, CORNERS]), "nearest", 1.0),
    ("scale_and_translate", X, (2, 7, 8, 3), [1.4, 1.3], [0.5, -1.0], (1, 2), "linear"),
]
NUMBERS = [f"{number}-{case[0]}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=NUMBERS)
def test_as_keras(keras, case):
    name, *args = case
    got, expected = getattr(image, name)(*args), getattr(keras.ops.image, name)(*args)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1 if got.dtype == "uint8" else 1e-4)


@pytest.mark.parametrize("case", CASES, ids=NUMBERS)
def test_symbolic_and_channels_first(case):
    name, x, *args = case
    function = getattr(image, name)
    eager = function(x, *args)
    if x.ndim == 4 and name not in ("ssim", "scale_and_translate", "affine_transform", "perspective_transform"):
        made = function(KerasTensor((None, *x.shape[1:]), x.dtype.name), *args)
        assert (made.shape, made.dtype) == ((None, *eager.shape[1:]), eager.dtype.name)
    if "data_format" in inspect.signature(function).parameters and x.ndim == 4 and name != "ssim":
        first = function(np.moveaxis(x, -1, 1), *args, data_format="channels_first")
        np.testing.assert_allclose(np.moveaxis(first, 1, 3), eager, rtol=1e-5, atol=1e-6)


def test_unknown_height_and_width():
    x = KerasTensor((None, None, None, 3))
    assert image.resize(x, (4, 5)).shape == (None, 4, 5, 3)
    assert image.resize(x, (4, 5), crop_to_aspect_ratio=True).shape == (None, 4, 5, 3)
    assert image.rgb_to_grayscale(x).shape == (None, None, None, 1)
    assert image.crop_images(x, 2, 3, target_height=5, right_cropping=1).shape == (None, 5, None, 3)
    assert image.pad_images(x, 2, 3, target_height=9, target_width=8).shape == (None, 9, 8, 3)


def test_gaussian_blur():
    """Keras 3.15 on JAX uses only the middle row of the window: not an oracle."""
    spot = np.zeros((1, 7, 7, 2), "float32")
    spot[0, 3, 3] = 1, 2
    down, right = (np.exp(-0.5 * (np.arange(-n, n + 1) / sigma) ** 2) for n, sigma in ((1, 0.5), (2, 2.0)))
    made = image.gaussian_blur(spot, (5, 3), (2.0, 0.5))
    window = np.outer(down / down.sum(), right / right.sum())
    np.testing.assert_allclose(made[0, 2:5, 1:6, 1], 2 * window, rtol=1e-5)
    np.testing.assert_allclose(np.sum(made, (0, 1, 2)), [1, 2], rtol=1e-5)
    assert image.gaussian_blur(KerasTensor((None, 7, 7, 2))).shape == (None, 7, 7, 2)


def test_elastic_transform_moves_pixels_a_little():
    made = image.elastic_transform(BIG, alpha=2.0, sigma=1.0, seed=1)
    assert made.shape == BIG.shape
    assert not np.allclose(made, BIG)
    np.testing.assert_allclose(image.elastic_transform(BIG, alpha=0.0, seed=1), BIG, atol=1e-6)


def test_messages():
    with pytest.raises(ValueError) as caught:
        image.resize(X, (2, 2), "cubic")
    assert str(caught.value) == (
        "Invalid value for argument `interpolation`.\n"
        "  expected: nearest, bilinear, bicubic, lanczos3, lanczos5\n"
        "  got:      'cubic'"
    )
    with pytest.raises(ValueError) as caught:
        image.resize(X[0, 0], (2, 2))
    assert str(caught.value) == (
        "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images).\n  got:      shape (6, 3)"
    )
    with pytest.raises(ValueError) as caught:
        image.crop_images(X, 1, 1, 1, 1, 3)
    assert str(caught.value) == (
        "Must specify exactly two of top_cropping, bottom_cropping, target_height.\n  got:      1, 1, 3"
    )
