"""What a network that knows ImageNet makes of 500 real photos; without them these tests are skipped."""

import importlib
import re
import sys
from pathlib import Path

import pytest

from tricera import config

EXAMPLES = Path(__file__).parents[2] / "examples"
WEIGHTS = "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"


@pytest.fixture
def photos(shared, monkeypatch, tmp_path):
    """A Keras folder with the photos and the weights."""
    weights, folder = shared / "data/models/squeezenet-imagenet" / WEIGHTS, shared / "data/cats_and_dogs_small"
    if not (weights.is_file() and folder.is_dir()):
        pytest.skip("no photos or no weights")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / WEIGHTS).symlink_to(weights)
    (tmp_path / folder.name).symlink_to(folder)
    monkeypatch.setattr(config, "home", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield tmp_path
    for name in ("found", "cats_and_dogs", "feature_extraction", "fine_tuning"):
        sys.modules.pop(name, None)


def test_nine_of_ten_photos_are_told_apart_by_features(photos, capsys):
    importlib.import_module("feature_extraction").main()
    assert min(accuracies(capsys)) >= 0.90


def test_nine_of_ten_photos_are_told_apart_after_fine_tuning(photos, capsys):
    example = importlib.import_module("fine_tuning")
    example.TUNED = 2  # epochs, for half the time
    example.main()
    assert min(accuracies(capsys)) >= 0.90


def accuracies(capsys):
    """The numbers of the last line that an example wrote."""
    numbers = [float(number) for number in re.findall(r"\d\.\d+", capsys.readouterr().out.splitlines()[-1])]
    assert numbers
    return numbers
