"""plot_model and model_to_dot."""

from pathlib import Path
from typing import Any

from tricera.errors import report
from tricera.utils.diagram.boxes import Show, check_direction, diagram
from tricera.utils.diagram.dot import Dot


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Dot:
    """The graph of a model: as text in the language of Graphviz, and as a picture, whether that is installed or not.

    Args:
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what each box says.
        rankdir: where the arrows point: "TB" down, "LR" right, "BT" up, "RL" left.
        expand_nested: whether the models inside are opened.
        dpi: pixels an inch, of formats that have pixels.
        subgraph: accepted for Keras' sake: a graph in a graph is an opened model.
        splines: how Graphviz draws lines.

    Raises:
        ValueError: the model is not built, or no such direction.
    """
    check_direction(rankdir)
    if unknown := set(kwargs) - {"layer_range"}:
        raise ValueError(report(f"Unrecognized keyword argument {min(unknown)!r}."))
    show = Show(show_layer_names, show_shapes, show_dtype, show_layer_activations, show_trainable)
    return Dot(diagram(model, show, expand_nested), rankdir, dpi, splines)


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> "File":
    """Draw the graph of a model into a file: PNG, SVG, PDF, or `.dot` for its text; the rest as of `model_to_dot`.

    Returns:
        The file, which a notebook shows.
    """
    path = Path(to_file)
    path = path if path.suffix else path.with_suffix(".png")
    options = {k: v for k, v in locals().items() if k not in ("model", "to_file", "path", "kwargs")}
    model_to_dot(model, **options, **kwargs).write(path, format=path.suffix[1:].lower())
    return File(path)


class File:
    """A picture on disk, which a notebook shows."""

    def __init__(self, path: Path):
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_png_(self) -> bytes | None:
        return self.path.read_bytes() if self.path.suffix.lower() == ".png" else None

    def _repr_svg_(self) -> str | None:
        return self.path.read_text() if self.path.suffix.lower() == ".svg" else None

    def __repr__(self) -> str:
        return f"<picture {str(self.path)!r}>"
