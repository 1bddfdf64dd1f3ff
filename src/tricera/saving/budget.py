"""How much a file may ask for: in proportion to what it stores, and never beyond a limit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tricera import config
from tricera.engine import scope
from tricera.errors import SafetyError, report

TEXT, ENTRIES, OBJECTS = 1 << 26, 5_000_000, 50_000  # of a configuration: characters, values, layers and the like
FREE = 1 << 26  # bytes that anything may ask for, however little it stores
STEPS = 20_000  # to trace, of about 0.2 ms
USE = 10  # steps that a use of a layer takes to build: 2,000 uses are free, and two for each array that is stored
RATIO = 100  # how many times what is stored may be asked for beyond that


class Allowance:
    """What may be made of a file or a text, so that a few words in it do not fill the machine.

    Args:
        size: bytes, of variables above all.
        steps: how often something may be traced that is repeated as often as a configuration says.
    """

    def __init__(self, size: int, steps: int = STEPS):
        self.size, self.steps = size, steps

    def spend(self, what: str, size: int = 0, steps: int = 0) -> None:
        """Take so much for `what`.

        Raises:
            SafetyError: it is more than what is left.
        """
        size, self.steps = max(0, size), self.steps - steps
        if size > self.size or self.steps < 0:
            large = size > self.size
            more = "allow more: `keras.config.set_load_limit(bytes)`, or " if large else ""
            raise SafetyError(
                report(
                    f"{what} would take far more than what the file stores: nothing is made of it.",
                    expected=f"{self.size:,} bytes at most" if large else "fewer steps to trace",
                    got=f"{size:,} bytes" if large else None,
                    fix=f"if you trust it, {more}`safe_mode=False`.",
                )
            )
        self.size -= size


def allowed(stored: int) -> int:
    """The bytes that something of `stored` bytes may take in memory: at least those; more, only below the limit."""
    return max(stored, min(FREE + RATIO * stored, config.load_limit()))


@contextmanager
def for_objects(reader: Any = None) -> Iterator[None]:
    """Run a block in which what is made of a file may take memory in proportion to its arrays.

    An array of 16 bits may be a variable of 32, with an optimizer that keeps a few more of its size. Where there are
    no arrays, the limit holds; who trusts the file has none. Every array that is stored pays for two uses of layers.
    """
    size = config.load_limit() if reader is None else FREE + 32 * reader.elements
    steps = STEPS if reader is None else STEPS + 2 * USE * reader.count
    with scope.enter(allowance=Allowance(size, steps) if scope.is_safe() else None):
        yield
