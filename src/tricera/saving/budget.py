"""How much a file may ask for: in proportion to what it stores, and never beyond a limit."""

import time
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
SECONDS, PER_ARRAY = 30, 0.1  # of the processor: what is slow to trace, and real models take a few of them
RATIO = 100  # how many times what is stored may be asked for beyond that


class Allowance:
    """What may be made of a file or a text, so that a few words in it do not fill the machine.

    Args:
        size: bytes, of variables above all.
        steps: how often something may be traced that is repeated as often as a configuration says.
        seconds: of the processor, in this thread from now on.
    """

    def __init__(self, size: int, steps: int = STEPS, seconds: float = SECONDS):
        self.size, self.steps, self.seconds, self._end = size, steps, seconds, time.thread_time() + seconds

    def spend(self, what: str, size: int = 0, steps: int = 0) -> None:
        """Take so much for `what`.

        Raises:
            SafetyError: it is more than what is left.
        """
        size, self.steps = max(0, size), self.steps - steps
        if size > self.size:
            more = "allow more: `keras.config.set_load_limit(bytes)`, or "
            raise _far_more(what, f"{self.size:,} bytes at most", f"{size:,} bytes", more)
        if self.steps < 0:
            raise _far_more(what, "fewer steps to trace")
        if time.thread_time() > self._end:
            raise _far_more(what, f"{self.seconds:g} seconds of the processor at most")
        self.size -= size


def _far_more(what: str, expected: str, got: str | None = None, more: str = "") -> SafetyError:
    return SafetyError(
        report(
            f"{what} would take far more than what the file stores: nothing is made of it.",
            expected=expected,
            got=got,
            fix=f"if you trust it, {more}`safe_mode=False`.",
        )
    )


def allowed(stored: int) -> int:
    """The bytes that something of `stored` bytes may take in memory: at least those; more, only below the limit."""
    return max(stored, min(FREE + RATIO * stored, config.load_limit()))


@contextmanager
def for_objects(reader: Any = None) -> Iterator[None]:
    """Run a block in which what is made of a file may take memory in proportion to its arrays.

    An array of 16 bits may be a variable of 32, with an optimizer that keeps a few more of its size. Where there are
    no arrays, the limit holds; who trusts the file has none. Every array that is stored pays for two uses of layers
    and a tenth of a second.
    """
    size = config.load_limit() if reader is None else FREE + 32 * reader.elements
    arrays = 0 if reader is None else reader.count
    allowance = Allowance(size, STEPS + 2 * USE * arrays, SECONDS + PER_ARRAY * arrays)
    with scope.enter(allowance=allowance if scope.is_safe() else None, shared={}):
        yield
