"""Files that layers keep beside their arrays, as vocabularies: `assets/<place of the layer>/<file>`."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from tricera.errors import SafetyError, report
from tricera.saving.parts import parts

FOLDER = "assets"
_UNSAFE = re.compile(r'[\\:*?"<>|\x00-\x1f]|^\.{0,2}$|[. ]$')  # no name of a file, on some system


def write(model: Any, folder: Path) -> None:
    """Have each layer that keeps files write them below `folder`; only where there are any, the folder is made."""
    for path, owner in parts(model):
        if hasattr(owner, "save_assets"):
            place = folder.joinpath(FOLDER, *_names(path, "The model"))
            place.mkdir(parents=True, exist_ok=True)
            owner.save_assets(str(place))
            _prune(place, folder)


def _prune(place: Path, root: Path) -> None:
    while place != root and not any(place.iterdir()):
        place.rmdir()
        place = place.parent


def read(model: Any, members: Any) -> None:
    """Give each layer the files that were written for it, in a fresh folder that is removed afterwards.

    Args:
        members: an archive or a folder: it has `label`, `assets` and `read`.

    Raises:
        SafetyError: the name of a file leads elsewhere.
    """
    names = {name: _names(name.removeprefix(f"{FOLDER}/"), members.label) for name in members.assets}
    for path, owner in parts(model) if names else ():
        if hasattr(owner, "load_assets"):
            place = path.split("/")
            own = {name: inner[len(place) :] for name, inner in names.items() if inner[: len(place)] == place}
            if own:
                with tempfile.TemporaryDirectory(prefix="tricera-") as folder:
                    for name, inner in own.items():
                        target = Path(folder, *inner)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_bytes(members.read(name))
                    owner.load_assets(folder)


def listed(folder: Path) -> list[str]:
    """The names of all files below `folder/assets`, links left out."""
    found = (Path(root, name) for root, _, names in os.walk(folder / FOLDER) for name in names)
    return sorted(path.relative_to(folder).as_posix() for path in found if not path.is_symlink())


def _names(path: str, label: str) -> list[str]:
    names = path.split("/")
    if any(map(_UNSAFE.search, names)):
        raise SafetyError(report(f"{label}: {path!r} is no place for a file.", expected="plain names of files"))
    return names
