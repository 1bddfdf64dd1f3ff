"""Pictures of images and of what a model says of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.visualization import figure as figures


def predictions(
    images: Any, probabilities: Any, labels: Any = None, path: Any = None, class_names: Sequence[str] | None = None
) -> Any:
    """A grid of images, each under its most probable class; wrong ones say what is right.

    Shapes: `(count, height, width[, channels])` images, `(count, classes)` probabilities, `(count,)` labels.

    Args:
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        class_names: the names of the classes; their numbers otherwise.
    """
    images, probabilities = np.asarray(images), np.asarray(probabilities)
    names = class_names or [str(i) for i in range(probabilities.shape[-1])]
    columns = min(len(images), 8)
    rows = -(-len(images) // columns)
    figure, axes = figures.new(1.4 * columns, 1.75 * rows, nrows=rows, ncols=columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for i, (axis, image, row) in enumerate(zip(axes.flat, images, probabilities, strict=False)):
        guess = int(row.argmax())
        true = None if labels is None else int(np.ravel(labels)[i])
        right = true is None or true == guess
        axis.imshow(image.squeeze(), cmap="gray_r" if image.squeeze().ndim == 2 else None)
        title = f"{names[guess]}  {row[guess]:.0%}" + ("" if right else f"\nis {names[true]}")  # type: ignore[index]
        axis.set_title(title, fontsize=10, color=figures.GREEN if right else figures.ORANGE)
    return figures.finish(figure, path)
