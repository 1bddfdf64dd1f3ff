"""Galleries of images, boxes and masks, beside those of Keras."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from tricera import visualization

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 40, 60, 3)).astype("uint8")
BOXES = {
    "boxes": np.array([[[5, 8, 30, 30], [40, 2, 70, 20]], [[0, 0, 10, 10], [-1, -1, -1, -1]]], "float32"),
    "labels": np.array([[0, 1], [1, -1]]),
}


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.setattr(pyplot, "show", lambda: None)


def picture(path):
    return np.asarray(Image.open(path).convert("RGB"))


def test_thin_boxes_are_those_of_keras(keras):
    given = IMAGES[:2], BOXES, "xyxy", None, (9, 99, 200), 1
    np.testing.assert_array_equal(
        visualization.draw_bounding_boxes(*given), keras.visualization.draw_bounding_boxes(*given)
    )
    fractions = np.full((2, 40, 60, 3), 0.5, "float32")
    own = visualization.draw_bounding_boxes(fractions, BOXES, "xyxy", line_thickness=1)
    np.testing.assert_array_equal(
        own, keras.visualization.draw_bounding_boxes(fractions, BOXES, "xyxy", line_thickness=1)
    )


def test_lines_have_their_thickness_and_boxes_without_class_are_left_out():
    black = np.zeros((1, 12, 14, 3), "uint8")
    box = {"boxes": [[[4, 4, 9, 8], [0, 0, 2, 2]]], "labels": [[7, -1]]}
    drawn = visualization.draw_bounding_boxes(black, box, "xyxy", color=(255, 0, 0), line_thickness=2)
    assert not black.any() and not drawn[..., 1:].any()
    rows = ["".join(".#"[int(value > 0)] for value in row) for row in drawn[0, ..., 0]]
    assert rows == [
        *["." * 14] * 3,
        *["...########..."] * 2,
        *["...##....##..."] * 3,
        *["...########..."] * 2,
        *["." * 14] * 2,
    ]


def test_channels_first_grey_and_opaque_images():
    given = {"bounding_boxes": BOXES, "bounding_box_format": "xyxy", "class_mapping": {0: "a"}, "color": (255, 0, 0)}
    last = visualization.draw_bounding_boxes(IMAGES[:2], **given)
    first = visualization.draw_bounding_boxes(np.moveaxis(IMAGES[:2], -1, 1), **given, data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), last)
    clear = np.zeros((2, 40, 60, 4), "uint8")
    assert visualization.draw_bounding_boxes(clear, **given)[0, 8, 20].tolist() == [255, 0, 0, 255]
    assert visualization.draw_bounding_boxes(clear[..., :1], **given)[0, 8, 20].tolist() == [76]


def test_names_stand_above_their_boxes_and_inside_where_there_is_no_room():
    black = np.zeros((1, 120, 200, 3), "uint8")
    for top, place in ((60, slice(25, 58)), (4, slice(8, 40))):
        box = {"boxes": [[[20, top, 150, 110]]], "labels": [[3]], "confidences": [[0.876]]}
        plain = visualization.draw_bounding_boxes(black, box, "xyxy", color=(200, 200, 0))
        named = visualization.draw_bounding_boxes(black, box, "xyxy", {3: "cat"}, color=(200, 200, 0))
        changed = np.argwhere((plain != named).any(-1)[0])
        assert changed[:, 0].min() >= place.start and changed[:, 0].max() < place.stop
        assert 100 < np.ptp(changed[:, 1]) < 160  # "cat | 0.88"


def test_masks_are_those_of_keras(keras):
    masks = np.random.default_rng(1).integers(-1, 4, (5, 40, 60, 1))
    for given in ({"num_classes": 4}, {"num_classes": 4, "alpha": 0.3, "ignore_index": 2}):
        own = visualization.draw_segmentation_masks(IMAGES, masks, **given)
        theirs = keras.visualization.draw_segmentation_masks(IMAGES, masks, **given)
        seen = masks[..., 0] >= 0  # Keras darkens pixels of no class where that is not `ignore_index`
        assert own.dtype == theirs.dtype
        assert np.abs(own[seen].astype(int) - theirs[seen]).max() <= 1
        np.testing.assert_array_equal(own[~seen], IMAGES[~seen])


def test_masks_without_last_axis_of_all_classes_opaque_and_with_colours():
    masks = np.zeros((5, 40, 60), "uint8")
    masks[:, :9], masks[:, 20:] = 1, 2
    drawn = visualization.draw_segmentation_masks(IMAGES, masks, blend=False)
    assert drawn[0, 0, 0].tolist() == [(2**25 - 1) % 255, (2**15 - 1) % 255, (2**21 - 1) % 255]
    assert drawn[0, 30, 0].any() and not drawn[0, 15].any()
    drawn = visualization.draw_segmentation_masks(IMAGES, masks, color_mapping={2: (1, 2, 3)}, blend=False)
    np.testing.assert_array_equal(drawn[:, :20], IMAGES[:, :20])
    assert (drawn[:, 20:] == (1, 2, 3)).all()
    first = visualization.draw_segmentation_masks(np.moveaxis(IMAGES, -1, 1), masks, data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), visualization.draw_segmentation_masks(IMAGES, masks))


def test_a_gallery_holds_every_image_under_its_classes(tmp_path):
    path = tmp_path / "new" / "gallery.png"
    figure = visualization.plot_image_gallery(
        IMAGES, [0, 1, 0, 1, 0], np.array([1, 1, 0, 0, 9]), {0: "cat", 1: "dog"}, path=path
    )
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == [
        "Label: cat  Pred: dog",
        "Label: dog  Pred: dog",
        "Label: cat  Pred: cat",
        "Label: dog  Pred: cat",
        "Label: cat  Pred: Unknown",
        "",
    ]
    assert [len(axis.images) for axis in figure.axes] == [1, 1, 1, 1, 1, 0]
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), IMAGES[2])
    assert picture(path).shape[1] == 2 * 2 * 60
    assert visualization.plot_image_gallery(IMAGES) is None and not pyplot.get_fignums()


def test_sizes_ranges_and_orders_of_a_gallery():
    def shown(images, **given):
        figure = visualization.plot_image_gallery(images, show=False, **given)
        return len(figure.axes), [axis.images[0].get_array() for axis in figure.axes if axis.images]

    assert shown(IMAGES, cols=2)[0] == 6 and shown(IMAGES, rows=1)[0] == 5
    count, images = shown(IMAGES, rows=1, cols=2)
    assert count == len(images) == 2
    for given in (
        (IMAGES / 127.5 - 1, {"value_range": (-1, 1)}),
        (
            np.moveaxis(IMAGES, -1, 1),
            {"data_format": "channels_first"},
        ),
    ):
        for image, wanted in zip(shown(given[0], **given[1])[1], IMAGES, strict=True):
            assert np.abs(image.astype(int) - wanted).max() <= 1
    assert shown(IMAGES[..., :1])[1][0].shape == (40, 60)


def test_galleries_of_boxes_and_masks():
    figure = visualization.plot_bounding_box_gallery(
        IMAGES[:2] / 255, "xyxy", BOXES, BOXES, value_range=(0, 1), legend=True, show=False
    )
    assert [text.get_text() for text in figure.legends[0].texts] == ["Ground Truth", "Prediction"]
    assert figure.axes[0].images[0].get_array()[8, 20].tolist() == [255, 235, 59]
    assert visualization.plot_bounding_box_gallery(IMAGES[:2], "xyxy", BOXES) is None
    masks = np.ones((2, 1, 40, 60))
    figure = visualization.plot_segmentation_mask_gallery(
        np.moveaxis(IMAGES[:2], -1, 1),
        1,
        y_true=masks,
        y_pred=0 * masks,
        color_mapping={1: (4, 5, 6)},
        alpha=1,
        show=False,
        data_format="channels_first",
    )
    shown = [axis.images[0].get_array() for axis in figure.axes]
    np.testing.assert_array_equal(shown[3], IMAGES[1])
    assert (shown[4] == (4, 5, 6)).all()
    np.testing.assert_array_equal(shown[5], IMAGES[1])


WRONG = [
    (
        lambda: visualization.draw_bounding_boxes(IMAGES[0], BOXES, "xyxy"),
        (
            "`images` must be batched 4D tensor.\n  expected: (count, height, width, channels)\n"
            "  got:      (40, 60, 3)\n  fix:      one image becomes a batch by `image[None]`."
        ),
    ),
    (
        lambda: visualization.draw_bounding_boxes(IMAGES, [1], "xyxy"),
        "`bounding_boxes` should be a dict.\n  expected: a dict of `boxes` and `labels`\n  got:      list",
    ),
    (
        lambda: visualization.draw_bounding_boxes(IMAGES, {"boxes": []}, "xyxy"),
        (
            "`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys: there is no 'labels'.\n"
            "  got:      'boxes'"
        ),
    ),
    (
        lambda: visualization.draw_segmentation_masks(IMAGES, np.ones((5, 40, 60))),
        '`segmentation_masks` must be in integer dtype.\n  got:      float64\n  fix:      `masks.astype("int32")`',
    ),
    (
        lambda: visualization.draw_segmentation_masks(IMAGES, np.ones((5, 4, 6, 1), int)),
        (
            "`segmentation_masks` do not fit the images.\n  expected: (5, 40, 60), a class for each pixel\n"
            "  got:      (5, 4, 6)"
        ),
    ),
    (
        lambda: visualization.plot_image_gallery(IMAGES, path="x.png", show=True),
        "plot_image_gallery: a gallery is saved or shown.\n  expected: `path`, or `show=True`\n  got:      both",
    ),
    (
        lambda: visualization.plot_image_gallery(IMAGES, [1]),
        (
            "plot_image_gallery: classes have no names.\n"
            "  expected: a `label_map` where there is `y_true` or `y_pred`\n"
            '  fix:      `label_map={0: "cat", 1: "dog"}`'
        ),
    ),
    (
        lambda: visualization.plot_bounding_box_gallery(IMAGES, "xyxy", legend=True, legend_handles=[1]),
        "plot_bounding_box_gallery: there is one legend.\n  expected: `legend` or `legend_handles`\n  got:      both",
    ),
]


@pytest.mark.parametrize("call, text", WRONG)
def test_what_cannot_be_drawn_is_told(call, text):
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert str(error.value) == text
