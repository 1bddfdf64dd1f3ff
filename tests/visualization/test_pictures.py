import numpy as np
import pytest

from tricera import visualization
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


def test_an_empty_history_is_told():
    with pytest.raises(ValueError, match="The history holds no curves"):
        visualization.learning_curves({})


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
