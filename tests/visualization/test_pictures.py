import builtins
import sys

import numpy as np
import pytest

from tricera import visualization
from tricera.utils import pictures
from tricera.visualization import figure as figures
from tricera.visualization.curves import smoothed

HISTORY = {
    "accuracy": [0.5, 0.7, 0.8],
    "loss": [1.0, 0.6, 0.4],
    "val_accuracy": [0.6, 0.7, 0.65],
    "val_loss": [0.9, 0.5, 0.7],
}


def test_learning_curves_show_every_metric_and_mark_the_best_epoch(tmp_path):
    figure = visualization.learning_curves(HISTORY, tmp_path / "new" / "curves.png")
    loss, accuracy = figure.axes
    assert [axis.get_title() for axis in figure.axes] == ["loss", "accuracy"]
    assert [text.get_text() for text in loss.get_legend().texts] == ["training", "validation", "best: 0.5 in epoch 2"]
    assert accuracy.get_legend().texts[-1].get_text() == "best: 0.7 in epoch 2"
    assert (tmp_path / "new" / "curves.png").stat().st_size > 10_000


def test_learning_curves_say_where_overfitting_begins_and_smoothing_moves_no_mark():
    history = {"loss": [5, 4, 3, 2, 1, 0.5, 0.4], "val_loss": [5, 4, 3.5, 4, 4.2, 4.1, 5]}
    for smooth in (0.0, 0.8):
        (axis,) = visualization.learning_curves(history, smooth=smooth).axes
        said = [text.get_text() for text in axis.get_legend().texts]
        assert said[2:] == ["best: 3.5 in epoch 3", "overfitting from epoch 4"]


def test_an_empty_history_is_told():
    with pytest.raises(ValueError, match="The history holds no curves"):
        visualization.learning_curves({})


def test_a_history_without_validation_is_told_and_can_be_drawn_nevertheless():
    history = {"loss": [2.0, 1.0], "mae": [2.0, 1.0]}
    with pytest.raises(ValueError) as error:
        visualization.learning_curves(history)
    assert str(error.value) == (
        "The history has no validation, without which no best epoch shows.\n"
        "  expected: val_loss, val_mae\n"
        "  got:      loss, mae\n"
        "  fix:      `fit(..., validation_split=0.2)`, or `learning_curves(history, validation=False)`."
    )
    assert len(visualization.learning_curves(history, validation=False).axes) == 2
    with pytest.raises(ValueError) as error:
        visualization.learning_curves(history, validation=False, smooth=1)
    assert str(error.value) == ("`smooth` is no weight.\n  expected: a number from 0 up to, but not, 1\n  got:      1")


def test_smoothing_is_the_exponential_moving_average():
    np.testing.assert_allclose(smoothed([1, 2, 4], 0.5), [1, 1.5, 2.75])
    np.testing.assert_allclose(smoothed([1, 2, 4], 0), [1, 2, 4])


def test_predictions_title_each_image_and_tell_the_wrong_ones():
    probabilities = np.eye(3)[[0, 1, 2]] * 0.9
    figure = visualization.predictions(np.zeros((3, 4, 4, 1)), probabilities, [0, 1, 1], class_names=["a", "b", "c"])
    assert [axis.get_title() for axis in figure.axes] == ["a  90%", "b  90%", "c  90%, is b"]
    assert [axis.spines["top"].get_linewidth() for axis in figure.axes] == [0.8, 0.8, 2.5]
    assert figure.get_suptitle() == "2 of 3 right; the others are framed"


def test_long_class_names_and_empty_places_of_the_grid():
    probabilities = np.eye(2)[[0, 1] * 5]
    figure = visualization.predictions(np.zeros((10, 4, 4, 3)), probabilities, [1] * 10, class_names=["cat", "dogs"])
    assert figure.axes[0].get_title() == "cat  100%\nis dogs"
    assert [axis.axison for axis in figure.axes] == [True] * 10 + [False] * 6
    assert visualization.predictions(np.zeros((1, 4, 4)), probabilities[:1]).get_suptitle() == ""


