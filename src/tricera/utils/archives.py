"""Unpacking tar and zip files: no member leaves the folder, none is a link, none is larger than a budget."""

import bz2
import gzip
import lzma
import os
import posixpath
import re
import secrets
import shutil
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from tricera.errors import SafetyError, report

FREE = 1 << 30
RATIO = 100
_HEADER = 512
_READ = 1 << 24
_HOPS = 40
MEMBERS, STORED = 100_000, 64  # so many are free; of more, each takes at least so many bytes
_NOWHERE = re.compile(r"[/\\\0]|^[A-Za-z]:|[. ]$|^$")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *([.:].*)?", re.IGNORECASE | re.DOTALL)
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, gzip.BadGzipFile)


class Member(NamedTuple):
    """One regular file of an archive: its checked name, its declared size, and how to open it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def extract(archive: Path, folder: Path, archive_format: str | list[str] | None = "auto") -> bool:
    """Unpack `archive` into `folder`: all of it or nothing; False if it is of none of the formats.

    The members are first written to a fresh folder beside `folder`. A link within the archive becomes a copy of
    its file.

    Raises:
        SafetyError: a member's name leaves the folder, is no name on some system or is there twice but for
            its case; a member is a device or a link that leads nowhere within the archive; there are far too many,
            or the archive declares far more than it stores.
        ValueError: the archive is damaged.
    """
    members = next((READERS[name] for name in _formats(archive_format) if PROBES[name](archive)), None)
    if members is None:
        return False
    fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    fresh.mkdir(parents=True)
    try:
        for member in members(archive):
            _write(member, fresh)
        _merge(fresh, folder)
    except _DAMAGE as error:
        raise ValueError(
            report(f"{archive} is damaged: {error}", fix="delete the file and download it again.")
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def is_portable(name: str) -> bool:
    """Whether a name is that of a file in its folder on every system.

    It is not where it is a path, has a drive, ends in what Windows drops (dots and spaces), or is a device there.
    """
    return not _NOWHERE.search(name) and not _DEVICE.fullmatch(name) and not (os.name == "nt" and ":" in name)


def _folded(path: str) -> str:
    """What is the same for two paths that some system takes for one: in letters large or small, or composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def safe_name(name: str, archive: Path) -> str:
    """`name` without `.` parts, if it is the name of something inside the folder on every system."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or re.search(r"[\\\0]|^[A-Za-z]:", name) or not parts:
        raise _unsafe(archive, name, "leaves the folder that it is unpacked to")
    if not all(map(is_portable, parts)):
        raise _unsafe(archive, name, "has a name that not every system can have")
    return "/".join(parts)


def _formats(archive_format: str | list[str] | None) -> list[str]:
    names = ["tar", "zip"] if archive_format == "auto" else archive_format or []
    names = [names] if isinstance(names, str) else list(names)
    if unknown := [name for name in names if name not in READERS]:
        raise NotImplementedError(
            report("Unknown `archive_format`.", expected="'auto', 'tar', 'zip' or None", got=repr(unknown[0]))
        )
    return names


def _unsafe(archive: Path, name: str, why: str) -> SafetyError:
    return SafetyError(
        report(
            f"{archive} is not safe to unpack: its member {name!r} {why}.",
            fix="unpack it yourself if you trust its author; nothing was unpacked.",
        )
    )


class _Budget:
    """The sum of what an archive declares, against what it stores; and the names that it took."""

    def __init__(self, archive: Path):
        stored = archive.stat().st_size
        self.archive, self.left, self.members = archive, max(FREE, RATIO * stored), max(MEMBERS, stored // STORED)
        self.places: dict[str, str] = {}

    def spend(self, name: str, size: int) -> None:
        self.left, self.members = self.left - size - _HEADER, self.members - 1
        if size < 0 or self.left < 0:
            raise _unsafe(self.archive, name, "makes the archive far larger than what it stores")
        if self.members < 0:
            raise _unsafe(self.archive, name, "is one of far too many")

    def take(self, name: str) -> str:
        """The checked name of a file: a second one of that very name is a newer one, one that differs by case is not.

        Nor is a file a folder too.
        """
        checked = safe_name(name, self.archive)
        place = _folded(checked)
        above = [place[: match.start()] for match in re.finditer("/", place)]
        for key, meant in ((place, checked), *((each, f"{each}/") for each in above)):
            if (other := self.places.setdefault(key, meant)) != meant:
                raise _unsafe(self.archive, name, f"and its {other!r} are one place on some systems")
        return checked


class _Bounded:
    """A file that refuses single reads of more than 16 MiB: no header of an archive is that long."""

    def __init__(self, file: IO[bytes]):
        self.seek, self.tell, self._file = file.seek, file.tell, file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _READ:
            raise tarfile.ReadError(f"a header declares {size} bytes")
        return self._file.read(size)


def _open_tar(archive: Path) -> tarfile.TarFile:
    with open(archive, "rb") as file:
        opener = _OPENERS.get(file.read(2), open)
    file = opener(archive, "rb")
    try:
        return tarfile.TarFile(fileobj=_Bounded(file))
    except BaseException:
        file.close()
        raise


def _is_tar(archive: Path) -> bool:
    try:
        _open_tar(archive).fileobj._file.close()
    except (*_DAMAGE, OSError):
        return False
    return True


def _tar_members(archive: Path) -> Iterator[Member]:
    tar, budget = _open_tar(archive), _Budget(archive)
    try:
        files, links = {}, {}
        for info in tar:
            budget.spend(info.name, info.size)
            if info.isdir():
                continue
            name = budget.take(info.name)
            if info.isreg():
                files[name] = info
            elif info.islnk() or info.issym():
                links[name] = info.linkname if info.islnk() else posixpath.join(posixpath.dirname(name), info.linkname)
            else:
                raise _unsafe(archive, info.name, "is neither a file, a folder nor a link")
        for name in links:
            files[name] = files[_target(name, links, files, archive)]
            budget.spend(name, files[name].size)
        for name, info in files.items():
            yield Member(name, info.size, lambda info=info: tar.extractfile(info))
    except RecursionError as error:
        raise tarfile.ReadError("its headers are nested without end") from error
    finally:
        tar.fileobj._file.close()


def _target(name: str, links: dict[str, str], files: dict[str, object], archive: Path) -> str:
    """The file that the link `name` ends at, by names alone."""
    target = name
    for _ in range(_HOPS):
        target = posixpath.normpath(links[target])
        if target in files:
            return target
        if target not in links:
            break
    raise _unsafe(archive, name, f"is a link to {links[name]!r}, which is no file of the archive")


def _zip_members(archive: Path) -> Iterator[Member]:
    budget = _Budget(archive)
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            budget.spend(info.filename, info.file_size)
            name = info.orig_filename
            if not info.is_dir():
                yield Member(budget.take(name), info.file_size, lambda info=info: file.open(info))


READERS = {"tar": _tar_members, "zip": _zip_members}
PROBES = {"tar": _is_tar, "zip": zipfile.is_zipfile}


def _write(member: Member, folder: Path) -> None:
    path = folder / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with member.open() as source, open(path, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def _merge(fresh: Path, folder: Path) -> None:
    """Move the files of `fresh` into `folder`, over older ones of the same names, through no link."""
    if not folder.exists() and not folder.is_symlink():
        fresh.rename(folder)
        return
    for root, _, files in os.walk(fresh):
        place = folder / Path(root).relative_to(fresh)
        if place.is_symlink() and place != folder:
            raise SafetyError(report(f"{place} is a link: nothing is unpacked through it.", fix="remove the link."))
        place.mkdir(exist_ok=True)
        for name in files:
            os.replace(Path(root) / name, place / name)
