"""What a trained model does with data: per class, or as numbers, and where it is most wrong."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import tree_util

from tricera.errors import report
from tricera.train.coach import fitting
from tricera.train.compiled import by_output, flat, names_of
from tricera.train.stream import source_of
from tricera.visualization import figure as figures
from tricera.visualization.confusion import indices

_MOST = 20_000  # samples of a data set that are looked at


class Measured(NamedTuple):
    """Inputs, targets and predictions of one output, whether they are of classes, and the output's name."""

    x: Any
    y: np.ndarray
    predicted: np.ndarray
    of_classes: bool
    name: str = ""

    @property
    def truths(self) -> np.ndarray:
        """The class of each sample."""
        return indices(self.y)

    @property
    def guesses(self) -> np.ndarray:
        """The class that the model takes each sample for."""
        return indices(self.predicted)

    @property
    def right(self) -> float:
        """The share of samples whose class was found."""
        return float((self.truths == self.guesses).mean())

    @property
    def error(self) -> float:
        """By how much the model is off, on average."""
        return float(np.abs(self.predicted.ravel() - self.y.ravel()).mean())

    def certainty(self) -> np.ndarray:
        """How sure the model was of its guess."""
        p = self.predicted.reshape(len(self.predicted), -1)
        return np.maximum(p[:, 0], 1 - p[:, 0]) if p.shape[1] == 1 else p.max(-1)


def measured(model: Any, x: Any, y: Any) -> list[Measured]:
    """The predictions for `x` beside the targets, of each output that has some.

    Raises:
        ValueError: there are no targets, or they do not fit the outputs.
    """
    said = model.predict(x, verbose=0)
    names = names_of(said, getattr(model, "output_names", None))
    truths = by_output(y, names, "y")
    if all(truth is None for truth in truths):
        raise ValueError(
            report(
                "A report measures a model on inputs with targets.",
                expected="data=(x, y), or a data set of such batches",
                got="no targets",
            )
        )
    outputs = {output.place: output for output in fitting.outputs_of(model)}
    return [
        _measured(x, np.asarray(truth), np.asarray(predicted, "float32"), outputs.get(i), name)
        for i, (name, truth, predicted) in enumerate(zip(names, truths, flat(said), strict=True))
        if truth is not None
    ]


def _measured(x: Any, y: np.ndarray, predicted: np.ndarray, output: Any, name: str) -> Measured:
    of_classes = y.dtype.kind in "iub" if output is None else output.function in fitting.CLASSES
    if of_classes and output is not None and output.wants_logits:
        predicted = _probabilities(predicted)
    return Measured(x, y, predicted, of_classes, name)


def arrays(data: Any) -> tuple[Any, Any]:
    """Inputs and targets of `(x, y)` or of batches of it."""
    if isinstance(data, tuple | list) and len(data) in (2, 3):
        return tree_util.tree_map(np.asarray, data[0]), tree_util.tree_map(np.asarray, data[1])
    batches, count = [], 0
    for x, y, _ in source_of(data, None, None, None, None, False).batches():
        batches.append((x, y))
        count += len(tree_util.tree_leaves(x)[0])
        if count >= _MOST:
            break
    return tree_util.tree_map(lambda *parts: np.concatenate(parts), *batches)


def _probabilities(scores: np.ndarray) -> np.ndarray:
    if scores.shape[-1] == 1:
        return 1 / (1 + np.exp(-scores))
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def per_class(found: Measured, names: Sequence[str]) -> list[tuple[str, float, float, float, int]]:
    """Name, precision, recall, their harmonic mean and the number of samples of each class."""
    rows = []
    for index, name in enumerate(names):
        truth, guess = found.truths == index, found.guesses == index
        both, told, there = int((truth & guess).sum()), int(guess.sum()), int(truth.sum())
        precision, recall = both / max(told, 1), both / max(there, 1)
        rows.append((name, precision, recall, 2 * both / max(told + there, 1), there))
    return rows


def as_numbers(found: Measured) -> dict[str, str]:
    """Mean absolute and root mean squared error, and the share of the variance that is explained."""
    y, predicted = found.y.reshape(len(found.y), -1), found.predicted.reshape(len(found.y), -1)
    error = predicted - y
    explained = 1 - np.square(error).sum() / max(np.square(y - y.mean(0)).sum(), 1e-12)
    return {
        "mean absolute error": f"{found.error:.4g}",
        "root mean squared error": f"{np.sqrt(np.square(error).mean()):.4g}",
        "explained share of the variance (R²)": f"{explained:.1%}",
    }


def scatter(found: Measured) -> Any:
    """True values against predicted ones."""
    figure, axis = figures.new(4.6, 4.4)
    truth, said = found.y.ravel()[:_MOST], found.predicted.ravel()[:_MOST]
    axis.plot(truth, said, "o", color=figures.BLUE, markersize=3, alpha=0.5, markeredgewidth=0)
    ends = [min(truth.min(), said.min()), max(truth.max(), said.max())]
    axis.plot(ends, ends, ":", color=figures.DARK)
    axis.set(xlabel="true", ylabel="predicted")
    figures.plain(axis)
    return figure


def worst(found: Measured, most: int) -> np.ndarray:
    """The numbers of the samples that are most wrong: of classes, the surest mistakes."""
    if found.of_classes:
        wrong = np.flatnonzero(found.truths != found.guesses)
        return wrong[np.argsort(-found.certainty()[wrong], kind="stable")][:most]
    error = np.abs(found.predicted.reshape(len(found.y), -1) - found.y.reshape(len(found.y), -1)).max(-1)
    return np.argsort(-error, kind="stable")[:most]
