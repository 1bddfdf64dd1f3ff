"""Files and folders that are either complete or as they were: written beside their place, then moved there."""

import ctypes
import io
import os
import re
import secrets
import shutil
import socket
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tricera.errors import report

_EXCHANGE, _HERE = 2, -100  # of Linux: swap two names; names are relative to the working directory


def may_write(path: str | os.PathLike, overwrite: bool) -> bool:
    """Whether a file may be written: if there is one, and `overwrite` is False, the user is asked on a terminal.

    Raises:
        FileExistsError: there is one, and nobody to ask.
    """
    if overwrite or not os.path.exists(path):
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise FileExistsError(
            report(f"The file {os.fspath(path)!r} exists.", fix="`overwrite=True`, or save under another name.")
        )
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"[WARNING] {os.fspath(path)} already exists - overwrite? [y/n] ").strip().lower()
    return answer == "y"


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A fresh name in the folder of `path`; when the block ends well, the file or folder there becomes `path`.

    What a process left behind that was killed while it wrote to the same path is removed.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(
            report(f"There is no folder {str(target.parent)!r}.", fix="make it first: `os.makedirs(folder)`.")
        )
    _sweep(target)
    fresh = target.with_name(f".{target.name[:100]}.{_machine()}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        yield fresh
        _sync(fresh)
        _move(fresh, target)
        _sync(target.parent)
    finally:
        _remove(fresh)


@contextmanager
def sink(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A new file for HDF5, which does not survive that a write fails: the first error is raised when the block ends."""
    with _Sink(path) as file:
        yield file
        if file.error is not None:
            raise file.error


class _Sink(io.FileIO):
    error: OSError | None = None

    def __init__(self, path: str | os.PathLike):
        super().__init__(path, "w+")

    def write(self, data: Any) -> int:
        """Write all of it, or note why not."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left and self.error is None:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
        return size

    def truncate(self, size: int | None = None) -> int:
        """Cut or lengthen the file, or note why not."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0


def _move(fresh: Path, target: Path) -> None:
    if not target.is_dir():
        os.replace(fresh, target)
    elif not _exchanged(fresh, target):  # a moment without either, where the system cannot swap
        old = fresh.with_name(f"{fresh.name}.old")
        os.replace(target, old)
        os.replace(fresh, target)
        _remove(old)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two names in one step, where Linux can."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def _sweep(target: Path) -> None:
    """Remove what ended processes of this machine were writing to `target`."""
    name = re.compile(rf"\.{re.escape(target.name[:100])}\.{_machine()}\.(\d+)\.[0-9a-f]{{8}}(\..*)?")
    for each in target.parent.iterdir():
        if (match := name.fullmatch(each.name)) and not _is_running(int(match[1])):
            _remove(each)


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _sync(path: Path) -> None:
    """Wait until the disk has it, and all in it; folders cannot be waited for everywhere."""
    if path.name.startswith(".") and path.is_dir():
        for inner in path.rglob("*"):
            _sync_one(inner)
    _sync_one(path)


def _sync_one(path: Path) -> None:
    with suppress(PermissionError, IsADirectoryError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
