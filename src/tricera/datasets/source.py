"""Where a data set comes from, and how its file is found, checked and read."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from tricera.datasets.npz import Array, read_npz
from tricera.errors import SafetyError, report
from tricera.utils.files import cache_path, get_file, hash_file, shown

HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_INDEX_SIZE = 1 << 26

T = TypeVar("T")


@dataclass(frozen=True)
class Source(Generic[T]):
    """One published file: its name, its hash, and how it is read.

    Args:
        digest: SHA-256 (64 digits) or MD5 of the published file; None if it was never published.
        read: raises a ValueError that says what is wrong with a file.
        folder: below `config.home()`.
    """

    file: str
    digest: str | None
    read: Callable[[Path], T]
    folder: str = "datasets"
    host: str = HOST

    @property
    def url(self) -> str:
        return self.host + self.file


def arrays(file: str, digest: str, described: Mapping[str, Array]) -> Source[dict[str, np.ndarray]]:
    """A source of named arrays."""
    return Source(file, digest, partial(read_npz, arrays=described))


def word_index(file: str, digest: str) -> Source[dict[str, int]]:
    """A source of word numbers."""
    return Source(file, digest, _read_word_index)


def load(source: Source[T], file: str | None = None) -> T:
    """What `source` holds, from the cache or from the network.

    A cached file that is not the published one is used if it is valid, and a line on stderr says so.

    Args:
        file: another name in the cache, or an absolute path.

    Raises:
        ValueError: the file is damaged or holds something else.
        OSError: it is not in the cache and cannot be downloaded.
    """
    name = Path(file or source.file).expanduser()
    if ".." in name.parts and not name.is_absolute():
        fix = "give a file name or an absolute path."
        raise ValueError(report("`path` leaves the cache.", got=repr(file), fix=fix))
    path = cache_path(name, source.folder)
    if not path.exists():
        path = Path(get_file(path.name, source.url, file_hash=source.digest, cache_subdir=str(path.parent)))
    content = read_checked(path, source.read)
    say_if_unpublished(path, source.digest)
    return content


def read_checked(path: Path, read: Callable[[Path], T]) -> T:
    """`read(path)`; where that fails, the error names the file and what to do."""
    try:
        return read(path)
    except (ValueError, OSError) as error:
        kind = SafetyError if isinstance(error, SafetyError) else ValueError
        fix = "delete it to download the published file again, or put a valid one in its place."
        raise kind(report(f"{shown(path)} cannot be used: {error}.", fix=fix)) from error


def say_if_unpublished(path: Path, digest: str | None) -> None:
    """Tell the user if the valid file `path` is not the published one."""
    algorithm, name = ("md5", "MD5") if digest and len(digest) == 32 else ("sha256", "SHA-256")
    if digest and hash_file(path, algorithm) != digest:
        line = f"is not the published file (its {name} differs), but its contents are valid: used as it is."
        print(f"tricera: {shown(path)} {line}", file=sys.stderr)


def _read_word_index(path: Path) -> dict[str, int]:
    if path.stat().st_size > _INDEX_SIZE:
        raise ValueError(f"it is larger than {_INDEX_SIZE:,} bytes")
    try:
        index = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON ({error})") from error
    if not isinstance(index, dict) or not set(map(type, index.values())) <= {int}:
        raise ValueError("it is no table of words and their numbers")
    return index
