"""The arrays of a TensorFlow checkpoint: a table says which file has each of them, and where in it."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from tricera.errors import SafetyError, report
from tricera.saving import h5data
from tricera.saving.containers.folder import Folder
from tricera.saving.h5data import Damaged
from tricera.saving.savedmodel import table
from tricera.saving.savedmodel.wire import Message, varint

INDEX = 1 << 24  # bytes that a table may have
_DTYPES = dict(
    enumerate(["float32", "float64", "int32", "uint8", "int16", "int8", "bytes", "complex64", "int64", "bool"], 1)
)
_DTYPES |= {14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64"}
_BYTES = 7
_MOST_AXES, _MOST = 32, 1 << 40


class _Entry(NamedTuple):
    """Where an array stands; its dtype is a number of TensorFlow's."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    start: int
    size: int


class Bundle:
    """A checkpoint in a folder.

    Args:
        prefix: what the names of its files begin with.

    Raises:
        Damaged: its table is.
        SafetyError: it declares more than it stores.
    """

    def __init__(self, folder: Folder, prefix: str):
        self._folder, self._prefix = folder, prefix
        values = table.entries(memoryview(folder.read(f"{prefix}.index", INDEX)))
        header = Message(values.pop("", memoryview(b"")))
        if header.number(2):
            raise Damaged("its numbers have the byte order of other machines")
        self._shards = header.number(1)
        self._entries = {key: _entry(Message(value)) for key, value in values.items()}
        self._weigh()

    def __iter__(self) -> Iterator[str]:
        return (key for key, entry in self._entries.items() if entry.dtype in _DTYPES and entry.dtype != _BYTES)

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._entries[key].shape

    def read(self, key: str) -> np.ndarray:
        """An array."""
        entry = self._entries[key]
        with self._folder.open(self._name(entry.shard)) as file:
            return h5data.read_contiguous(file, entry.start, entry.shape, _dtype(entry))

    def text(self, key: str) -> memoryview:
        """The bytes of a text: they follow their number and its checksum."""
        entry = self._entries.get(key)
        if entry is None or entry.dtype != _BYTES or entry.shape or entry.size > INDEX:
            raise Damaged(f"it has no text {key!r}")
        with self._folder.open(self._name(entry.shard)) as file:
            stored = memoryview(h5data.read_contiguous(file, entry.start, (entry.size,), np.dtype("uint8")))
        size, at = varint(stored, 0)
        if at + 4 + size != len(stored):
            raise Damaged(f"{key!r} has another size than it declares")
        return stored[at + 4 :]

    def _name(self, shard: int) -> str:
        return f"{self._prefix}.data-{shard:05d}-of-{self._shards:05d}"

    def _weigh(self) -> None:
        """Compare what the arrays declare with the sizes of the files, and those with what they take of them."""
        taken = Counter[int]()
        for key, entry in self._entries.items():
            if entry.dtype in _DTYPES and entry.dtype != _BYTES:
                size = math.prod(entry.shape) * _dtype(entry).itemsize
                if size != entry.size:
                    raise Damaged(f"{key!r} of shape {entry.shape} has {entry.size:,} bytes, not {size:,}")
            taken[entry.shard] += entry.size
        stored = {shard: self._folder.size(self._name(shard)) for shard in taken}
        for key, entry in self._entries.items():
            if entry.start + entry.size > stored[entry.shard]:
                raise Damaged(f"{key!r} would stand behind the end of {self._name(entry.shard)!r}")
        for shard, size in taken.items():
            if size > stored[shard]:
                text = (
                    f"{self._folder.label}: {self._name(shard)!r} stores less than its arrays declare: it is not read."
                )
                raise SafetyError(report(text, expected=f"{size:,} bytes", got=f"{stored[shard]:,} bytes"))


def _dtype(entry: _Entry) -> np.dtype:
    return jnp.dtype(_DTYPES[entry.dtype])


def _entry(message: Message) -> _Entry:
    if message.parts(7):
        raise Damaged("an array is divided into several")
    shape = tuple(axis.number(1) for part in message.messages(2) for axis in part.messages(2))
    if len(shape) > _MOST_AXES or any(size > _MOST for size in shape):
        raise Damaged(f"an array has more axes, or a longer one, than arrays can have ({len(shape)} axes)")
    return _Entry(message.number(1), shape, *(message.number(field) for field in (3, 4, 5)))
