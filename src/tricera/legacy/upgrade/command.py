"""`python -m tricera upgrade`: write programs in the spelling of Keras 3, or show what that would change."""

import argparse
import difflib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tricera.disk.atomic import replacing
from tricera.errors import report
from tricera.legacy.upgrade.rewrite import Rewritten, rewrite

_PASSED_OVER = {"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"}


def main(arguments: list[str]) -> int:
    """Rewrite the files and the Python files of the folders that are named; the status of the process."""
    parser = argparse.ArgumentParser("python -m tricera upgrade", description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="path", help="a Python file, or a folder of them")
    parser.add_argument("--diff", action="store_true", help="show what would change, and write nothing")
    parser.add_argument("--keras", type=int, choices=(1, 2, 3), help="the Keras that the programs were written for")
    options = parser.parse_args(arguments)
    failed = 0
    for path in _files(options.paths):
        try:
            _upgrade(path, options.diff, options.keras)
        except (SyntaxError, UnicodeDecodeError) as error:
            print(f"{path}: left as it is: {error}", file=sys.stderr)
            failed = 1
        except ImportError as error:
            raise SystemExit(str(error)) from None
    return failed


def _files(named: list[str]) -> Iterator[Path]:
    for name in named:
        path = Path(name)
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(file for file in path.rglob("*.py") if not _passed_over(file.relative_to(path)))
        else:
            raise SystemExit(report(f"There is no file or folder {name!r}.", expected="Python programs"))


def _passed_over(path: Path) -> bool:
    return any(part in _PASSED_OVER or part.startswith(".") for part in path.parts)


def _upgrade(path: Path, diff: bool, number: int | None) -> None:
    with open(path, encoding="utf-8", newline="") as file:  # as it is, line ends too
        old = file.read()
    new = rewrite(old, number)
    if diff:
        lines = difflib.unified_diff(
            old.splitlines(keepends=True), new.source.splitlines(keepends=True), str(path), f"{path} (Keras 3)"
        )
        sys.stdout.writelines(line if line.endswith("\n") else f"{line}\n" for line in lines)
    elif new.source != old:
        with replacing(path) as fresh:
            fresh.write_text(new.source, "utf-8", newline="")
            os.chmod(fresh, path.stat().st_mode)
    for line in _told(path, old, new, diff):
        print(line, file=sys.stderr)


def _told(path: Path, old: str, new: Rewritten, diff: bool) -> Iterator[str]:
    if new.source != old and not diff:
        yield f"{path}: rewritten"
    for line, what in new.left:
        yield f"{path}:{line}: left for you: {what}"
