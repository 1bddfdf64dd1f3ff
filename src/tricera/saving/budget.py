"""How much a file may ask for: in proportion to what it stores, and never beyond a limit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tricera import config
from tricera.engine import scope

TEXT, ENTRIES, OBJECTS = 1 << 26, 5_000_000, 50_000  # of a configuration: characters, values, layers and the like
FREE = 1 << 26  # bytes that anything may ask for, however little it stores
RATIO = 100  # how many times what is stored may be asked for beyond that


def allowed(stored: int) -> int:
    """The bytes that something of `stored` bytes may take in memory: at least those; more, only below the limit."""
    return max(stored, min(FREE + RATIO * stored, config.load_limit()))


@contextmanager
def for_objects(reader: Any = None) -> Iterator[None]:
    """Run a block in which what is made of a file may take memory in proportion to its arrays.

    An array of 16 bits may be a variable of 32, with an optimizer that keeps a few more of its size. Where there are
    no arrays, the limit holds; who trusts the file has none.
    """
    size = config.load_limit() if reader is None else FREE + 32 * reader.elements
    with scope.enter(allowance=scope.Allowance(size) if scope.is_safe() else None):
        yield
