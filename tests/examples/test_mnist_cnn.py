import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tricera import datasets


@pytest.fixture
def demo(tmp_path, monkeypatch):
    path = Path(__file__).parents[2] / "examples/mnist_cnn.py"
    spec = importlib.util.spec_from_file_location("mnist_cnn", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    return module


def test_without_mnist_one_line_says_so_and_the_small_digits_take_its_place(demo, monkeypatch, capsys):
    def fail():
        raise OSError("no network")

    monkeypatch.setattr(datasets.mnist, "load_data", fail)
    (x, y), (x_test, y_test), epochs = demo.load_digits()
    line = "MNIST is neither cached nor downloadable: training on the 1,797 digits that scikit-learn carries.\n"
    assert capsys.readouterr().out == line
    assert (x.shape, x_test.shape, epochs) == ((1437, 28, 28), (360, 28, 28), 20)
    assert len(y) + len(y_test) == 1797


def test_the_demo_leaves_its_files_and_ends_with_the_accuracy(demo, monkeypatch, capsys, tmp_path):
    x, y = np.zeros((40, 28, 28), "uint8"), np.arange(40) % 10
    monkeypatch.setattr(demo, "load_digits", lambda: ((x, y), (x, y), 1))
    demo.main()
    assert capsys.readouterr().out.splitlines()[-1].startswith("test accuracy: 0.")
    assert {p.name for p in (tmp_path / "demo").iterdir()} == {
        "digits_cnn.keras",
        "learning_curves.png",
        "predictions.png",
    }
