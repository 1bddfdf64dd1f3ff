"""What the notes reach: the parts of the command; `python -m benchmarks.figures` measures the figures themselves."""

import numpy as np

from benchmarks import figures


def test_texts_become_rows_of_ones():
    rows = figures.multi_hot(np.array([[1, 3, 3], [9999]], dtype=object))
    assert rows.shape == (2, 10000) and rows.sum() == 3 and rows[0, 3] == rows[1, 9999] == 1


def test_a_missed_figure_is_said(monkeypatch, capsys):
    at_least = figures.Figure("accuracy", lambda: 0.5, 0.6)
    at_most = figures.Figure("error", lambda: 0.5, 0.6, is_error=True)
    monkeypatch.setattr(figures, "FIGURES", {"a": at_least, "b": at_most})
    assert figures.main(["a", "b"]) == 1 and figures.main(["b"]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == [
        "accuracy: 0.5000 (at least 0.6: MISSED; 0 s)",
        "error: 0.5000 (at most 0.6: reached; 0 s)",
    ]
