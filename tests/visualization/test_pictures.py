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
    assert [text.get_text() for text in loss.texts] == ["best: 0.5"]
    assert [text.get_text() for text in accuracy.texts] == ["best: 0.7"]
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
    assert [axis.get_title() for axis in figure.axes] == ["a  90%", "b  90%", "c  90%\nis b"]
