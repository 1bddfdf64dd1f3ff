"""Matplotlib, on first use: figures without a window, and files of them."""

import functools
import io
from collections.abc import Mapping, Sequence
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


def new(columns: float, rows: float, shown: bool = False, **kwargs: Any) -> tuple[Any, Any]:
    """A figure of this many inches and its axes, made without a window unless it is to be `shown`.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    made = {"figsize": (columns, rows), "layout": "constrained"}
    picture = _picture()
    if shown:
        from matplotlib import pyplot

        figure = pyplot.figure(FigureClass=picture, **made)
    else:
        figure = picture(**made)
    return figure, figure.subplots(**kwargs)


def show(figure: Any) -> None:
    """Show a figure that was made for it, in a window until that is closed, or in a notebook."""
    from matplotlib import pyplot

    pyplot.show()
    pyplot.close(figure)


def patches(colors: Mapping[str, Sequence[int]]) -> list[Any]:
    """What a legend shows of colours, each by its name: red, green, blue from 0 to 255."""
    _picture()
    from matplotlib.patches import Patch

    return [Patch(color=[part / 255 for part in color], label=name) for name, color in colors.items()]


def finish(figure: Any, path: Any, dpi: float = 150, **kwargs: Any) -> Any:
    """Save the figure where a path is given; return it.

    Raises:
        ValueError: no picture has such a suffix.
    """
    if path is not None:
        content = as_bytes(figure, Path(path).suffix[1:].lower(), dpi, **kwargs)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
    return figure


def as_bytes(figure: Any, format: str, dpi: float = 150, **kwargs: Any) -> bytes:
    """The content of a file of the figure.

    Raises:
        ValueError: there is no such format.
    """
    if format not in figure.canvas.get_supported_filetypes():
        raise ValueError(report("There are no pictures of this format.", expected="png, svg or pdf", got=repr(format)))
    stream = io.BytesIO()
    figure.savefig(stream, format=format, dpi=min(dpi, _MOST_PIXELS / max(figure.get_size_inches())), **kwargs)
    return stream.getvalue()
