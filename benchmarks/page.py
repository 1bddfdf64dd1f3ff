"""The report: a Markdown page and a chart."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import Peer, cores
from benchmarks.rounds import Figures, Row, ratio
from benchmarks.works import BY_NAME as WORKS

_HOW = """\
Each figure is the median of {rounds} runs (peak memory: of one), each in a process of its own, the peers taking turns.
A training figure is the time of a `fit` without callbacks and without output, divided by its steps; the first epoch,
which compiles, is left out. Every peer gets the same data (random, of the right shapes, float32), batch size,
optimizer and layers. Keras runs without the backends that it does not use, which it would otherwise import. Plain
PyTorch is a loop over shuffled indices on {cores} threads; it counts no metrics but the loss. The first `fit` is the
MNIST CNN on two batches; Tricera's second run finds its programs on disk. The k-fold loop builds, trains ({folds})
and evaluates the Boston model four times."""


def page(rows: Sequence[Row], figures: Figures, peers: Sequence[Peer], rounds: int, command: str) -> str:
    """The page's text."""
    training = [row for row in rows if row.kind == "fit"]
    rest = [row for row in rows if row.kind != "fit"]
    parts = [
        "# Benchmarks",
        "",
        "<!-- Written by `make bench`. -->",
        "",
        "Best peer / Tricera: above 1, Tricera is faster.",
        "",
    ]
    parts += ["![Milliseconds a step of each work on each peer](benchmarks.png)", ""]
    parts += ["## Ratios", "", *ratios(rows, figures), ""]
    if training:
        parts += ["## Training, milliseconds a step", "", *table(training, figures, peers), ""]
    if rest:
        parts += ["## Starting, repeating, memory", "", *table(rest, figures, peers), ""]
    parts += ["## How", "", _HOW.format(rounds=rounds, cores=cores(), folds="5 epochs, batch 1"), ""]
    parts += [
        f"* Command: `{command}`",
        f"* Machine: {machine()}",
        *(f"* {peer.title}: {peer.versions}" for peer in peers),
    ]
    return "\n".join([*parts, f"* Python {platform.python_version()}", ""])


def ratios(rows: Sequence[Row], figures: Figures) -> list[str]:
    """A table of best peer / Tricera, beside what is asked."""
    lines = ["| work | best peer / Tricera | asked | best peer |", "|---|---:|---:|---|"]
    for row in rows:
        if (found := ratio(row, figures)) is not None:
            asked = f"{row.target:g}" if row.target else ""
            lines.append(f"| {row.title} | {_digits(found[0])} | {asked} | {found[1]} |")
    return lines


def table(rows: Sequence[Row], figures: Figures, peers: Sequence[Peer]) -> list[str]:
    """A table of the figures themselves, the best of each row in bold."""
    lines = [f"| work | {' | '.join(peer.title for peer in peers)} |", f"|---|{'---:|' * len(peers)}"]
    for row in rows:
        found = figures.get(row.key, {})
        best = min(found.values()) if found and row.unit else None
        cells = [_cell(found.get(peer.name), best) for peer in peers]
        unit = f" ({row.unit})" if row.unit and row.kind != "fit" else ""
        lines.append(f"| {row.title}{unit} | {' | '.join(cells)} |")
    return lines


def _cell(figure: Any, best: Any) -> str:
    if figure is None or isinstance(figure, str):
        return figure or ""
    return f"**{_digits(figure)}**" if figure == best else _digits(figure)


def _digits(figure: float) -> str:
    """Three significant digits, without an exponent."""
    places = max(0, 2 - len(str(int(figure))) + 1) if figure >= 1 else 4 if figure < 0.1 else 3
    return f"{figure:.{places}f}"


def machine() -> str:
    """Processor, cores, memory and system."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return f"{model}, {cores()} cores, {memory:.0f} GiB, {platform.system()}{load}"


def chart(rows: Sequence[Row], figures: Figures, peers: Sequence[Peer], path: Path) -> None:
    """Draw a panel for each work: a bar for each peer, Tricera's in blue; shorter is better."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if row.kind == "fit" and figures.get(row.key)]
    columns = 2
    lines = -(-len(rows) // columns)
    figure = Figure(figsize=(11, 0.8 + 1.75 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flat
    for panel, row in zip(panels, rows, strict=False):
        _panel(panel, row, figures[row.key], [peer for peer in peers if peer.name in figures[row.key]])
    for panel in list(panels)[len(rows) :]:
        panel.set_visible(False)
    figure.suptitle("Training, milliseconds a step (shorter is better)", fontsize=13)
    figure.savefig(path, dpi=110)


def _panel(panel: Any, row: Row, found: dict[str, float], peers: Sequence[Peer]) -> None:
    values = [found[peer.name] for peer in peers]
    # Okabe and Ito's blue against grey: one strong colour, told apart by any eye.
    bars = panel.barh(
        [peer.title for peer in peers],
        values,
        color=["#0072B2" if peer.name == "tricera" else "#B8B8B8" for peer in peers],
    )
    panel.bar_label(bars, [_digits(value) for value in values], padding=3, fontsize=9)
    panel.invert_yaxis()
    panel.set_title(WORKS[row.key].title, fontsize=10, loc="left")
    panel.set_xlim(0, 1.15 * max(values))
    panel.set_xticks([])
    panel.tick_params(axis="y", length=0, labelsize=9)
    panel.spines[["top", "right", "bottom"]].set_visible(False)
