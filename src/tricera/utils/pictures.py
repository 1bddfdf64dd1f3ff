"""Matplotlib, on first use: figures without a window, and files of them."""

import functools
import io
from pathlib import Path
from typing import Any

from tricera.errors import report

_MOST_PIXELS = 60_000  # along a side: Matplotlib draws 65,535


@functools.cache
def _picture() -> type:
    """Matplotlib's figure, which a notebook shows even where nobody has asked Matplotlib for a window."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            report("Pictures need Matplotlib, which is not installed.", fix='pip install "tricera[plot]"')
        ) from None

    class Picture(Figure):
        def _repr_png_(self) -> bytes:
            return as_bytes(self, "png", 110)

    return Picture


def new(columns: float, rows: float, **kwargs: Any) -> tuple[Any, Any]:
    """A figure of this many inches and its axes, made without a window.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    figure = _picture()(figsize=(columns, rows), layout="constrained")
    return figure, figure.subplots(**kwargs)


def finish(figure: Any, path: Any) -> Any:
    """Save the figure where a path is given; return it.

    Raises:
        ValueError: no picture has such a suffix.
    """
    if path is not None:
        content = as_bytes(figure, Path(path).suffix[1:].lower())
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    return figure


def as_bytes(figure: Any, format: str, dpi: float = 150) -> bytes:
    """The content of a file of the figure.

    Raises:
        ValueError: there is no such format.
    """
    if format not in figure.canvas.get_supported_filetypes():
        raise ValueError(report("There are no pictures of this format.", expected="png, svg or pdf", got=repr(format)))
    stream = io.BytesIO()
    figure.savefig(stream, format=format, dpi=min(dpi, _MOST_PIXELS / max(figure.get_size_inches())))
    return stream.getvalue()
