"""Runs Keras' test files, each in a process of its own, and counts what passes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
        target = _kept(folder, path)
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
    with log.open("w") as out, tempfile.TemporaryDirectory() as place:  # Keras' tests write where they are
        try:
            subprocess.run(command, env=environment, stdout=out, stderr=out, timeout=seconds, cwd=place)
        except subprocess.TimeoutExpired:
            out.write(f"\nended after {seconds} seconds\n")
    if not target.exists():
        line = {"name": path, "outcome": "failed", "why": f"nothing was collected; see {log.name}"}
        target.write_text(json.dumps(line) + "\n")


def read(folder: Path, paths: Iterable[str] | None = None) -> list[Result]:
    """The results of these files that are kept in a folder; by default all that are."""
    kept = sorted(folder.glob("*.jsonl")) if paths is None else [_kept(folder, path) for path in paths]
    return [result for path in kept for result in _read_one(path)]


def _kept(folder: Path, path: str) -> Path:
    return folder / f"{path.replace('/', '.')}.jsonl"


def _read_one(path: Path) -> Iterator[Result]:
    """The last that was said of each case."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return iter({line["name"]: Result(**line) for line in lines}.values())


def folder_of(name: str) -> str:
    """The part of Keras that a case belongs to."""
    return name.split("/")[0].removesuffix("_test.py")


class Count(NamedTuple):
    """The cases of a folder: how many of those that are applicable pass and fail, and why how many are not."""

    passed: int
    failed: int
    inapplicable: dict[str, int]

    @property
    def cases(self) -> int:
        return self.passed + self.failed

    @property
    def share(self) -> float:
        return self.passed / self.cases if self.cases else 1.0


OWN = "left out by Keras' tests themselves, on JAX or without optional packages"


def counts(results: Iterable[Result]) -> dict[str, Count]:
    """The counts of each folder."""
    found: dict[str, Count] = {}
    for result in results:
        passed, failed, inapplicable = found.get(folder_of(result.name), Count(0, 0, {}))
        why = reasons.inapplicable(result.name) or (OWN if result.outcome == "skipped" else None)
        if why:
            inapplicable = {**inapplicable, why: inapplicable.get(why, 0) + 1}
        elif result.outcome == "passed":
            passed += 1
        else:
            failed += 1
        found[folder_of(result.name)] = Count(passed, failed, inapplicable)
    return dict(sorted(found.items()))


def table(counts: Mapping[str, Count]) -> str:
    """The counts as a table in Markdown."""
    rows = [
        f"| {folder} | {count.passed:,} | {count.cases:,} | {count.share:.1%} | {sum(count.inapplicable.values()):,} |"
        for folder, count in counts.items()
    ]
    return "\n".join(["| part | passed | applicable | share | inapplicable |", "|---|---:|---:|---:|---:|", *rows])


# ---- the record: what the last whole run of each folder counted

RECORD = Path(__file__).with_name("record.json")


def recorded(path: Path = RECORD) -> dict[str, Count]:
    """The counts that are on record."""
    return {folder: Count(**count) for folder, count in json.loads(path.read_text()).items()} if path.exists() else {}


def record(results: Iterable[Result], path: Path = RECORD) -> dict[str, Count]:
    """Put the counts of the folders that were run whole on record; gives all that is on it."""
    results = list(results)
    ran = {result.name.split("::")[0] for result in results}
    partial = {folder_of(file) for file in files() if file not in ran}
    new = {folder: count for folder, count in counts(results).items() if folder not in partial}
    merged = dict(sorted({**recorded(path), **new}.items()))
    path.write_text(json.dumps({folder: count._asdict() for folder, count in merged.items()}, indent=1) + "\n")
    return merged


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
    kept = (name for name in before if name.split("::")[0] not in ran and not reasons.inapplicable(name))
    noted = {name: before[name] for name in kept}
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


def page(counts: Mapping[str, Count]) -> str:
    """`docs/conformance.md`."""
    left_out = sum((Counter(count.inapplicable) for count in counts.values()), Counter())
    missing = sorted({folder_of(path) for path in files()} - set(counts))
    rest = f"\nNot run to the end yet: {', '.join(missing)}.\n" if missing else ""
    return f"""# Keras' own tests

The wheel of Keras 3.15.1 carries its tests. `make upstream` runs them against Tricera: `keras.src` is an alias whose
modules have Tricera's public objects, the test files are read from the installed wheel, and nothing is copied. This
page is what the last run of each part found. Two files of callbacks and most of the layers of data run only where
TensorFlow is installed, five of these where Grain is too, and one of `utils` where PyTorch is; they did.

{table(counts)}
{rest}
## What fails, and why

`tests/upstream/expected.txt` names each case below its reason. The list may only shrink: `make upstream` ends with an
error where a case fails that is not on it, or passes that is.

| reason | cases |
|---|---:|
{_rows(Counter(expected().values()))}

## What is inapplicable, and why

Cases about other backends, TensorFlow's objects or Keras' private parts, by name in `tests/upstream/reasons.py`.

| reason | cases |
|---|---:|
{_rows(left_out)}
"""


def _rows(counter: Counter) -> str:
    return "\n".join(f"| {reason} | {count:,} |" for reason, count in counter.most_common())
