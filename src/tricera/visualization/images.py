"""Pictures of images and of what a model says of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.visualization import figure as figures

_SHORT = 3  # letters of a class name that leave room for the right one on the same line


def predictions(
    images: Any, probabilities: Any, labels: Any = None, path: Any = None, class_names: Sequence[str] | None = None
) -> Any:
    """A grid of images, each under its most probable class; wrong ones are framed and say what is right.

    Shapes: `(count, height, width[, channels])` images, `(count, classes)` probabilities, `(count,)` labels;
    probabilities `(count, 1)` are those of the second of two classes.

    Args:
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        class_names: the names of the classes; their numbers otherwise.

    Raises:
        ValueError: not one row of probabilities, or label, for each image.
    """
    images, probabilities = np.asarray(images), np.asarray(probabilities)
    counts = [len(each) for each in (images, probabilities, labels) if each is not None]
    if len(set(counts)) > 1 or not counts[0]:
        raise ValueError(
            report(
                "Each image needs its probabilities, and its label if there are any.",
                expected="equal numbers, at least one",
                got=f"{counts[0]} images, {counts[1]} rows of probabilities"
                + (f", {counts[2]} labels" if labels is not None else ""),
            )
        )
    if probabilities.shape[-1] == 1:
        probabilities = np.concatenate([1 - probabilities, probabilities], -1)
    names = figures.names_of(class_names, probabilities.shape[-1])
    guesses = probabilities.argmax(-1)
    truths = guesses if labels is None else np.ravel(labels).astype(int)
    columns = min(len(images), 8)
    rows = -(-len(images) // columns)
    lines = 1 if max(map(len, names)) <= _SHORT else 2
    tall = 1.25 * images.shape[1] / images.shape[2]
    figure, axes = figures.new(
        1.35 * columns, (tall + 0.2 + 0.2 * lines) * rows + 0.4, nrows=rows, ncols=columns, squeeze=False
    )
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.06)
    turn = ", " if lines == 1 else "\n"
    for place, axis in enumerate(axes.flat):
        if place < len(images):
            guess, truth = guesses[place], truths[place]
            said = f"{names[guess]}  {probabilities[place, guess]:.0%}"
            title = said if guess == truth else f"{said}{turn}is {names[truth]}"
            _show(axis, images[place], title, guess == truth)
        else:
            axis.set_axis_off()
    if labels is not None:
        right = int((guesses == truths).sum())
        framed = "; the others are framed" if 0 < right < len(images) else ""
        figure.suptitle(f"{right} of {len(images)} right{framed}", fontsize=11)
    return figures.finish(figure, path)


def _show(axis: Any, image: np.ndarray, title: str, right: bool) -> None:
    """One image: told to be wrong by its frame and by words, not by colour alone."""
    shown = figures.photo(image)
    axis.imshow(shown, cmap="gray_r" if shown.ndim == 2 else None)
    axis.set_title(title, fontsize=10, color="black" if right else figures.ORANGE)
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(color=figures.LIGHT if right else figures.ORANGE, linewidth=0.8 if right else 2.5)
