"""Weights in several files, as Keras 3 writes them: an index in JSON, and HDF5 files beside it."""

import itertools
import json
import os
import re
import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tricera.disk import atomic
from tricera.errors import SafetyError, report
from tricera.saving import archive, h5

_GIB = 1 << 30
_NAME = re.compile(r"[^/\\:\x00]{1,250}\.h5")


class _Entry(NamedTuple):
    """One array on its way to a file."""

    place: str
    label: str | None
    name: str
    array: np.ndarray


def is_index(path: str | os.PathLike) -> bool:
    """Whether a file begins as an index does."""
    with open(path, "rb") as file:
        return file.read(64).lstrip()[:1] == b"{"


def index_path(path: str | os.PathLike) -> Path:
    """The name of the index for weights that are to be saved as `path`; another one than that is told."""
    given = Path(path)
    if given.suffix == ".json":
        return given
    index = given.with_name(f"{given.name.removesuffix('.h5').removesuffix('.weights')}.weights.json")
    warnings.warn(f"Sharded weights need an index: {str(given)!r} is written as {str(index)!r}.", stacklevel=4)
    return index


def write(entries: Iterator[tuple[str, str | None, Mapping[str, Any]]], path: Path, max_shard_size: float) -> None:
    """Write files of at most `max_shard_size` GiB, then the index; older files that nothing names any more go.

    Raises:
        ValueError: one array is larger than that.
    """
    before = _files_of(path)
    stem = path.name.removesuffix(".json").removesuffix(".weights")
    if any(name.startswith(f"{stem}_") for name in before):  # the old files serve until the new index stands
        stem = f"{stem}-{secrets.token_hex(3)}"
    where: dict[str, list[str]] = {}
    total = 0
    for number, shard in enumerate(_divided(entries, max_shard_size)):
        name = f"{stem}_{number:05}.weights.h5"
        with atomic.replacing(path.with_name(name)) as fresh:
            grouped = itertools.groupby(shard, key=lambda entry: (entry.place, entry.label))
            h5.write(fresh, ((place, label, {e.name: e.array for e in part}) for (place, label), part in grouped))
        for entry in shard:
            files = where.setdefault(f"/{entry.place}/vars" if entry.place else "/vars", [])
            files += [name] if name not in files else []
            total += entry.array.nbytes
    with atomic.replacing(path) as fresh:
        fresh.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": where}, indent=4))
    for name in set(before) - {name for names in where.values() for name in names}:
        with suppress(OSError):
            path.with_name(name).unlink()


def _divided(parts: Iterator[tuple[str, str | None, Mapping[str, Any]]], most: float) -> Iterator[list[_Entry]]:
    room = int(most * _GIB)
    shard: list[_Entry] = []
    size = 0
    for place, label, arrays in parts:
        for name, array in arrays.items():
            array = np.asarray(array)
            if array.nbytes > room:
                raise ValueError(
                    report(
                        f"The array {place}/vars/{name} exceeds the maximum shard size.",
                        expected=f"at most {room} bytes, by `max_shard_size={most}` GiB",
                        got=f"{array.nbytes} bytes",
                        fix="increase `max_shard_size`.",
                    )
                )
            if shard and size + array.nbytes > room:
                yield shard
                shard, size = [], 0
            shard.append(_Entry(place, label, name, array))
            size += array.nbytes
    yield shard


def _files_of(index: Path) -> list[str]:
    """The files that an older index names."""
    try:
        return _names(archive.parse(index.read_bytes(), str(index)), str(index))
    except (OSError, ValueError):
        return []


def _names(config: Mapping[str, Any], label: str) -> list[str]:
    """The files that an index names.

    Raises:
        ValueError: it is no index.
        SafetyError: it names a file elsewhere.
    """
    mapped = config.get("weight_map")
    if not isinstance(mapped, dict):
        raise ValueError(report(f"{label} is no index of weights.", expected="a `weight_map`"))
    names = [n for value in mapped.values() for n in (value if isinstance(value, list) else [value])]
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.startswith("."):
            raise SafetyError(report(f"{label} names {name!r}, which is no file beside it: nothing is read."))
    return list(dict.fromkeys(names))


@contextmanager
def opened(path: str | os.PathLike) -> Iterator["Shards"]:
    """The arrays of all files that an index names.

    Raises:
        ValueError: a file is missing, or two hold the same array.
    """
    index = Path(path)
    label = os.fspath(path)
    with ExitStack() as stack:
        readers = []
        for name in _names(archive.parse(index.read_bytes(), label), label):
            file = index.with_name(name)
            if file.is_symlink() or not file.is_file():
                raise ValueError(report(f"{label} names {name!r}, which is not there as a file."))
            readers.append(stack.enter_context(h5.Reader(file, str(file), file.stat().st_size)))
        yield Shards(label, readers)


class Shards:
    """The arrays of several files, with the interface of one."""

    attributes: Mapping[str, Any] = {}
    groups: tuple[str, ...] = ()

    def __init__(self, label: str, readers: list[h5.Reader]):
        self.label = label
        self._readers: dict[str, h5.Reader] = {}
        for reader in readers:
            for path in reader.paths:
                if path in self._readers:
                    raise ValueError(report(f"{label}: two files hold the array {path!r}."))
                self._readers[path] = reader

    @property
    def paths(self) -> list[str]:
        """The paths of all arrays."""
        return list(self._readers)

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._readers[path].shape(path)

    def dtype(self, path: str) -> str:
        """The name of an array's dtype."""
        return self._readers[path].dtype(path)

    def read(self, path: str) -> np.ndarray:
        """The array at a path."""
        return self._readers[path].read(path)

    def store(self, path: str) -> h5.Store:
        """The arrays that stand in `path/vars`."""
        prefix = f"{path}/vars/" if path else "vars/"
        return h5.Store(self, prefix, [each.removeprefix(prefix) for each in self._readers if each.startswith(prefix)])
