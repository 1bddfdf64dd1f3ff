"""The graph of a model."""

from typing import Any

from tricera.utils.diagram import draw
from tricera.utils.diagram.boxes import Show, check_direction, diagram
from tricera.visualization import figure as figures


def model_graph(model: Any, path: Any = None, expand_nested: bool = False, rankdir: str = "TB") -> Any:
    """Layers as boxes, each with its name, the shape of its output and its number of weights; tensors as arrows.

    Args:
        path: where to save the picture, by its suffix PNG, SVG or PDF.
        expand_nested: whether the models inside are opened.
        rankdir: where the arrows point: "TB" down, "LR" right, "BT" up, "RL" left.

    Raises:
        ValueError: the model is not built, or no such direction.
    """
    check_direction(rankdir)
    found = diagram(model, Show(shapes=True, weights=True), expand_nested)
    return figures.finish(draw.figure(found, rankdir), path)
