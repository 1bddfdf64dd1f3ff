"""Learning curves."""

from typing import Any

import numpy as np

from tricera.errors import report
from tricera.train.coach.curves import overfitting_from
from tricera.visualization import figure as figures

_FEW = 30  # epochs that have room for a point each of full size


def learning_curves(history: Any, path: Any = None, smooth: float | None = None, validation: bool = True) -> Any:
    """The loss and each metric over the epochs: points for training, a line for validation, its best epoch marked, and
    from where on the net only learned its training data by heart.

    Args:
        history: what `fit` returned, or a dict of lists.
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        smooth: from 0, nothing, towards 1: how much each drawn value remembers of those before it; the values
            themselves stay in the background, and what is marked is found in them. None: 0.8 beyond 30 epochs, else 0.
        validation: False where the history has none and none is needed.

    Raises:
        ValueError: the history is empty, or without validation.
    """
    values = dict(getattr(history, "history", history))
    drawn = [name for name, column in values.items() if len(column) and np.ndim(column[0]) == 0]
    names = [name for name in drawn if not name.startswith("val_")]
    if not names:
        raise ValueError(report("The history holds no curves.", fix="train with `model.fit(...)` first."))
    if validation and not any(f"val_{name}" in values for name in names):
        raise ValueError(
            report(
                "The history has no validation, without which no best epoch shows.",
                expected=", ".join(f"val_{name}" for name in names),
                got=", ".join(values),
                fix="`fit(..., validation_split=0.2)`, or `learning_curves(history, validation=False)`.",
            )
        )
    if smooth is None:
        smooth = 0.8 if max(len(values[name]) for name in names) > _FEW else 0
    if not 0 <= smooth < 1:
        raise ValueError(report("`smooth` is no weight.", expected="a number from 0 up to, but not, 1", got=smooth))
    names.sort(key=lambda name: (name != "loss", name))
    figure, axes = figures.new(4.4 * len(names) + 0.4, 3.4, ncols=len(names), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _curve(axis, name, values[name], values.get(f"val_{name}"), smooth)
    return figures.finish(figure, path)


def _curve(axis: Any, name: str, training: list, validation: list | None, smooth: float) -> None:
    epochs = np.arange(1, len(training) + 1)
    size = 5 if len(epochs) <= _FEW else 3
    if smooth:
        axis.plot(epochs, training, ".", color=figures.BLUE, alpha=0.25, markersize=size)
    axis.plot(epochs, smoothed(training, smooth), "o", color=figures.BLUE, label="training", markersize=size)
    if validation is not None:
        steps = np.linspace(1, len(training), len(validation)) if len(validation) != len(training) else epochs
        if smooth:
            axis.plot(steps, validation, "-", color=figures.ORANGE, alpha=0.25, linewidth=1)
        axis.plot(steps, smoothed(validation, smooth), "-", color=figures.ORANGE, label="validation", linewidth=2)
        best = int(np.nanargmin(validation) if _falls(name) else np.nanargmax(validation))
        axis.plot(
            steps[best],
            validation[best],
            "*",
            color=figures.ORANGE,
            markeredgecolor="white",
            markersize=15,
            linestyle="none",
            label=f"best: {validation[best]:.4g} in epoch {steps[best]:.0f}",
        )
        start = overfitting_from(training, validation) if name == "loss" else None
        if start is not None:
            axis.axvspan(start - 0.5, len(epochs) + 0.5, color=figures.LIGHT, alpha=0.3, linewidth=0)
            axis.axvline(start - 0.5, color=figures.DARK, linestyle=":", label=f"overfitting from epoch {start}")
    axis.set_title(name.replace("_", " "))
    axis.set_xlabel("epoch")
    axis.set_xlim(0.5, len(epochs) + 0.5)
    axis.xaxis.get_major_locator().set_params(integer=True)
    figures.plain(axis)
    axis.legend(frameon=False, fontsize=9)


_RISING = ("acc", "auc", "precision", "recall", "iou", "f1", "fbeta", "r2", "similarity", "sensitivity", "specificity")


def _falls(name: str) -> bool:
    """Whether less is better."""
    return not any(part in name.lower() for part in _RISING)


def smoothed(values: Any, weight: float) -> np.ndarray:
    """The exponential moving average: `s[0] = v[0]`, `s[t] = weight s[t-1] + (1 - weight) v[t]`."""
    out = np.array(values, "float64")
    for t in range(1, len(out)):
        out[t] = weight * out[t - 1] + (1 - weight) * out[t]
    return out
