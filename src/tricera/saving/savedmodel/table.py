"""Tables of sorted keys in blocks, in which each key is written as what it adds to the one before it (LevelDB's)."""

from collections.abc import Iterator

from tricera.errors import SafetyError, report
from tricera.saving import budget
from tricera.saving.h5data import Damaged
from tricera.saving.savedmodel.wire import varint

_MAGIC = 0xDB4775248B80FB57
_FOOTER, _TRAILER = 48, 5  # bytes: of the table's end; of a block's, which are its kind of compression and a checksum
_KEYS = 100_000


def entries(data: memoryview) -> dict[str, memoryview]:
    """The values of a table by their keys.

    Raises:
        Damaged: it is no table, or a checksum is wrong.
        SafetyError: it declares far more than it stores.
    """
    if len(data) < _FOOTER or int.from_bytes(data[-8:], "little") != _MAGIC:
        raise Damaged("it does not end as such a table does")
    footer = data[-_FOOTER:]
    _, at = _handle(footer, 0)
    index, _ = _handle(footer, at)
    found: dict[str, memoryview] = {}
    left, text = len(data), budget.TEXT
    for _, value in _pairs(_block(data, index)):
        place, _ = _handle(value, 0)
        left -= place[1]
        for key, content in _pairs(_block(data, place)):
            text -= len(key)
            if left < 0 or text < 0 or len(found) > _KEYS:
                raise SafetyError(report("A table declares far more than it stores: it is not read."))
            found[str(key, "utf-8", "replace")] = content
    return found


def _handle(data: memoryview, at: int) -> tuple[tuple[int, int], int]:
    """Where a block begins and its size; and where that was written to the end."""
    start, at = varint(data, at)
    size, at = varint(data, at)
    return (start, size), at


def _block(data: memoryview, place: tuple[int, int]) -> memoryview:
    """The entries of a block, without the list of keys that are written in full."""
    start, size = place
    stored = data[start : start + size + _TRAILER]
    if size < 4 or len(stored) < size + _TRAILER:
        raise Damaged("a block of it is cut off")
    if stored[size]:
        raise Damaged("a block of it is compressed")
    if not _is_intact(stored[: size + 1], stored[size + 1 :]):
        raise Damaged("a block of it does not have its checksum")
    whole = int.from_bytes(stored[size - 4 : size], "little")
    if 4 * (whole + 1) > size:
        raise Damaged("a block of it is cut off")
    return stored[: size - 4 * (whole + 1)]


def _pairs(block: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    key, at = b"", 0
    while at < len(block):
        shared, at = varint(block, at)
        added, at = varint(block, at)
        size, at = varint(block, at)
        if shared > len(key) or added + size > len(block) - at:
            raise Damaged("an entry of it is cut off")
        key = key[:shared] + bytes(block[at : at + added])
        at += added
        yield key, block[at : at + size]
        at += size


def _remainders() -> list[int]:
    """The checksum of each byte, by Castagnoli's polynomial."""
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        found.append(value)
    return found


_CASTAGNOLI = _remainders()


def _is_intact(data: memoryview, checksum: memoryview) -> bool:
    """Whether data have their checksum, turned and shifted as where that of data with checksums inside is taken."""
    return _masked(data) == int.from_bytes(checksum, "little")


def _masked(data: memoryview) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CASTAGNOLI[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
