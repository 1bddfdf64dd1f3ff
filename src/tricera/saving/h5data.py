"""The numbers of one HDF5 dataset, read from the file itself: no filter of the HDF5 library runs on them.

HDF5 inflates a chunk until it ends, whatever was declared; here it ends where the chunk must.
"""

import io
import math
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, NamedTuple

import numpy as np

_DEFLATE, _SHUFFLE, _CHECKSUM = 1, 2, 3
FILTERS = {_DEFLATE, _SHUFFLE, _CHECKSUM}  # what is part of HDF5 itself
ALIGNMENT = 64  # bytes: where XLA may use an array in place
_PIECE, _THREADS = 1 << 24, min(4, os.cpu_count() or 1)  # bytes that a thread reads at a time


class Damaged(ValueError):
    """The file does not hold what it declares."""


class Chunk(NamedTuple):
    """A stored block of an array: the index where it begins, the filters left out, and its bytes in the file."""

    corner: tuple[int, ...]
    skipped: int
    start: int
    size: int


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """A new array without values, placed where XLA can take it as it is."""
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size, "uint8")  # where an array of XLA's of this size was freed, it fits exactly
    if start := -room.ctypes.data % ALIGNMENT:
        del room
        room = np.empty(size + ALIGNMENT, "uint8")
        start = -room.ctypes.data % ALIGNMENT
    return room[start : start + size].view(dtype).reshape(shape)


def read_contiguous(file: IO[bytes], start: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """The array whose bytes stand in one piece."""
    array = aligned(shape, dtype)
    _fill(file, start, memoryview(array.reshape(-1).view("uint8")))
    return array


def read_chunked(file: IO[bytes], data: Any, chunks: list[Chunk]) -> np.ndarray:
    """The array that is stored in chunks; what is not stored has the fill value."""
    dtype, block = data.dtype, data.chunks
    undo = _filters(data, math.prod(block) * dtype.itemsize)
    array = np.full(data.shape, data.fillvalue, dtype)
    for chunk in chunks:
        stored = bytearray(chunk.size)
        _fill(file, chunk.start, memoryview(stored))
        content: Any = stored
        for number, step in reversed(list(enumerate(undo))):
            if not chunk.skipped >> number & 1:
                content = step(content)
        if len(content) != math.prod(block) * dtype.itemsize:
            raise Damaged("a chunk has another size than it declares")
        place = tuple(slice(at, at + size) for at, size in zip(chunk.corner, block, strict=True))
        target = array[place]
        target[...] = np.frombuffer(content, dtype).reshape(block)[tuple(map(slice, target.shape))]
    return array


def _fill(file: IO[bytes], start: int, buffer: memoryview) -> None:
    """Read from a place of the file on, into all of a buffer."""
    if len(buffer) > _PIECE and isinstance(file, io.FileIO) and hasattr(os, "preadv"):
        _fill_at_once(file.fileno(), start, buffer)
        return
    file.seek(start)
    while buffer:
        buffer = buffer[_some(file.readinto(buffer)) :]  # type: ignore[attr-defined]


def _fill_at_once(handle: int, start: int, buffer: memoryview) -> None:
    """Read pieces in several threads: memory that is new costs a processor more than the disk does."""

    def fill(first: int) -> None:
        left, at = buffer[first : first + _PIECE], start + first
        while left:
            count = _some(os.preadv(handle, [left], at))
            left, at = left[count:], at + count

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(fill, range(0, len(buffer), _PIECE)):
            pass  # what a thread raised is raised here


def _some(count: int) -> int:
    if not count:
        raise Damaged("it ends too early")
    return count


def _filters(data: Any, size: int) -> list[Callable[[Any], Any]]:
    """What undoes each filter of a dataset, in the order in which they were applied."""
    plan = data.id.get_create_plist()
    kinds = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    undo = {_DEFLATE: lambda b: _inflate(b, size), _SHUFFLE: lambda b: _unshuffle(b, data.dtype.itemsize)}
    return [undo.get(kind, _checked) for kind in kinds]


def _inflate(content: Any, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(content, size + 4)  # a checksum may be inside
    except zlib.error as error:
        raise Damaged(f"a chunk cannot be inflated ({error})") from None
    if inflater.unconsumed_tail or not inflater.eof:
        raise Damaged("a chunk is larger than it declares, or incomplete")
    return found


def _unshuffle(content: Any, itemsize: int) -> Any:
    whole = len(content) - len(content) % itemsize
    planes = np.frombuffer(content, "uint8", whole).reshape(itemsize, -1)
    return planes.T.tobytes() + bytes(content[whole:])


def _checked(content: Any) -> Any:
    """What stands before a block's checksum (Fletcher's, over words of 16 bits), if that is right."""
    body, stored = bytes(content[:-4]), int.from_bytes(content[-4:], "little")
    words = np.frombuffer(body + bytes(len(body) % 2), ">u2").astype("uint64")
    total = running = 0
    for first in range(0, len(words), 1 << 14):
        part = words[first : first + (1 << 14)]
        running = (running + len(part) * total + int(np.cumsum(part).sum())) % 65535
        total = (total + int(part.sum())) % 65535
    if ((stored & 0xFFFF) % 65535, (stored >> 16) % 65535) != (total, running):
        raise Damaged("a chunk does not have its checksum")
    return body
