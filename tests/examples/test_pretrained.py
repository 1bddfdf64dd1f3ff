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
    for name in ("found", "cats_and_dogs", "feature_extraction"):
        sys.modules.pop(name, None)


def test_nine_of_ten_photos_are_told_apart_by_features(photos, capsys):
    importlib.import_module("feature_extraction").main()
    said = capsys.readouterr().out.splitlines()[-1]
    assert float(re.findall(r"\d\.\d+", said)[-1]) >= 0.90
