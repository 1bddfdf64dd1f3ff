"""The old spellings that a program used, and what they are called today: told once, when the program ends."""

import atexit
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from tricera.legacy import paths

NOTHING = "(says nothing today)"
# Modules that stand between a program and what it names; Tricera's others speak for themselves.
_PASSED_OVER = re.compile(r"(tricera\.(legacy|alias|errors|engine\.configured)|importlib|contextlib)\b")
_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]|^" + re.escape(os.path.dirname(os.__file__)))

_OF_OTHERS = {"from_config", "_handle_fromlist"}  # functions that ask for what a file says, or ask before they take


@dataclass
class Use:
    """Where a program used an old spelling first, and how often it was used."""

    file: str
    line: int
    count: int = 1

    @property
    def place(self) -> str:
        """`train.py:12`, or `line 12` of what is no file."""
        if not os.path.exists(self.file):
            return f"line {self.line}"
        below = os.path.relpath(self.file)
        return f"{self.file if below.startswith(os.pardir) else below}:{self.line}"


_uses: dict[tuple[str, str], Use] = {}
_loud = [False]


def note(old: str, new: str | None) -> None:
    """Remember that the program wrote `old` for `new`; None: it says nothing today.

    What installed packages and the files of models say is not the program's own.
    """
    place = _place(sys._getframe(1))
    key = (old, new or NOTHING)
    if key in _uses:
        _uses[key].count += place is not None
    elif place is not None:
        _uses[key] = Use(*place)


def note_module(name: str) -> None:
    """Remember that the program imported a module of Keras, where its names are elsewhere today."""
    new = paths.today(paths.below_keras(name) or "")
    if new is not None:
        note(name, f"keras.{new}")


def _place(frame: FrameType | None) -> tuple[str, int] | None:
    """The file and line of the program that led here; None where another's code did."""
    while frame is not None:
        code, module = frame.f_code, str(frame.f_globals.get("__name__", ""))
        if code.co_name in _OF_OTHERS:
            return None
        if not _PASSED_OVER.match(module) and not code.co_filename.startswith("<frozen"):
            own = not module.startswith("tricera.") and not _INSTALLED.search(code.co_filename)
            return (code.co_filename, frame.f_lineno) if own else None
        frame = frame.f_back
    return None


def summary() -> str:
    """A row for each old spelling, by where it was first used; empty where there was none."""
    rows = list(_rows())
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows]
    title = "tricera: old spellings, and what they are called today (`python -m tricera upgrade FILE` writes that):"
    return "\n".join([title, *(f"  {line}".rstrip() for line in lines)]) if lines else ""


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for (old, new), use in sorted(_uses.items(), key=lambda item: (item[1].file, item[1].line)):
        yield use.place, old, f"-> {new}", f"{use.count} times" if use.count > 1 else ""


def tell_at_exit(quiet: bool) -> None:
    """Whether the process prints the summary to its errors when it ends."""
    _loud[0] = not quiet


@atexit.register
def _tell() -> None:
    text = summary() if _loud[0] else ""
    if text:
        print(text, file=sys.stderr)
