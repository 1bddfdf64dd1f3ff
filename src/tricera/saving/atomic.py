"""Files that are either complete or as they were: written beside their place, then moved there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tricera.errors import report


@contextmanager
def replacing(path: str | os.PathLike, overwrite: bool = True) -> Iterator[Path]:
    """A fresh file name in the folder of `path`; when the block ends well, the file there becomes `path`.

    Raises:
        FileExistsError: there is a file, and it may not be overwritten.
        FileNotFoundError: there is no such folder.
    """
    target = Path(os.path.realpath(path))
    if not overwrite and target.exists():
        raise FileExistsError(
            report(f"The file {os.fspath(path)!r} exists.", fix="`overwrite=True`, or save under another name.")
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            report(f"There is no folder {str(target.parent)!r}.", fix="make it first: `os.makedirs(folder)`.")
        )
    fresh = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    try:
        yield fresh
        _sync(fresh)
        os.replace(fresh, target)
        _sync(target.parent)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def _sync(path: Path) -> None:
    """Wait until the disk has it; folders cannot be waited for everywhere."""
    with suppress(PermissionError, IsADirectoryError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
