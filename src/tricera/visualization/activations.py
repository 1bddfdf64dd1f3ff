"""What the layers make of an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.engine.inputs import where
from tricera.errors import report
from tricera.visualization import figure as figures
from tricera.visualization import inside

_SPATIAL = 4  # axes of a batch of images


def activations(model: Any, image: Any, layers: Sequence[str] | None = None, path: Any = None) -> Any:
    """Every channel of every layer that answers with maps, for one image: a titled grid a layer.

    Each channel is drawn from its own least to its own greatest value; one that is the same everywhere stays dark,
    and the title counts those.

    Args:
        image: as the model takes it, with or without a batch axis.
        layers: the names of the layers to show; all whose output has height and width otherwise.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: a layer is not there or answers without maps, or the image has the wrong size.
    """
    chosen = inside.layers_of(model) if layers is None else [inside.find(model, name) for name in layers]
    x = inside.one_image(model, image, "`activations`")
    found = inside.outputs_of(model, chosen, x)
    maps = {name: output[0] for name, output in found.items() if output.ndim == _SPATIAL}
    for layer in chosen if layers is not None or not maps else ():
        if layer.name not in maps:
            raise ValueError(
                report(
                    f"{where(layer)} answers without maps: a convolution is needed here.",
                    expected="an output of (batch, height, width, channels)",
                    got=f"{found[layer.name].shape} of {type(layer).__name__}" if layer.name in found else "no array",
                )
            )
    return figures.finish(_drawn(maps), path)


def _drawn(maps: dict[str, np.ndarray]) -> Any:
    walls = {name: _wall(channels) for name, channels in maps.items()}
    heights = [figures.WIDTH * wall.shape[0] / wall.shape[1] for wall in walls.values()]
    rows = sum(heights) + 0.32 * len(walls) + 0.1
    figure, axes = figures.new(figures.WIDTH, rows, nrows=len(walls), squeeze=False, height_ratios=heights)
    figure.get_layout_engine().set(h_pad=0.03, hspace=0)
    for axis, (name, wall) in zip(axes[:, 0], walls.items(), strict=True):
        height, width, channels = maps[name].shape
        silent = int((np.ptp(maps[name], axis=(0, 1)) == 0).sum())
        said = f", {silent} the same everywhere" if silent else ""
        figures.bare(axis, f"{name}: {channels} channels of {height} × {width}{said}", loc="left")
        axis.imshow(wall, cmap=_cmap(), vmin=0, vmax=1, interpolation="nearest", aspect="equal")
    return figure


def _cmap() -> Any:
    from matplotlib import colormaps

    return colormaps["viridis"].with_extremes(bad="white")


def _wall(channels: np.ndarray) -> np.ndarray:
    """All channels of a layer side by side, each from 0 to 1."""
    low, span = channels.min((0, 1)), np.ptp(channels, axis=(0, 1))
    spread = (channels - low) / np.where(span == 0, 1, span)
    return figures.tiles(np.moveaxis(spread, -1, 0), figures.wide(spread.shape[-1]), max(1, spread.shape[0] // 16))
