"""Learning curves."""

from typing import Any

import numpy as np

from tricera.errors import report
from tricera.visualization import figure as figures


def learning_curves(history: Any, path: Any = None, smooth: float = 0.0) -> Any:
    """The loss and each metric over the epochs: points for training, a line for validation, its best epoch marked.

    Args:
        history: what `fit` returned, or a dict of lists.
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        smooth: from 0, nothing, towards 1: how much each drawn value remembers of those before it.

    Raises:
        ValueError: the history is empty.
    """
    values = dict(getattr(history, "history", history))
    names = [name for name in values if not name.startswith("val_") and np.ndim(values[name][0]) == 0]
    if not names:
        raise ValueError(report("The history holds no curves.", fix="train with `model.fit(...)` first."))
    names.sort(key=lambda name: (name != "loss", name))
    figure, axes = figures.new(5.2 * len(names), 3.6, ncols=len(names), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _curve(axis, name, values[name], values.get(f"val_{name}"), smooth)
    return figures.finish(figure, path)


def _curve(axis: Any, name: str, training: list, validation: list | None, smooth: float) -> None:
    epochs = np.arange(1, len(training) + 1)
    axis.plot(epochs, smoothed(training, smooth), "o", color=figures.BLUE, label="training", markersize=5)
    if validation is not None:
        line = smoothed(validation, smooth)
        steps = np.linspace(1, len(training), len(validation)) if len(validation) != len(training) else epochs
        axis.plot(steps, line, "-", color=figures.ORANGE, label="validation", linewidth=2)
        best = int(np.argmin(line) if _falls(name) else np.argmax(line))
        axis.plot(
            steps[best],
            line[best],
            "*",
            color=figures.ORANGE,
            markersize=14,
            linestyle="none",
            label=f"best: {line[best]:.4g} in epoch {steps[best]:.0f}",
        )
    axis.set_title(name.replace("_", " "))
    axis.set_xlabel("epoch")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)


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
