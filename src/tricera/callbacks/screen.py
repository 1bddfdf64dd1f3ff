"""Where progress is shown: a line that is redrawn in place on a terminal, whole lines elsewhere."""

import logging
import os
import sys
import unicodedata

from tricera import config

_logger = logging.getLogger("tricera")

_drawn = 0  # columns of the unfinished line that stands on the screen


def is_live() -> bool:
    """Whether a line can be redrawn in place: a terminal, a notebook, or the console of PyCharm."""
    shown = _is_terminal() or _is_notebook() or "PYCHARM_HOSTED" in os.environ
    return shown and config.is_interactive_logging_enabled()


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _is_notebook() -> bool:
    return any(kind.__module__.split(".")[0] == "ipykernel" for kind in type(sys.stdout).__mro__)


def columns() -> float:
    """The width of a line on the screen; endless where lines don't wrap."""
    if not _is_terminal():
        return float("inf")
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def width(text: str) -> int:
    """The columns that a text takes: Chinese, Japanese and Korean characters take two."""
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def draw(text: str) -> None:
    """Show a text in place of the unfinished line."""
    global _drawn
    _write("\r" + text + " " * (_drawn - width(text)))
    _drawn = width(text)


def clear() -> None:
    """Remove the unfinished line; it is drawn again with the next step of progress."""
    global _drawn
    if _drawn and is_live():
        _write("\r" + " " * _drawn + "\r")
    _drawn = 0


def keep() -> None:
    """Leave the unfinished line standing as it is, as when training is interrupted."""
    global _drawn
    if _drawn and is_live():
        _write("\n")
    _drawn = 0


def say(text: str) -> None:
    """Print a line, above the unfinished one; or log it, where the user wants that."""
    if not config.is_interactive_logging_enabled():
        _logger.info(text)
        return
    clear()
    _write(text + "\n")


def _write(text: str) -> None:
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError as error:
        sys.stdout.write(text.encode(error.encoding, "replace").decode(error.encoding))
    sys.stdout.flush()
