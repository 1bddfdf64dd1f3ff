"""Which vectors lie near each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.layers import Embedding
from tricera.visualization import figure as figures
from tricera.visualization import inside

_LETTER, _LINE = 0.062, 0.13  # inches that a letter and a line of text take


def embedding_projector(
    vectors: Any, words: Any = None, most: int = 150, groups: Sequence[Any] | None = None, path: Any = None
) -> Any:
    """The vectors of an embedding in the plane where they differ most (their first two principal components).

    Each point is a vector; as many as there is room for have their word beside them.

    Args:
        vectors: an array `(count, size)`, an `Embedding` layer, or a model (its first `Embedding`).
        words: the words of the rows: a list, or a dict from word to row as `imdb.get_word_index()` gives; the number of
            the row otherwise.
        most: so many rows, the first, are drawn.
        groups: what each row belongs to: a colour and a mark each, seven at the most.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: no two-dimensional array, no embedding in the model, or more groups than can be told apart.

    Reference: Hotelling, 1933, "Analysis of a complex of statistical variables into principal components".
    """
    table = _table(vectors)
    names = _names(words, len(table))
    rows = [row for row in range(len(table)) if row in names][:most]
    points, shares = principal(table[rows])
    figure, axis = figures.new(7.0, 5.6)
    _scatter(axis, points, None if groups is None else [groups[row] for row in rows])
    for number, share in enumerate(shares, 1):
        say = axis.set_xlabel if number == 1 else axis.set_ylabel
        say(f"component {number} ({share:.0%} of the variance)")
    figures.plain(axis)
    axis.margins(0.08)
    _label(figure, axis, points, [names[row] for row in rows])
    return figures.finish(figure, path)


def principal(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows along the two directions in which they vary most, and the shares of the variance in those."""
    centered = table - table.mean(0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    shares = sizes**2 / max((sizes**2).sum(), np.finfo(float).tiny)
    if len(sizes) < 2:
        return np.column_stack([left[:, :1] * sizes[:1], np.zeros(len(table))]), np.append(shares, 0.0)
    return left[:, :2] * sizes[:2], shares[:2]


def _table(vectors: Any) -> np.ndarray:
    if hasattr(vectors, "layers"):
        chosen = [each for each in inside.layers_of(vectors) if isinstance(each, Embedding)]
        vectors = chosen[0] if chosen else inside.find(vectors, None, lambda _: False, "Embedding layer")
    if isinstance(vectors, Embedding):
        vectors = vectors.embeddings
    table = np.asarray(vectors.value if isinstance(vectors, Variable) else vectors, "float64")
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(
            report("These are no vectors.", expected="at least two rows, (count, size)", got=f"shape {table.shape}")
        )
    return table


def _names(words: Any, count: int) -> dict[int, str]:
    if words is None:
        return {row: str(row) for row in range(count)}
    if isinstance(words, Mapping):
        return {row: word for word, row in words.items() if 0 <= row < count}
    return {row: str(word) for row, word in enumerate(words) if row < count}


_MARKS = "osD^v<>"


def _scatter(axis: Any, points: np.ndarray, groups: Sequence[Any] | None) -> None:
    if groups is None:
        axis.scatter(*points.T, s=14, color=figures.BLUE, alpha=0.7, linewidths=0)
        return
    kinds = sorted(set(groups), key=str)
    if len(kinds) > len(_MARKS):
        raise ValueError(
            report("`groups` are too many to tell apart.", expected=f"{len(_MARKS)} at the most", got=len(kinds))
        )
    colors = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.SKY, "#CC79A7", "#E69F00", figures.DARK)
    for kind, mark, color in zip(kinds, _MARKS, colors, strict=False):
        chosen = np.array([group == kind for group in groups])
        axis.scatter(*points[chosen].T, s=20, marker=mark, color=color, linewidths=0, label=str(kind))
    axis.legend(frameon=False)


def _label(figure: Any, axis: Any, points: np.ndarray, names: Sequence[str]) -> None:
    """Each point's word beside it, where no other word stands yet."""
    figure.draw_without_rendering()
    at = axis.transData.transform(points) / figure.dpi
    frame = axis.get_window_extent().width / figure.dpi + axis.get_window_extent().x0 / figure.dpi
    taken: list[tuple[float, float, float]] = []
    for (x, y), point, name in zip(at, points, names, strict=True):
        width = _LETTER * len(name) + 0.08
        if x + width > frame or any(abs(y - b) < _LINE and x < c and a < x + width for a, b, c in taken):
            continue
        taken.append((x, y, x + width))
        axis.annotate(name, point, (4, 0), textcoords="offset points", va="center", fontsize=7.5, color=figures.DARK)
