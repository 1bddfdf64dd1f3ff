"""Runs measurements, each in a process of its own, the peers taking turns, and takes medians."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import BY_NAME, Peer
from benchmarks.works import WORKS

ROOT = Path(__file__).resolve().parent.parent
_IMPORT = """\
import time
from benchmarks.hide import hide
hide({hidden})
begun = time.perf_counter()
import {module}
print(time.perf_counter() - begun)"""
_EPOCH_SAMPLES, _QUICK_SAMPLES = 60000, 3200
_QUICK = 0.25

# Figures by row, then by peer.
Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One line of the report: what is measured, in which unit, and what it must reach.

    Args:
        key: the figure's name.
        kind: which measurement gives it.
        unit: `ms`, `s`, `MiB`, or `` for counts.
        target: what best peer / Tricera must be.
    """

    key: str
    title: str
    kind: str
    unit: str
    target: float | None = None


ROWS = (
    *(Row(work.name, work.title, "fit", "ms", work.target) for work in WORKS),
    Row("import", "import", "import", "s"),
    Row("start-cold", "process start to the end of a first `fit`, nothing cached", "start", "s"),
    Row("start-warm", "process start to the end of a first `fit`, second run", "start", "s"),
    Row("fold-first", "k-fold loop, first fold", "folds", "s"),
    Row("fold-later", "k-fold loop, a later fold", "folds", "s"),
    Row("fold-compilations", "k-fold loop, compilations in folds 1, 2, 3, 4", "folds", ""),
    Row("memory", "peak memory, MNIST CNN, an epoch of 60000", "memory", "MiB", 1.0),
)


def chosen(only: str) -> list[Row]:
    """The rows whose key, title or kind holds the text."""
    return [row for row in ROWS if only.lower() in f"{row.key} {row.title} {row.kind}".lower()]


class Bench:
    """Collects figures in rounds.

    Args:
        quick: a fraction of the epochs and samples: to see that it works, and nothing more.
    """

    def __init__(self, peers: Sequence[Peer], rows: Iterable[Row], quick: bool):
        self.peers, self.rows, self.quick = list(peers), list(rows), quick
        self.seen: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))

    def run(self, rounds: int) -> Iterator[str]:
        """Measure; says what it measured, line by line."""
        tasks = list(dict.fromkeys((row.kind, row.key if row.kind == "fit" else "") for row in self.rows))
        for turn in range(rounds):
            order = self.peers[turn % len(self.peers) :] + self.peers[: turn % len(self.peers)]
            for kind, work in tasks:
                if kind == "memory" and turn:
                    continue  # hardly varies, and takes long
                for peer in order:
                    yield from self._measure(kind, work, peer)

    def medians(self) -> Figures:
        """The median of each figure; counts, which agree, as they are."""
        return {
            row.key: {
                peer: values[-1] if row.unit == "" else statistics.median(values)
                for peer, values in self.seen[row.key].items()
            }
            for row in self.rows
        }

    def _measure(self, kind: str, work: str, peer: Peer) -> Iterator[str]:
        with tempfile.TemporaryDirectory() as cache:
            for key, figure in getattr(self, f"_{kind}")(peer, work, cache):
                self.seen[key][peer.name].append(figure)
                yield f"{key:18} {peer.title:18} {figure if isinstance(figure, str) else f'{figure:.4g}'}"

    # ---- kinds: each yields `(row's key, figure)`

    def _fit(self, peer: Peer, work: str, cache: str) -> Iterator[tuple[str, Any]]:
        yield work, _child("fit", peer, work, _QUICK if self.quick else 1.0, cache)["ms"]

    def _import(self, peer: Peer, work: str, cache: str) -> Iterator[tuple[str, Any]]:
        code = _IMPORT.format(hidden=repr(peer.hidden), module=peer.module)
        yield "import", float(_python(["-c", code], peer, cache))

    def _start(self, peer: Peer, work: str, cache: str) -> Iterator[tuple[str, Any]]:
        yield "start-cold", _child("start", peer, "mnist", time.time(), cache)["s"]
        yield "start-warm", _child("start", peer, "mnist", time.time(), cache)["s"]

    def _folds(self, peer: Peer, work: str, cache: str) -> Iterator[tuple[str, Any]]:
        found = _child("folds", peer, "boston", _QUICK if self.quick else 1.0, cache)
        yield "fold-first", found["s"][0]
        yield "fold-later", statistics.median(found["s"][1:])
        if None not in found["compilations"]:
            yield "fold-compilations", ", ".join(map(str, found["compilations"]))

    def _memory(self, peer: Peer, work: str, cache: str) -> Iterator[tuple[str, Any]]:
        yield "memory", _child("memory", peer, "mnist", _QUICK_SAMPLES if self.quick else _EPOCH_SAMPLES, cache)["mib"]


def _child(kind: str, peer: Peer, work: str, setting: float, cache: str) -> dict[str, Any]:
    arguments = ["-m", "benchmarks.measure", kind, peer.name, work, repr(setting)]
    return json.loads(_python(arguments, peer, cache).splitlines()[-1])


def _python(arguments: list[str], peer: Peer, cache: str) -> str:
    """What a fresh Python prints; its own errors where it fails."""
    environment = {**os.environ, **peer.environment, "TRICERA_CACHE_DIR": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each import compiles what was not compiled at installation
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def ratio(row: Row, figures: Figures) -> tuple[float, str] | None:
    """Best peer / Tricera, and who that peer is."""
    found = figures.get(row.key, {})
    others = {peer: figure for peer, figure in found.items() if peer != "tricera"}
    if row.unit == "" or "tricera" not in found or not others:
        return None
    best = min(others, key=others.__getitem__)
    return others[best] / found["tricera"], BY_NAME[best].title