def test_predictions_of_one_sigmoid_and_of_unequal_numbers():
    figure = visualization.predictions(np.zeros((2, 4, 4)), [[0.2], [0.7]], class_names=["cat", "dog"])
    assert [axis.get_title() for axis in figure.axes[:2]] == ["cat  80%", "dog  70%"]
    with pytest.raises(ValueError) as error:
        visualization.predictions(np.zeros((2, 4, 4)), np.ones((3, 2)), [1])
    assert str(error.value) == (
        "Each image needs its probabilities, and its label if there are any.\n"
        "  expected: equal numbers, at least one\n"
        "  got:      2 images, 3 rows of probabilities, 1 labels"
    )


def test_a_confusion_matrix_counts_and_says_how_much_was_found(tmp_path):
    figure = visualization.confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"], tmp_path / "a.svg")
    (axis,) = figure.axes
    assert sorted((t.get_position(), t.get_text()) for t in axis.texts) == [
        ((0, 0), "1"),
        ((1, 0), "1"),
        ((1, 1), "2"),
    ]
    assert axis.get_title() == "3 of 4 right (75.0%)"
    (found,) = axis.child_axes
    assert [label.get_text() for label in found.get_yticklabels()] == ["50%", "100%"]
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()[:400]


def test_a_confusion_matrix_takes_probabilities_and_one_hot_labels():
    (axis,) = visualization.confusion_matrix(np.eye(3)[[0, 2]], [[0.9, 0.1, 0], [0, 0.6, 0.4]]).axes
    assert axis.get_title() == "1 of 2 right (50.0%)"
    (axis,) = visualization.confusion_matrix([0, 1], [[0.4], [0.6]]).axes
    assert axis.get_title() == "2 of 2 right (100.0%)"
    with pytest.raises(ValueError) as error:
        visualization.confusion_matrix([0, 1], [1])
    assert str(error.value) == (
        "A confusion matrix compares one prediction with each label.\n  expected: 2 predictions\n  got:      1"
    )
    with pytest.raises(ValueError) as error:
        visualization.confusion_matrix([0, 1], [1, 0], ["cat"])
    assert str(error.value) == "`class_names` are too few.\n  expected: 2 names\n  got:      1"


def test_the_projector_finds_the_plane_and_names_what_there_is_room_for():
    points = np.array([[3, 0, 0, 1], [-3, 0, 0, 1], [0, 1, 0, 1], [0, -1, 0, 1.0]])
    figure = visualization.embedding_projector(points, {"left": 0, "right": 1, "up": 2, "beyond": 9})
    (axis,) = figure.axes
    assert {text.get_text() for text in axis.texts} == {"left", "right", "up"}
    assert axis.get_xlabel().startswith("component 1 (9")
    figure = visualization.embedding_projector(points, list("abcd"), groups=[0, 0, 1, 1])
    assert [text.get_text() for text in figure.axes[0].get_legend().texts] == ["0", "1"]
    with pytest.raises(ValueError) as error:
        visualization.embedding_projector(np.zeros(3))
    assert str(error.value) == (
        "These are no vectors.\n  expected: at least two rows, (count, size)\n  got:      shape (3,)"
    )


def test_a_figure_shows_itself_in_a_notebook():
    assert visualization.confusion_matrix([0, 1], [1, 0])._repr_png_().startswith(b"\x89PNG")


def test_a_suffix_that_names_no_format(tmp_path):
    with pytest.raises(ValueError) as error:
        visualization.confusion_matrix([0, 1], [1, 0], path=tmp_path / "picture.doc")
    assert str(error.value) == ("There are no pictures of this format.\n  expected: png, svg or pdf\n  got:      'doc'")


def test_without_matplotlib_one_line_says_what_to_install(monkeypatch):
    kept = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return kept(name, *args, **kwargs)

    pictures._picture.cache_clear()
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError) as error:
        visualization.learning_curves(HISTORY)
    assert str(error.value) == (
        'Pictures need Matplotlib, which is not installed.\n  fix:      pip install "tricera[plot]"'
    )
    pictures._picture.cache_clear()


def test_photos_of_any_range_are_drawn_as_they_are_seen():
    assert figures.photo(np.full((1, 2, 2, 1), 255, "uint8")).tolist() == [[1, 1], [1, 1]]
    assert figures.photo(np.full((2, 2), 51.0)).tolist() == [[0.2, 0.2], [0.2, 0.2]]
    assert figures.photo(np.array([[-1.0, 1.0]])).tolist() == [0, 1]
