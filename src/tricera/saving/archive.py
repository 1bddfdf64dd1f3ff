"""A `.keras` file: a zip archive of `metadata.json`, `config.json` and `model.weights.h5`, each within a budget."""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tricera.errors import SafetyError, report
from tricera.saving import budget, h5

KERAS_VERSION = "3.15.1"  # whose layout is written
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
FREE, RATIO = 1 << 24, 100  # bytes that a member may have, whatever it takes in the file; and how often that
MOST_MEMBERS = 10_000


def write(path: Path, folder: Path) -> None:
    """Write the archive of a folder's files, those that say what it is first."""
    with zipfile.ZipFile(path, "w") as archive:
        files = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
        for name in (METADATA, CONFIG, WEIGHTS, *sorted(files.keys() - {METADATA, CONFIG, WEIGHTS})):
            archive.write(files[name], name)


def describe(folder: Path, config: dict[str, Any]) -> None:
    """Write what an archive says of itself, and the configuration, to a folder."""
    metadata = {"keras_version": KERAS_VERSION, "date_saved": datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}
    folder.joinpath(METADATA).write_text(json.dumps(metadata))
    folder.joinpath(CONFIG).write_text(json.dumps(config))


@contextmanager
def opened(path: str | os.PathLike) -> Iterator["Members"]:
    """The members of an archive.

    Raises:
        SafetyError: a member declares far more than it stores, or there are two of the same name.
        ValueError: the file is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield Members(archive, os.fspath(path))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(report(f"{os.fspath(path)} is damaged: {error}.")) from error


def parse(text: str | bytes, label: str) -> dict[str, Any]:
    """The configuration that is written as JSON.

    Raises:
        SafetyError: it is nested without end.
        ValueError: it is no JSON, or no configuration.
    """
    if len(text) > budget.TEXT or sum(text.count(mark) for mark in _marks(text)) > budget.ENTRIES:
        raise SafetyError(report(f"{label} is too long: it is not read."))
    try:
        config = json.loads(text)
    except RecursionError:
        raise SafetyError(report(f"{label} is nested too deeply: it is not read.")) from None
    except ValueError as error:
        raise ValueError(report(f"{label} is no JSON: {error}.")) from None
    if not isinstance(config, dict):
        raise ValueError(report(f"{label} is no configuration of a model.", got=repr(config)[:80]))
    return config


def _marks(text: str | bytes) -> Iterable[Any]:
    return ",[{" if isinstance(text, str) else (b",", b"[", b"{")


class Members:
    """What stands in a `.keras` file."""

    def __init__(self, archive: zipfile.ZipFile, label: str):
        self._archive, self.label = archive, label
        names = archive.namelist()
        if len(names) > MOST_MEMBERS or len(set(names)) < len(names):
            raise SafetyError(report(f"{label} has two members of the same name, or too many."))
        if sum(info.file_size for info in archive.infolist()) > budget.allowed(os.path.getsize(label)):
            raise SafetyError(report(f"{label}: its members declare far more than it stores: the file is not read."))
        self.assets = [name for name in names if name.startswith("assets/") and not name.endswith("/")]

    def config(self) -> dict[str, Any]:
        """The configuration of the model."""
        return parse(self.read(CONFIG), f"{self.label}: {CONFIG!r}")

    def weights(self) -> h5.Reader:
        """The arrays."""
        label, info = f"{self.label}: {WEIGHTS}", self._found(WEIGHTS)
        if info.compress_type == zipfile.ZIP_STORED:
            with self._archive.open(info) as member:
                while member.read(1 << 20):  # zipfile checks the sum at the end
                    pass
            return h5.Reader(
                _Window(self._archive.fp, _start(self._archive.fp, info), info.file_size), label, info.file_size
            )
        data = self.read(WEIGHTS)
        return h5.Reader(io.BytesIO(data), label, len(data))

    def read(self, name: str) -> bytes:
        """The content of a member."""
        return self._archive.read(self._found(name))

    def _found(self, name: str) -> zipfile.ZipInfo:
        try:
            info = self._archive.getinfo(name)
        except KeyError:
            members = ", ".join(self._archive.namelist()[:10])
            raise ValueError(report(f"{self.label} has no member {name!r}.", got=members)) from None
        if info.flag_bits & 1:
            raise ValueError(report(f"{self.label}: {name!r} is encrypted."))
        if info.file_size > FREE + RATIO * info.compress_size:
            raise SafetyError(
                report(
                    f"{self.label}: {name!r} declares {info.file_size} bytes but stores {info.compress_size}: "
                    "the file is not read."
                )
            )
        return info


def _start(file: Any, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin: after its header, a name and what else is there."""
    file.seek(info.header_offset + 26)
    return info.header_offset + 30 + sum(int.from_bytes(file.read(2), "little") for _ in range(2))


class _Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, file: Any, start: int, size: int):
        self._file, self._start, self._size, self._at = file, start, size, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on, into a buffer."""
        view = memoryview(buffer)[: max(0, self._size - self._at)]
        self._file.seek(self._start + self._at)
        count = self._file.readinto(view)
        self._at += count
        return count

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True
