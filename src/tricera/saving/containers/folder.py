"""An unzipped `.keras` folder: `metadata.json`, `config.json`, `model.weights.h5` and `assets`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tricera.errors import SafetyError, report
from tricera.saving import archive, budget, h5
from tricera.saving.containers import assets

_OWN = {archive.CONFIG, archive.METADATA, archive.WEIGHTS, assets.FOLDER}


def is_one(path: str | os.PathLike) -> bool:
    """Whether a folder holds a model of Keras 3."""
    return Path(path, archive.CONFIG).is_file()


def require_replaceable(path: str | os.PathLike) -> None:
    """Refuse to put a model in the place of a folder that holds anything else.

    Raises:
        FileExistsError: it does, or there is a file.
    """
    place = Path(path)
    others = (
        [place] if place.is_file() else [p for p in place.iterdir() if p.name not in _OWN] if place.exists() else []
    )
    if others:
        raise FileExistsError(
            report(
                f"{str(place)!r} is no model's folder: it is not replaced.",
                got=others[0].name,
                fix="name a new folder.",
            )
        )


@contextmanager
def opened(path: str | os.PathLike) -> Iterator["Folder"]:
    """The members of a folder, with the interface of an archive's."""
    yield Folder(Path(path))


class Folder:
    """What stands in a model's folder; links are not followed."""

    def __init__(self, path: Path):
        self._path, self.label = path, os.fspath(path)
        self.assets = assets.listed(path)

    def config(self) -> dict[str, Any]:
        """The configuration of the model."""
        return archive.parse(self.read(archive.CONFIG), f"{self.label}: {archive.CONFIG!r}")

    def weights(self) -> h5.Reader:
        """The arrays."""
        path = self._member(archive.WEIGHTS)
        return h5.Reader(path, f"{self.label}: {archive.WEIGHTS}", path.stat().st_size)

    def read(self, name: str, limit: int | None = None) -> bytes:
        """The content of a file, which may have so many bytes."""
        with self.open(name) as file:
            if os.fstat(file.fileno()).st_size > (budget.allowed(0) if limit is None else limit):
                raise SafetyError(report(f"{self.label}: {name!r} is too large: it is not read."))
            return file.read()

    def open(self, name: str) -> IO[bytes]:
        """A file, to be read from any place in it."""
        return open(self._member(name), "rb", opener=_itself)

    def has(self, name: str) -> bool:
        """Whether there is a file, or a link."""
        return os.path.lexists(self._path / name)

    def size(self, name: str) -> int:
        """The number of bytes of a file."""
        return self._member(name).stat().st_size

    def _member(self, name: str) -> Path:
        path = self._path
        for part in name.split("/"):
            path = path / part
            if path.is_symlink():
                raise SafetyError(report(f"{self.label}: {name!r} is a link to elsewhere: the folder is not read."))
        if not path.is_file():
            members = ", ".join(sorted(os.listdir(self._path))[:10])
            raise ValueError(report(f"{self.label} has no member {name!r}.", got=members))
        return path


def _itself(path: str, flags: int) -> int:
    """Open a file, and not what a link has put in its place since it was looked at."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))
