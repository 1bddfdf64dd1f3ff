"""The benchmarks run and report; their figures are nobody's business here."""

import importlib
import importlib.metadata
import importlib.util
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import hide, measure, page, peers, rounds, works

TRICERA = peers.BY_NAME["tricera"]
ROWS = [row for row in rounds.ROWS if row.key in ("boston", "mlp", "fold-compilations", "memory")]
FIGURES = {
    "boston": {"tricera": 0.004, "keras-jax": 0.12, "torch": 0.26},
    "mlp": {"tricera": 0.05, "keras-jax": 0.2, "torch": 0.1},
    "fold-compilations": {"tricera": "3, 0, 0, 0"},
    "memory": {"tricera": 900.0, "keras-jax": 1000.0},
}


def test_a_work_is_timed():
    work = replace(works.BY_NAME["boston"], samples=6, batch=4)
    assert work.steps == 2
    assert measure.fit(TRICERA, work, 0.01)["ms"] > 0


@pytest.mark.parametrize("work", works.WORKS, ids=lambda work: work.name)
def test_data_are_the_same_each_time_and_of_one_length(work):
    (x, y), (again, _) = work.data(4), work.data(4)
    assert len(x) == len(y) == 4
    assert np.array_equal(x, again)
    assert x.dtype == (np.int32 if work.name == "sentiment" else np.float32)
    assert y.dtype == np.float32


def test_ratio_is_of_the_best_peer():
    assert rounds.ratio(ROWS[0], FIGURES) == (0.12 / 0.004, "Keras, JAX")
    assert rounds.ratio(ROWS[1], FIGURES) == (2.0, "plain PyTorch")
    assert rounds.ratio(ROWS[2], FIGURES) is None


def test_only_chooses_by_text():
    assert [row.key for row in rounds.chosen("lstm")] == ["lstm", "sentiment"]
    assert {row.kind for row in rounds.chosen("folds")} == {"folds"}
    assert rounds.chosen("nothing like this") == []


def test_page_and_chart(tmp_path):
    pytest.importorskip("matplotlib")
    chosen = [TRICERA, peers.BY_NAME["keras-jax"]]
    text = page.page(ROWS, FIGURES, chosen, 3, "python -m benchmarks")
    assert "| Boston housing MLP 13-64-64-1, batch 1 | 30.0 | 25 | Keras, JAX |" in text
    assert "| Boston housing MLP 13-64-64-1, batch 1 | **0.0040** | 0.120 |" in text
    assert "| k-fold loop, compilations in folds 1, 2, 3, 4 | 3, 0, 0, 0 |  |" in text
    page.chart(ROWS, FIGURES, peers.PEERS, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_hidden_modules_are_not_found(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert importlib.util.find_spec("colorsys") is not None
    hide.hide(("colorsys",))
    assert importlib.util.find_spec("colorsys") is None
    with pytest.raises(ModuleNotFoundError, match="No module named 'colorsys'"):
        importlib.import_module("colorsys")
    assert importlib.metadata.version("numpy") == np.__version__
