"""Which classes are taken for which."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.visualization import figure as figures

_MOST_NUMBERED = 24  # classes with room for a number in each cell


def confusion_matrix(labels: Any, predictions: Any, class_names: Sequence[str] | None = None, path: Any = None) -> Any:
    """How many samples of each class were taken for which: a row a true class, a column a predicted one.

    The darkness of a cell is the root of its share of the row; on the right stands how much of each class was found.

    Shapes: `(count,)` labels or `(count, classes)` one-hot; predictions the same, or probabilities
    `(count, classes)`, `(count, 1)`.

    Args:
        class_names: the names of the classes; their numbers otherwise.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: not as many predictions as labels, or fewer names than classes.
    """
    truth, guesses = indices(labels), indices(predictions)
    if len(truth) != len(guesses) or not len(truth):
        raise ValueError(
            report(
                "A confusion matrix compares one prediction with each label.",
                expected=f"{len(truth)} predictions" if len(truth) else "at least one label",
                got=len(guesses),
            )
        )
    columns = np.shape(predictions)[-1] if np.ndim(predictions) > 1 else 0
    classes = max(columns, len(class_names or ()), truth.max() + 1, guesses.max() + 1)
    names = figures.names_of(class_names, classes)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (truth, guesses), 1)
    return figures.finish(_drawn(counts, names), path)


def indices(classes: Any) -> np.ndarray:
    """The class of each row: labels as they are, of columns the largest, of one column whether above a half."""
    classes = np.asarray(classes)
    if classes.ndim > 1 and classes.shape[-1] > 1:
        return classes.reshape(-1, classes.shape[-1]).argmax(-1)
    flat = classes.ravel()
    return (flat > 0.5).astype(int) if flat.dtype.kind == "f" and (flat % 1).any() else flat.astype(int)


def _drawn(counts: np.ndarray, names: list[str]) -> Any:
    classes = len(names)
    totals = counts.sum(1)
    shares = counts / np.maximum(totals, 1)[:, None]
    longest = max(map(len, names))
    cell = 0.42 if classes <= _MOST_NUMBERED else 0.16
    side = max(2.2, cell * classes)
    figure, axis = figures.new(side + 2.2 + 0.075 * longest, side + 1.2 + 0.06 * longest)
    axis.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)  # the root, so that rare mistakes show
    size = 9 if classes <= _MOST_NUMBERED else 5.5
    if classes <= _MOST_NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                ink = "white" if shares[row, column] > 0.3 else "black"
                axis.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=8)
    turned = longest > 2 and classes > 2
    axis.set_xticks(range(classes), names, rotation=90 if turned else 0, fontsize=size)
    axis.set_yticks(range(classes), names, fontsize=size)
    axis.set(xlabel="predicted", ylabel="true")
    axis.spines[:].set_color(figures.LIGHT)
    found = axis.secondary_yaxis("right")
    found.set_yticks(
        range(classes), [f"{share:.0%}" if n else "–" for share, n in zip(np.diag(shares), totals, strict=True)]
    )
    found.tick_params(length=0, labelsize=size)
    found.set_ylabel("found")
    found.spines[:].set_visible(False)
    right, total = int(np.diag(counts).sum()), int(counts.sum())
    axis.set_title(f"{right:,} of {total:,} right ({right / total:.1%})", fontsize=11)
    return figure
