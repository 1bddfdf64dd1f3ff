"""When saving is due."""

from typing import Any

from tricera.errors import report


class Frequency:
    """Counts batches over the ends of epochs, also where one call stands for many of them.

    Args:
        every: `"epoch"`, or a number of batches.
        refusal: what the error says first.

    Raises:
        ValueError: `every` is something else.
    """

    def __init__(self, every: Any, refusal: str):
        if every != "epoch" and (isinstance(every, bool) or not isinstance(every, int) or every < 1):
            raise ValueError(report(f"{refusal}: {every!r}.", expected='"epoch", or a positive number of batches'))
        self._every = every
        self._last: int | None = None
        self._since = 0

    @property
    def by_batches(self) -> bool:
        """Whether batches count, not epochs."""
        return self._every != "epoch"

    def is_due(self, batch: int) -> bool:
        """Whether it is due after this batch of the epoch."""
        if not self.by_batches:
            return False
        is_new_epoch = self._last is None or batch <= self._last
        self._since += batch + 1 if is_new_epoch else batch - self._last  # type: ignore[operator]
        self._last = batch
        if self._since < self._every:
            return False
        self._since = 0
        return True
