"""Protocol buffers as they are stored: numbered fields, one after the other; what they mean stands elsewhere."""

from collections.abc import Iterator

from tricera.errors import SafetyError, report
from tricera.saving.h5data import Damaged

FIELDS = 1_000_000  # of one file
_SIZES = {1: 8, 5: 4}  # of numbers that are not packed


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at a place, seven bits a byte, and where it ends."""
    value = 0
    for shift, byte in zip(range(0, 70, 7), data[at : at + 10], strict=False):
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at + shift // 7 + 1
    raise Damaged("a number has no end")


class Message:
    """The fields of a message by their numbers.

    Args:
        left: how many more fields a file may have; one list for all messages of it.
    """

    def __init__(self, data: memoryview, left: list[int] | None = None):
        self._left = left or [FIELDS]
        self._fields: dict[int, list[int | memoryview]] = {}
        for number, value in self._read(data):
            self._fields.setdefault(number, []).append(value)

    def number(self, field: int) -> int:
        """A number; zero where there is none."""
        value = self._fields.get(field, [0])[-1]
        if not isinstance(value, int):
            raise Damaged("a number is missing in a message")
        return value

    def parts(self, field: int) -> list[memoryview]:
        """The bytes of each value of a field."""
        return [value for value in self._fields.get(field, ()) if isinstance(value, memoryview)]

    def text(self, field: int) -> str:
        """A text; an empty one where there is none."""
        return str(self.parts(field)[-1], "utf-8", "replace") if self.parts(field) else ""

    def messages(self, field: int) -> Iterator["Message"]:
        """The messages inside."""
        return (Message(part, self._left) for part in self.parts(field))

    def _read(self, data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        at = 0
        while at < len(data):
            self._left[0] -= 1
            if self._left[0] < 0:
                raise SafetyError(report(f"A message has more than {FIELDS:,} fields: it is not read."))
            tag, at = varint(data, at)
            if tag & 7 == 0:
                value, at = varint(data, at)
                yield tag >> 3, value
                continue
            size, at = varint(data, at) if tag & 7 == 2 else (_SIZES.get(tag & 7, len(data)), at)
            if size > len(data) - at:
                raise Damaged("a message is cut off")
            yield tag >> 3, data[at : at + size]
            at += size
