"""Texts of any length in an HDF5 file, checked before the HDF5 library follows them.

They stand in heaps that attributes point to. The library trusts what both say: a piece without a size keeps it busy
for ever, one that is longer than its pointer says overwrites its memory. It is handed the file without the numbers of
its arrays, so that neither a heap nor a pointer can stand among them, and none of them has to be looked at.
"""

import bisect
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from tricera.saving.h5data import Damaged

_MOST = 2000  # heaps in one file
_HEADER, _PIECE, _POINTER, _BLOCK = 16, 16, 16, 1 << 22


class Outside(io.RawIOBase):
    """A file in which the bytes of arrays read as zeros.

    Args:
        size: of the file.
        arrays: where the bytes of arrays begin, and how many they are.
    """

    def __init__(self, file: Any, size: int, arrays: Iterable[tuple[int, int]]):
        self._file, self.size, self._at = file, size, 0
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, count in sorted(arrays):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], start + count)
            else:
                self._starts.append(start), self._ends.append(start + count)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on, into a buffer."""
        self._file.seek(self._at)
        begin, view = self._at, memoryview(buffer).cast("B")
        self._at += (count := self._file.readinto(view))
        for i in range(bisect.bisect(self._ends, begin), bisect.bisect_left(self._starts, self._at)):
            first, last = max(self._starts[i] - begin, 0), min(self._ends[i] - begin, count)
            view[first:last] = bytes(last - first)
        return count

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def parts(self) -> Iterator[tuple[int, int]]:
        """Where what is no array begins and ends."""
        return zip((0, *self._ends), (*self._starts, self.size), strict=True)


def longest(file: Outside) -> int:
    """The bytes that the longest text declares, once every heap and whatever points to a piece of one is in order.

    Raises:
        Damaged: there is such a heap or pointer.
    """
    _require_wide(_read(file, 0, 16))
    places, heaps, room, most = np.array(_places(file), "<u8"), {}, file.size, 0
    for _, block in _blocks(file, _POINTER, _POINTER) if len(places) else ():
        for length, place, number in _pointers(block, places):
            if place not in heaps:
                heaps[place], size = _pieces(file, place)
                room -= size
            if room < 0:
                raise Damaged("its heaps of texts lie in each other")
            # One that is shorter or not there is no danger: what was written anew leaves such pointers behind.
            if heaps[place].get(number, 0) > length:
                raise Damaged("a text is longer than it declares")
            if number in heaps[place]:
                most = max(most, length)
    return most


def _blocks(file: Outside, before: int, behind: int) -> Iterator[tuple[int, bytes]]:
    """What is no array, in blocks that have so many bytes from before and from behind; where each begins."""
    for start, end in file.parts():
        for at in range(start, end, _BLOCK):
            begin = max(0, at - before)
            yield begin, _read(file, begin, min(at + _BLOCK, end) + behind)


def _read(file: Any, start: int, end: int) -> bytes:
    file.seek(start)
    found = b""
    while len(found) < end - start and (more := file.read(end - start - len(found))):
        found += more
    return found


def _require_wide(head: bytes) -> None:
    at = 13 if head[8] < 2 else 9
    if head[at : at + 2] != b"\x08\x08":
        raise Damaged("its addresses have a form that is not read")


def _pointers(block: bytes, heaps: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """What may point to a piece of a heap: a length of four bytes, the heap's place in eight, a number in four."""
    for first in range(8):
        values = np.frombuffer(block, "<u8", max(0, len(block) - first) // 8, first)
        for i in np.flatnonzero(values - heaps[0] <= heaps[-1] - heaps[0]):  # below the first wraps around
            at = first + 8 * int(i)
            pointer = block[max(0, at - 4) : at + 12]
            if len(pointer) == _POINTER and heaps[np.searchsorted(heaps, values[i])] == values[i]:
                length, place, number = (int.from_bytes(pointer[i:j], "little") for i, j in ((0, 4), (4, 12), (12, 16)))
                yield length, place, number


def _places(file: Outside) -> list[int]:
    """Where something begins as a heap does; most are heaps, some may be a text of these letters."""
    found: list[int] = []
    for begin, block in _blocks(file, 0, 3):
        found += [begin + match.start() for match in re.finditer(b"GCOL", block)]
        if len(found) > _MOST:
            raise Damaged("it has too many heaps of texts")
    return found


def _pieces(file: Outside, place: int) -> tuple[dict[int, int], int]:
    """The sizes of a heap's pieces by their numbers, and its own."""
    end = int.from_bytes(_read(file, place + 8, place + 16), "little")
    if place + end > file.size:
        raise Damaged("a heap of texts is larger than the file")
    data = _read(file, place, place + end)
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
    return found, end
