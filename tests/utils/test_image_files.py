"""Pictures in files and as arrays: what real Keras gives, and what is said of files that are no good."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from tricera import utils
from tricera.errors import SafetyError
from tricera.preprocessing.image import list_pictures, load_img, smart_resize

PIXELS = np.random.RandomState(0).randint(0, 256, (12, 17, 4)).astype("uint8")


@pytest.fixture
def pictures(tmp_path):
    """The same picture in several kinds."""
    for mode in ("RGB", "RGBA", "L", "P"):
        Image.fromarray(PIXELS).convert(mode).save(tmp_path / f"{mode}.png")
    Image.fromarray(PIXELS[..., 0].astype("uint16") * 200).save(tmp_path / "deep.png")
    Image.fromarray(PIXELS[..., :3]).save(tmp_path / "photo.jpg")
    return tmp_path


SETTINGS = [
    {},
    {"color_mode": "grayscale"},
    {"color_mode": "rgba"},
    {"target_size": (5, 9)},
    {"target_size": (5, 9), "keep_aspect_ratio": True, "interpolation": "bilinear"},
    {"target_size": (20, 9), "keep_aspect_ratio": True, "interpolation": "lanczos"},
    {"target_size": (24, 30), "interpolation": "bicubic", "color_mode": "grayscale"},
    {"target_size": (7, 7), "interpolation": "box"},
    {"target_size": (7, 7), "interpolation": "hamming"},
]


@pytest.mark.filterwarnings("ignore:Palette images")
@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
def test_load_img(keras, pictures, settings):
    for path in sorted(pictures.iterdir()):
        ours, theirs = (module.load_img(path, **settings) for module in (utils, keras.utils))
        assert ours.mode == theirs.mode
        for data_format in ("channels_last", "channels_first"):
            our, their = (
                module.img_to_array(image, data_format) for module, image in ((utils, ours), (keras.utils, theirs))
            )
            assert our.dtype == their.dtype
            np.testing.assert_array_equal(our, their)


def test_content_in_memory_and_words_of_older_keras(pictures):
    path = pictures / "RGB.png"
    memory = io.BytesIO(path.read_bytes())
    assert load_img(memory).size == load_img(str(path).encode()).size == (17, 12)
    assert not memory.closed
    assert [load_img(path, True).mode, load_img(path, grayscale=True).mode, load_img(path, False).mode] == [
        "L",
        "L",
        "RGB",
    ]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("settings", [{}, {"scale": False}, {"data_format": "channels_first"}], ids=repr)
def test_array_to_img_and_back(keras, channels, settings):
    x = PIXELS[..., :channels].astype("float32")
    x = x.transpose(2, 0, 1) if settings.get("data_format") else x
    ours, theirs = (module.array_to_img(x, **settings) for module in (utils, keras.utils))
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


def test_constant_and_deep_images(keras):
    for x, scale in ((np.full((2, 3, 1), 7.0), True), (np.full((2, 3, 1), 700.0), False)):
        ours, theirs = (np.asarray(module.array_to_img(x, scale=scale)) for module in (utils, keras.utils))
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_save_img(tmp_path):
    x = PIXELS[..., :3]
    utils.save_img(tmp_path / "a.png", x, scale=False)
    np.testing.assert_array_equal(utils.img_to_array(load_img(tmp_path / "a.png")), x)
    utils.save_img(str(tmp_path / "b.jpg"), x, scale=False, quality=95)
    memory = io.BytesIO()
    utils.save_img(memory, x, file_format="bmp")
    assert Image.open(memory).format == "BMP"
    with pytest.warns(UserWarning, match="does not support RGBA images, converting to RGB"):
        utils.save_img(tmp_path / "c.jpg", PIXELS)
    assert load_img(tmp_path / "c.jpg").mode == "RGB"


def test_list_pictures(pictures):
    (pictures / "more").mkdir()
    Image.fromarray(PIXELS).save(pictures / "more" / "z.bmp")
    (pictures / "notes.txt").write_text("no picture")
    names = [path[len(str(pictures)) + 1 :] for path in list_pictures(str(pictures))]
    assert names == ["L.png", "P.png", "RGB.png", "RGBA.png", "deep.png", "photo.jpg", "more/z.bmp"]
    assert len(list_pictures(pictures, "jpg|bmp")) == 2


def test_smart_resize(keras):
    x = PIXELS[..., :3].astype("float32")
    expected = keras.preprocessing.image.smart_resize(x, (5, 9))
    np.testing.assert_allclose(smart_resize(x, (5, 9)), expected, rtol=1e-5, atol=1e-3)
    batch = smart_resize(x[None].transpose(0, 3, 1, 2), (5, 9), data_format="channels_first")
    assert isinstance(batch, np.ndarray)
    np.testing.assert_allclose(batch[0].transpose(1, 2, 0), smart_resize(x, (5, 9)), rtol=1e-5)


def written(folder, content):
    (folder / "x.png").write_bytes(content)
    return folder / "x.png"


def png(folder):
    return (folder / "RGB.png").read_bytes()


ERRORS = {
    "lost": (
        FileNotFoundError,
        lambda folder: load_img(folder / "no.png"),
        "The image '{folder}/no.png' is not there.\n  fix:      check its path.",
    ),
    "truncated": (
        OSError,
        lambda folder: load_img(written(folder, png(folder)[:100])),
        """
The image '{folder}/x.png' cannot be read.
  expected: a whole image file
  got:      image file is truncated
""",
    ),
    "another file": (
        OSError,
        lambda folder: load_img(io.BytesIO(b"hello")),
        "The image in memory cannot be read.\n  expected: a whole image file\n  got:      no image format",
    ),
    "color mode": (
        ValueError,
        lambda folder: load_img(folder / "L.png", color_mode="gray"),
        """
Invalid `color_mode`.
  expected: 'grayscale', 'rgb', 'rgba'
  got:      'gray'
  fix:      did you mean 'grayscale'?
""",
    ),
    "a batch": (
        ValueError,
        lambda folder: utils.array_to_img(np.zeros((1, 2, 2, 3))),
        """
Expected image array to have rank 3 (single image). Got array with shape: (1, 2, 2, 3).
  fix:      give one image of the batch: `x[0]`.
""",
    ),
    "channels": (
        ValueError,
        lambda folder: utils.array_to_img(np.zeros((2, 2, 5))),
        "Unsupported channel number: 5.\n  expected: 1, 3 or 4 channels",
    ),
    "axes": (
        ValueError,
        lambda folder: utils.img_to_array(np.zeros(3)),
        "Unsupported image shape: (3,).\n  expected: two or three axes",
    ),
    "no size": (
        ValueError,
        lambda folder: smart_resize(PIXELS, (1, 2, 3)),
        "`size` is no size.\n  expected: a tuple of 2 integers\n  got:      (1, 2, 3)",
    ),
    "no image": (
        ValueError,
        lambda folder: smart_resize(PIXELS[0], (1, 2)),
        """
Expected an image array.
  expected: (height, width, channels) or (batch_size, height, width, channels)
  got:      shape (17, 4)
""",
    ),
}


@pytest.mark.parametrize("kind, run, text", ERRORS.values(), ids=ERRORS)
def test_errors(pictures, kind, run, text):
    with pytest.raises(kind) as told:
        run(pictures)
    assert str(told.value) == text.strip("\n").format(folder=pictures)


def test_a_picture_that_would_fill_the_memory_is_refused(pictures, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(SafetyError, match=re.escape(f"The image '{pictures}/RGB.png' has too many pixels.")):
        load_img(pictures / "RGB.png")
