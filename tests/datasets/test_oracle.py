"""The real data sets give what real Keras gives."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest

from tricera import datasets

CODING = [
    {},
    {"num_words": 10000},
    {"num_words": 500, "skip_top": 20, "maxlen": 100, "seed": 7},
    {"num_words": 1000, "oov_char": None, "start_char": None},
    {"start_char": None, "index_from": 0, "oov_char": 0},
    {"start_char": 5, "index_from": 10, "skip_top": 3, "maxlen": 50, "oov_char": None},
]


@pytest.fixture
def both(keras, shared, monkeypatch):
    """A function: the same call of `load_data` in Keras and here, on the same file."""
    monkeypatch.setenv("KERAS_HOME", str(shared / "data"))

    def call(name, **arguments):
        module = importlib.import_module(f"keras.src.datasets.{name}")
        monkeypatch.setattr(module, "get_file", lambda *_, **__: str(shared / "data" / "datasets" / f"{name}.npz"))
        return module.load_data(**arguments), getattr(datasets, name).load_data(**arguments)

    return call


def assert_same(theirs, ours):
    for their_part, our_part in zip(theirs, ours, strict=True):
        for their, our in zip(their_part, our_part, strict=True):
            assert (our.dtype, our.shape) == (their.dtype, their.shape)
            np.testing.assert_array_equal(our, their)


def test_mnist(both):
    assert_same(*both("mnist"))


@pytest.mark.parametrize("arguments", [{}, {"test_split": 0.33, "seed": 4}, {"test_split": 0}])
def test_boston_housing(both, arguments):
    assert_same(*both("boston_housing", **arguments))


@pytest.mark.parametrize("arguments", [*CODING, {"test_split": 0.5, "seed": 1}])
def test_reuters(both, arguments):
    theirs, ours = both("reuters", **arguments)
    assert_same(theirs, ours)
    assert {type(word) for word in ours[0][0][0]} == {int}


@pytest.mark.parametrize("arguments", [{"num_words": 10000}, CODING[5]])
def test_imdb(both, arguments):
    assert_same(*both("imdb", **arguments))


def test_word_indices_and_label_names(keras, shared, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(shared / "data"))
    assert datasets.imdb.get_word_index()["the"] == 1
    assert len(datasets.reuters.get_word_index()) == 30980
    assert datasets.reuters.get_label_names() == keras.datasets.reuters.get_label_names()


def test_stand_ins_load(shared, tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import prepare_data as p\n"
        "for write in p.imdb, p.reuters, p.boston_housing: write(f'{sys.argv[2]}/{write.__name__}.npz')\n"
        "p.word_index(f'{sys.argv[2]}/imdb_word_index.json')\n"
        "from tricera.datasets import imdb, reuters, boston_housing\n"
        "shapes = [m.load_data()[0][0].shape for m in (imdb, reuters, boston_housing)]\n"
        "assert shapes == [(25000,), (8982,), (404, 13)], shapes\n"
        "assert len(imdb.get_word_index()) == 12000\n"
    )
    folder = tmp_path / "datasets"
    folder.mkdir()
    environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-c", script, str(shared / "seed_scripts"), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("used as it is.") == 4
