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


def every() -> list[str]:
    """All test files of the wheel, as paths below `keras/src`."""
    source = door.wheel() / "src"
    return sorted(path.relative_to(source).as_posix() for path in source.rglob("*_test.py"))


def files(places: Iterable[str] = ()) -> list[str]:
    """The test files of the wheel, as paths below `keras/src`; only those below `places`, if there are any."""
    wanted = [f"{place.strip('/')}".removesuffix(".py") for place in places]
    chosen = [p for p in every() if not wanted or any(f"{p.removesuffix('.py')}/".startswith(f"{w}/") for w in wanted)]
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


# ---- the list of expected failures, and the page

EXPECTED = Path(__file__).with_name("expected.txt")


def failures(results: Iterable[Result]) -> list[Result]:
    """The applicable cases that fail, by name."""
    failed = [r for r in results if r.outcome in ("failed", "unfinished") and not reasons.inapplicable(r.name)]
    return sorted(failed, key=lambda result: result.name)


def write_expected(results: Iterable[Result], path: Path = EXPECTED) -> None:
    """Note the failures: a heading for each reason, and below it the cases; those of files that did not run stay."""
    results, before = list(results), expected(path)
    ran = {result.name.split("::")[0] for result in results}
    noted = {name: reason for name, reason in before.items() if name.split("::")[0] not in ran}
    noted |= {r.name: before.get(r.name) or reasons.known(r.why or r.outcome) for r in failures(results)}
    by_reason: dict[str, list[str]] = {}
    for name, reason in sorted(noted.items()):
        by_reason.setdefault(reason, []).append(name)
    sections = [f"# {reason}\n" + "\n".join(names) for reason, names in sorted(by_reason.items())]
    path.write_text("\n\n".join(sections) + "\n")


def expected(path: Path = EXPECTED) -> dict[str, str]:
    """The cases that may fail, and the reason of each."""
    found, reason = {}, ""
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            found[line] = reason
    return found


def surprises(results: Iterable[Result]) -> tuple[list[str], list[str]]:
    """Cases that fail without being expected to, and cases that pass although they were."""
    results, known = list(results), expected()
    new = [result.name for result in failures(results) if result.name not in known]
    return new, [result.name for result in results if result.outcome == "passed" and result.name in known]


def page(results: Iterable[Result]) -> str:
    """`docs/conformance.md`."""
    results = list(results)
    why = Counter(reasons.known(result.why or result.outcome) for result in failures(results))
    left_out = Counter(reason for result in results if (reason := reasons.inapplicable(result.name)))
    own = sum(result.outcome == "skipped" for result in results)
    ran = {result.name.split("::")[0] for result in results}
    skipped = [path for path in every() if path not in ran and not reasons.inapplicable(path)]
    rest = f"\nNot run yet: {len(skipped)} files, in {', '.join(sorted({folder_of(p) for p in skipped}))}.\n"
    return f"""# Keras' own tests

The wheel of Keras 3.15.1 carries its tests. `make upstream` runs them against Tricera: `keras.src` is an alias whose
modules have Tricera's public objects, the test files are read from the installed wheel, and nothing is copied. This
page is what the last run of each part found. Two files of callbacks run only where TensorFlow is installed, and did.

{table(results)}
{rest if skipped else ""}
## What fails, and why

`tests/upstream/expected.txt` names each case below its reason. The list may only shrink: `make upstream` ends with an
error where a case fails that is not on it, or passes that is.

| reason | cases |
|---|---:|
{_rows(why)}

## What is inapplicable, and why

Cases about other backends, TensorFlow's objects or Keras' private parts, by name in `tests/upstream/reasons.py`, and
{own:,} that Keras' tests leave out by themselves on JAX or without optional packages.

| reason | cases |
|---|---:|
{_rows(left_out)}
"""


def _rows(counter: Counter) -> str:
    return "\n".join(f"| {reason} | {count:,} |" for reason, count in counter.most_common())
