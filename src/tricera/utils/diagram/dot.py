"""The same in Graphviz's language, and by its program where that is installed."""

import html
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tricera.errors import report
from tricera.utils import pictures
from tricera.utils.diagram import draw
from tricera.utils.diagram.boxes import Box, Diagram

_SECONDS = 120


class Dot:
    """A model's graph in the language DOT. Pictures come from Graphviz where it is installed, else from our own layout.

    The methods are those of pydot's graphs that people use.
    """

    def __init__(self, diagram: Diagram, rankdir: str = "TB", dpi: float = 200, splines: str = "ortho"):
        self._diagram, self._rankdir, self._dpi, self._splines = diagram, rankdir, dpi, splines

    def to_string(self) -> str:
        """The text in DOT."""
        lines = [
            f"digraph {_quoted(self._diagram.name)} {{",
            f"rankdir={self._rankdir}; splines={_quoted(self._splines)}; dpi={self._dpi:g}; nodesep=0.25; ranksep=0.3;",
            'node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=10, color="#555555"];',
            'edge [color="#555555", arrowsize=0.6];',
            *self._boxes((), range(len(self._diagram.boxes))),
            *(f"n{source} -> n{target};" for source, target in self._diagram.arrows),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def _boxes(self, inside: tuple[str, ...], places: Any) -> list[str]:
        """The boxes that stand in a model, those of opened models in it as clusters."""
        lines, inner = [], {}
        for place in places:
            box = self._diagram.boxes[place]
            if box.inside == inside:
                lines.append(f"n{place} [label=<{_label(box)}>, fillcolor={_quoted(_color(box))}];")
            else:
                inner.setdefault(box.inside[: len(inside) + 1], []).append(place)
        for name, members in inner.items():
            cluster = _quoted("cluster_" + "/".join(name))
            lines += [f'subgraph {cluster} {{ label={_quoted(name[-1])}; fontname="Helvetica"; color="#999999";']
            lines += [*self._boxes(name, members), "}"]
        return lines

    def create(self, prog: Any = None, format: str = "ps", encoding: str | None = None) -> bytes:
        """The picture in a format such as "png", "svg" or "pdf", as bytes."""
        if has_graphviz():
            return _graphviz(self.to_string(), format)
        return pictures.as_bytes(draw.figure(self._diagram, self._rankdir), format, self._dpi)

    def create_png(self) -> bytes:
        """The picture as PNG."""
        return self.create(format="png")

    def create_svg(self) -> bytes:
        """The picture as SVG."""
        return self.create(format="svg")

    def write(self, path: Any, prog: Any = None, format: str = "raw", encoding: str | None = None) -> bool:
        """Write the picture, or with `format="raw"` the text in DOT, into a file."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(self.to_string().encode() if format in ("raw", "dot") else self.create(format=format))
        return True

    def write_png(self, path: Any) -> bool:
        """Write the picture as PNG."""
        return self.write(path, format="png")

    def write_svg(self, path: Any) -> bool:
        """Write the picture as SVG."""
        return self.write(path, format="svg")

    def _repr_svg_(self) -> str:
        return self.create_svg().decode()

    __str__ = to_string


def has_graphviz() -> bool:
    """Whether Graphviz's program `dot` is installed."""
    return shutil.which("dot") is not None


def _graphviz(text: str, format: str) -> bytes:
    done = subprocess.run(
        ["dot", f"-T{format}"], input=text.encode(), capture_output=True, timeout=_SECONDS, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(report(f"Graphviz cannot make the format {format!r}.", got=said[0] if said else "no message"))
    return done.stdout


def _color(box: Box) -> str:
    return draw.COLORS.get(box.family, "#f4f4f4")


def _label(box: Box) -> str:
    name = f"&#160; {html.escape(box.name)}" if box.name else ""
    first = f"<B>{html.escape(box.kind)}</B>{name}"
    return "<BR/>".join([first, *map(html.escape, box.lines)])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
