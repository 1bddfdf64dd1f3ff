"""Texts of any length in an HDF5 file, checked before the HDF5 library follows them.

They stand in heaps that attributes point to. The library trusts what both say: a piece without a size keeps it busy
for ever, one that is longer than its pointer says overwrites its memory.
"""

import re
from collections.abc import Iterable
from typing import Any

from tricera.saving.h5data import Damaged

_MOST = 2000  # heaps in one file
_HEADER, _PIECE, _BLOCK = 16, 16, 1 << 24


def check(file: Any, size: int, arrays: Iterable[tuple[int, int]]) -> None:
    """Refuse a file in which something outside of the arrays points to a heap, or a piece of one, that is not in order.

    Args:
        arrays: where the bytes of arrays begin, and how many they are: nothing there is a pointer.

    Raises:
        Damaged: there is such a pointer.
    """
    _require_wide(_read(file, 0, 16))
    heaps = []
    for start in range(0, size, _BLOCK):
        heaps += [start + match.start() for match in re.finditer(b"GCOL", _read(file, start, _BLOCK + 3))]
        if len(heaps) > _MOST:
            raise Damaged("it has too many heaps of texts")
    for start, end in _between(sorted(arrays), size) if heaps else ():
        part = _read(file, start, end - start)
        for heap in heaps:
            for match in re.finditer(re.escape(heap.to_bytes(8, "little")), part):
                _check_pointer(file, size, heap, part[max(0, match.start() - 4) : match.end() + 4])


def _read(file: Any, start: int, count: int) -> bytes:
    file.seek(start)
    found = b""
    while count > len(found) and (more := file.read(count - len(found))):
        found += more
    return found


def _require_wide(head: bytes) -> None:
    at = 13 if head[8] < 2 else 9
    if head[at : at + 2] != b"\x08\x08":
        raise Damaged("its addresses have a form that is not read")


def _between(arrays: list[tuple[int, int]], size: int) -> Iterable[tuple[int, int]]:
    """The parts of the file that are no arrays."""
    at = 0
    for start, count in arrays:
        if start > at:
            yield at, start
        at = max(at, start + count)
    yield at, size


def _check_pointer(file: Any, end: int, heap: int, pointer: bytes) -> None:
    """A pointer is a length, the heap's place and the number of a piece, which must not be longer.

    One that is shorter or not there is no danger: what was written anew leaves such pointers behind.
    """
    if len(pointer) < 16:
        return
    length, number = int.from_bytes(pointer[:4], "little"), int.from_bytes(pointer[12:], "little")
    if _pieces(file, end, heap).get(number, 0) > length:
        raise Damaged("a text is longer than it declares")


def _pieces(file: Any, file_end: int, heap: int) -> dict[int, int]:
    """The sizes of a heap's pieces by their numbers."""
    end = int.from_bytes(_read(file, heap + 8, 8), "little")
    if heap + end > file_end:
        raise Damaged("a heap of texts is larger than the file")
    data = _read(file, heap, end)
    found: dict[int, int] = {}
    at = _HEADER
    while at + _PIECE <= end:
        number, size = (int.from_bytes(data[at + i : at + j], "little") for i, j in ((0, 2), (8, 16)))
        step = _PIECE + -(-size // 8) * 8 if number else size  # the free rest counts its header
        if step < _PIECE or at + step > end:
            raise Damaged("a heap of texts is not in order")
        if number:
            found[number] = size
        at += step
    return found
