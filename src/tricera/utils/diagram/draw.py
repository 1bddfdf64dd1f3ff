"""Boxes and arrows, drawn by Matplotlib."""

from collections.abc import Callable, Sequence
from typing import Any

from tricera.utils import pictures
from tricera.utils.diagram.boxes import Box, Diagram
from tricera.utils.diagram.layout import Layout, Point, layered

_SIZE, _LINE, _PAD = 9.0, 0.165, 0.09  # points of the text; inches of a line and around the text
_MARGIN, _BETWEEN = 0.12, 0.3
_INK = "#555555"
# Pale enough for black text and for print; what belongs together is told by words too.
COLORS = {
    "conv": "#cfe3f2",
    "depthwise": "#cfe3f2",
    "pool": "#fbe0c8",
    "dense": "#cdeadf",
    "norm": "#e8ddf0",
    "rnn": "#d4f0fa",
    "embedding": "#f7efc2",
    "attention": "#f5d9e8",
    "multihead": "#f5d9e8",
    "merge": "#e4e4e4",
}


def figure(diagram: Diagram, rankdir: str = "TB") -> Any:
    """The diagram as a figure. Arrows run from top to bottom, or as `rankdir` says: "LR", "BT", "RL"."""
    figure, axis = pictures.new(1, 1)
    sizes = [_size(box) for box in diagram.boxes]
    sideways = rankdir in ("LR", "RL")
    breadths, depths = zip(*(size[::-1] if sideways else size for size in sizes), strict=True)
    layout = layered(breadths, depths, diagram.arrows, _BETWEEN)
    width, height = (layout.length, layout.breadth) if sideways else (layout.breadth, layout.length)
    figure.set_size_inches(width + 2 * _MARGIN, height + 2 * _MARGIN)
    figure.set_layout_engine("none")
    axis.set_position((0, 0, 1, 1))
    axis.set(xlim=(-_MARGIN, width + _MARGIN), ylim=(height + _MARGIN, -_MARGIN))
    axis.set_axis_off()
    backwards = rankdir in ("BT", "RL")

    def turned(point: Point) -> Point:
        across, along = point
        along = layout.length - along if backwards else along
        return (along, across) if sideways else (across, along)

    middles = [turned(middle) for middle in layout.middles]
    _frames(axis, diagram, middles, sizes)
    _arrows(axis, layout, turned)
    for box, middle, size in zip(diagram.boxes, middles, sizes, strict=True):
        _draw(axis, box, middle, size)
    return figure


def _size(box: Box) -> Point:
    """Width and height of a box, in inches."""
    width = max(_text_width(box.kind, bold=True) + (_text_width(f"  {box.name}") if box.name else 0), 0.5)
    width = max([width, *map(_text_width, box.lines)])
    return width + 2 * _PAD, _LINE * (1 + len(box.lines)) + 1.2 * _PAD


def _text_width(text: str, bold: bool = False) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=_SIZE, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def _draw(axis: Any, box: Box, middle: Point, size: Point) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = middle, size
    left, top = x - width / 2, y - height / 2
    shape = f"round,pad=0,rounding_size={0.25 * _LINE}"
    color = COLORS.get(box.family, "#f4f4f4")
    dashed = "--" if box.kind == "InputLayer" else "-"
    axis.add_patch(
        FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle=shape,
            facecolor=color,
            edgecolor=_INK,
            linewidth=0.8,
            linestyle=dashed,
            zorder=3,
        )
    )
    style = {"fontsize": _SIZE, "va": "center", "zorder": 4, "parse_math": False}
    said = _text_width(box.kind, bold=True)
    whole = said + (_text_width(f"  {box.name}") if box.name else 0)
    line = top + 0.6 * _PAD + _LINE / 2
    axis.text(x - whole / 2, line, box.kind, weight="bold", ha="left", **style)
    if box.name:
        axis.text(x - whole / 2 + said, line, f"  {box.name}", ha="left", **style)
    for number, text in enumerate(box.lines, 1):
        axis.text(x, line + number * _LINE, text, ha="center", color="#333333", **style)


def _arrows(axis: Any, layout: Layout, turned: Callable[[Point], Point]) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    look = {"edgecolor": _INK, "facecolor": _INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "zorder": 2}
    for points in layout.lines.values():
        corners, codes = [], []
        for (a, b), (c, d) in zip(points[::2], points[1::2], strict=True):
            middle = (b + d) / 2
            corners += [(a, b), (a, middle), (c, middle), (c, d)]
            codes += [Path.LINETO if codes else Path.MOVETO, *[Path.CURVE4] * 3]
        path = Path([turned(point) for point in corners], codes)
        axis.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>,head_length=3.2,head_width=1.6", **look))


def _frames(axis: Any, diagram: Diagram, middles: Sequence[Point], sizes: Sequence[Point]) -> None:
    """A frame with the name around the boxes of each opened model, where no other box stands in it."""
    from matplotlib.patches import Rectangle

    names = {box.inside[: depth + 1] for box in diagram.boxes for depth in range(len(box.inside))}
    for name in sorted(names):
        ours = [box.inside[: len(name)] == name for box in diagram.boxes]
        corners = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(middles, sizes, strict=True)]
        held = [corner for corner, own in zip(corners, ours, strict=True) if own]
        others = [corner for corner, own in zip(corners, ours, strict=True) if not own]
        left, top = min(c[0] for c in held) - 0.07, min(c[1] for c in held) - 0.1
        right, bottom = max(c[2] for c in held) + 0.07, max(c[3] for c in held) + 0.07
        if any(a < right and left < c and b < bottom and top < d for a, b, c, d in others):
            continue
        frame = Rectangle((left, top), right - left, bottom - top, facecolor="#fafafa", edgecolor="#999999", lw=0.7)
        axis.add_patch(frame)
        axis.text(left + 0.04, top + 0.02, name[-1], fontsize=6.5, va="top", color="#555555", parse_math=False)
