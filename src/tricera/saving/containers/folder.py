"""An unzipped `.keras` folder: `metadata.json`, `config.json`, `model.weights.h5` and `assets`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

    def read(self, name: str) -> bytes:
        """The content of a file."""
        path = self._member(name)
        if path.stat().st_size > budget.allowed(0):
            raise SafetyError(report(f"{self.label}: {name!r} is too large: it is not read."))
        return path.read_bytes()

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
