"""A bar for large files, on a terminal."""

import time
from collections.abc import Callable

from tricera.callbacks import screen

LARGE, WIDTH, PAUSE = 200_000_000, 30, 0.1  # bytes from which a bar is shown; characters; seconds between two drawings


def bar(what: str, total: int) -> Callable[[int], None]:
    """A function that is told each number of bytes that is done, and draws how far `total` is."""
    if total < LARGE or not screen.is_live():
        return lambda count: None
    done, drawn = 0, 0.0

    def advance(count: int) -> None:
        nonlocal done, drawn
        done += count
        now = time.monotonic()
        if done >= total:
            screen.clear()
        elif now - drawn > PAUSE:
            drawn = now
            filled = WIDTH * done // total
            marks = "=" * filled + "." * (WIDTH - filled)
            screen.draw(f"{what} [{marks}] {done / 1e6:.0f}/{total / 1e6:.0f} MB")

    return advance
