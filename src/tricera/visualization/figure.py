"""What all pictures share: Matplotlib on first use, colours, saving."""

from pathlib import Path
from typing import Any

from tricera.errors import report

# Okabe and Ito's blue and vermilion, told apart by colour-blind readers and in print; light grey for frames.
BLUE, ORANGE, LIGHT = "#0072B2", "#D55E00", "#c0c0c0"


def new(columns: float, rows: float, **kwargs: Any) -> tuple[Any, Any]:
    """A figure of this many inches and its axes, made without a window.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            report("Pictures need Matplotlib, which is not installed.", fix='pip install "tricera[plot]"')
        ) from None
    figure = Figure(figsize=(columns, rows), layout="constrained")
    return figure, figure.subplots(**kwargs)


def finish(figure: Any, path: Any) -> Any:
    """Save the figure where a path is given; return it."""
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
    return figure
