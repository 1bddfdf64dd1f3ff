"""Runs Keras' test files, each in a process of its own, and counts what passes."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.upstream import door, reasons

ROOT = Path(__file__).parents[2]


class Result(NamedTuple):
    """What became of one case: `"passed"`, `"failed"`, `"skipped"` by itself, or `"unfinished"`."""

    name: str
    outcome: str
    why: str = ""
    seconds: float = 0.0


def files(places: Iterable[str] = ()) -> list[str]:
    """The test files of the wheel, as paths below `keras/src`; only those below `places`, if there are any."""
    source = door.wheel() / "src"
    every = sorted(path.relative_to(source).as_posix() for path in source.rglob("*_test.py"))
    wanted = [f"{place.strip('/')}".removesuffix(".py") for place in places]
    chosen = [p for p in every if not wanted or any(f"{p.removesuffix('.py')}/".startswith(f"{w}/") for w in wanted)]
    return [path for path in chosen if not reasons.inapplicable(path)]


def run(paths: Iterable[str], folder: Path, jobs: int = 2, seconds: int = 900) -> None:
    """Run files, and keep their results in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)

    def one(path: str) -> None:
        begun = time.monotonic()
        target = folder / f"{path.replace('/', '.')}.jsonl"
        _run_one(path, target, seconds)
        counts = Counter(result.outcome for result in _read_one(target))
        print(f"{path}: {dict(counts)} in {time.monotonic() - begun:.0f} s", flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, paths))


def _run_one(path: str, target: Path, seconds: int) -> None:
    target.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "UPSTREAM_RESULTS": str(target.resolve()),
        "JAX_PLATFORMS": "cpu",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRICERA_CACHE_DIR": str((ROOT / ".cache" / "xla").resolve()),
        "KERAS_HOME": str((ROOT / ".cache" / "keras").resolve()),
    }
    options = ["-q", "-n0", "-W", "ignore", "--tb=short", "--import-mode=importlib", "--continue-on-collection-errors"]
    options += ["-p", "tests.upstream.plugin", "-p", "no:cacheprovider"]
    options += ["-c", os.devnull, "--rootdir", str(door.wheel().parent)]
    command = [sys.executable, "-m", "pytest", *options, str(door.wheel() / "src" / path)]
    log = target.with_suffix(".log")
    with log.open("w") as out:
        try:
            subprocess.run(command, env=environment, stdout=out, stderr=out, timeout=seconds, cwd=ROOT)
        except subprocess.TimeoutExpired:
            out.write(f"\nended after {seconds} seconds\n")
    if not target.exists():
        line = {"name": path, "outcome": "failed", "why": f"nothing was collected; see {log.name}"}
        target.write_text(json.dumps(line) + "\n")


def read(folder: Path) -> list[Result]:
    """All results that are kept in a folder."""
    return [result for path in sorted(folder.glob("*.jsonl")) for result in _read_one(path)]


def _read_one(path: Path) -> Iterator[Result]:
    """The last that was said of each case."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return iter({line["name"]: Result(**line) for line in lines}.values())


def folder_of(name: str) -> str:
    """The part of Keras that a case belongs to."""
    return name.split("/")[0].removesuffix("_test.py")


class Count(NamedTuple):
    """The cases of a folder that are applicable: how many there are, and how many pass."""

    passed: int
    cases: int
    inapplicable: int

    @property
    def share(self) -> float:
        return self.passed / self.cases if self.cases else 1.0


def counts(results: Iterable[Result]) -> dict[str, Count]:
    """The counts of each folder."""
    found: dict[str, Counter] = {}
    for result in results:
        counter = found.setdefault(folder_of(result.name), Counter())
        if result.outcome == "skipped" or reasons.inapplicable(result.name):
            counter["inapplicable"] += 1
        else:
            counter["passed" if result.outcome == "passed" else "failed"] += 1
    return {
        folder: Count(counter["passed"], counter["passed"] + counter["failed"], counter["inapplicable"])
        for folder, counter in sorted(found.items())
    }


def table(results: Iterable[Result]) -> str:
    """The counts as a table in Markdown."""
    rows = [
        f"| {folder} | {count.passed:,} | {count.cases:,} | {count.share:.1%} | {count.inapplicable:,} |"
        for folder, count in counts(results).items()
    ]
    return "\n".join(["| part | passed | applicable | share | inapplicable |", "|---|---:|---:|---:|---:|", *rows])
