"""Layered layout of a graph: each box below all that feed it, few crossings, straight lines.

Reference: Sugiyama et al., 1981, "Methods for visual understanding of hierarchical system structures".
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_SWEEPS = 12
_GAP = 0.25  # inches between neighbours in a row
_BEND = 0.12  # the breadth of a line that passes a row
_STIFF = 8.0  # how much more a long line wants to be straight than a box to stand in the middle of its neighbours

Point = tuple[float, float]


class Layout(NamedTuple):
    """Where the boxes' middles are, `(across, along)`, the points of each arrow, and how large the whole is.

    The points of an arrow come in pairs: it bends from the first to the second, and runs straight to the next pair.
    """

    middles: list[Point]
    lines: dict[tuple[int, int], list[Point]]
    breadth: float
    length: float


class _Rows(NamedTuple):
    """Boxes and bends by rows; `up` and `down` are the neighbours of each in the rows next to its own."""

    rows: list[list[int]]
    up: list[list[int]]
    down: list[list[int]]
    chains: dict[tuple[int, int], list[int]]


def layered(
    breadths: Sequence[float], depths: Sequence[float], arrows: Sequence[tuple[int, int]], between: float
) -> Layout:
    """Places for boxes of these sizes, in inches; the boxes are listed sources first.

    Args:
        breadths: the boxes' sizes across the direction of the arrows.
        depths: their sizes along it.
        between: the room between rows.
    """
    graph = _with_bends(len(breadths), arrows)
    _order(graph)
    count = len(graph.up)
    sizes = np.array([*breadths, *[_BEND] * (count - len(breadths))])
    across = _across(graph, sizes, len(breadths))
    across -= min(across - sizes / 2)
    along, deep = np.zeros(count), np.array([*depths, *[0.0] * (count - len(depths))])
    at = 0.0
    for row in graph.rows:
        depth = deep[row].max()
        along[row] = at + depth / 2
        deep[[i for i in row if i >= len(depths)]] = depth
        at += depth + between
    above, below = (list(zip(across.tolist(), (along + side * deep / 2).tolist(), strict=True)) for side in (-1, 1))
    lines = {
        arrow: [point for a, b in itertools.pairwise(chain) for point in (below[a], above[b])]
        for arrow, chain in graph.chains.items()
    }
    middles = list(zip(across.tolist(), along.tolist(), strict=True))[: len(breadths)]
    return Layout(middles, lines, float(max(across + sizes / 2)), at - between)


def _with_bends(count: int, arrows: Sequence[tuple[int, int]]) -> _Rows:
    """Each box in the row after the last that feeds it; an arrow that passes rows has a bend in each."""
    level = [0] * count
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        level[target] = max(level[target], level[source] + 1)
    sources = {source: min(level[t] for s, t in arrows if s == source) for source, _ in arrows}
    fed = {target for _, target in arrows}
    for box, first in sources.items():
        if box not in fed:
            level[box] = first - 1  # an input stands right above what it feeds
    rows: list[list[int]] = [[] for _ in range(max(level, default=0) + 1)]
    up: list[list[int]] = [[] for _ in range(count)]
    down: list[list[int]] = [[] for _ in range(count)]
    for box in range(count):
        rows[level[box]].append(box)
    chains = {}
    for source, target in arrows:
        chain = [source]
        for row in range(level[source] + 1, level[target]):
            chain.append(len(up))
            rows[row].append(len(up))
            up.append([])
            down.append([])
        chain.append(target)
        chains[source, target] = chain
        for a, b in itertools.pairwise(chain):
            down[a].append(b)
            up[b].append(a)
    return _Rows(rows, up, down, chains)


def _order(graph: _Rows) -> None:
    """Sort each row by the middles of its neighbours, downwards and upwards in turn; keep the fewest crossings."""
    best, fewest = [list(row) for row in graph.rows], _crossings(graph)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        neighbours = graph.up if downwards else graph.down
        indices = range(1, len(graph.rows)) if downwards else range(len(graph.rows) - 2, -1, -1)
        for index in indices:
            other = graph.rows[index - 1 if downwards else index + 1]
            places = {box: place for place, box in enumerate(other)}
            row = graph.rows[index]
            own = {box: place for place, box in enumerate(row)}
            middle = {b: np.mean([places[n] for n in neighbours[b]]) if neighbours[b] else own[b] for b in row}
            row.sort(key=middle.__getitem__)
        if (crossings := _crossings(graph)) < fewest:
            best, fewest = [list(row) for row in graph.rows], crossings
    for row, found in zip(graph.rows, best, strict=True):
        row[:] = found


def _crossings(graph: _Rows) -> int:
    total = 0
    for upper, lower in itertools.pairwise(graph.rows):
        places = {box: place for place, box in enumerate(lower)}
        ends = [end for box in upper for end in sorted(places[n] for n in graph.down[box])]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _across(graph: _Rows, sizes: np.ndarray, boxes: int) -> np.ndarray:
    """Places across: each as near to the middle of its neighbours as its own neighbours in the row leave room for."""
    across = np.zeros(len(sizes))
    for row in graph.rows:
        across[row] = _apart(np.zeros(len(row)), sizes[row], np.ones(len(row)))
    for sweep in range(2 * _SWEEPS):
        downwards = sweep % 2 == 0
        for row in graph.rows if downwards else reversed(graph.rows):
            wanted, weights = [], []
            for box in row:
                near = graph.up[box] if downwards else graph.down[box]
                near = near or (graph.down[box] if downwards else graph.up[box])
                stiff = box >= boxes and all(n >= boxes for n in near)
                wanted.append(np.mean(across[near]) if near else across[box])
                weights.append(_STIFF if stiff else 1.0)
            across[row] = _apart(np.array(wanted), sizes[row], np.array(weights))
    return across


def _apart(wanted: np.ndarray, sizes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The places nearest to the wanted ones, in this order and without overlap: pooled where they would collide."""
    steps = np.concatenate([[0.0], (sizes[:-1] + sizes[1:]) / 2 + _GAP]).cumsum()
    blocks: list[tuple[float, float, int]] = []  # mean, weight, count
    for value, weight in zip(wanted - steps, weights, strict=True):
        mean, total, count = float(value), float(weight), 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (mean * total + before * heavy) / (total + heavy)
            total, count = total + heavy, count + many
        blocks.append((mean, total, count))
    return np.repeat([mean for mean, _, _ in blocks], [count for _, _, count in blocks]) + steps
