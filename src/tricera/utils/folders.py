"""Folders whose folders are classes."""

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tricera.errors import report


def class_folders(directory: Any, hidden: bool = True) -> list[str]:
    """The names of the folders in a folder, sorted.

    Args:
        hidden: whether those count whose names begin with a dot.

    Raises:
        OSError: there is no such folder.
    """
    directory = existing(directory)
    names = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    return [name for name in names if hidden or not name.startswith(".")]


def existing(directory: Any) -> str:
    """The path of a folder.

    Raises:
        OSError: there is none.
    """
    path = os.fspath(directory)
    if not os.path.isdir(path):
        kind = FileNotFoundError if not os.path.exists(path) else NotADirectoryError
        what = "is not there" if kind is FileNotFoundError else "is no folder"
        raise kind(report(f"The folder {path!r} {what}.", got=f"from {str(Path.cwd())!r}", fix="check the path."))
    return path


def files_below(folder: str, suffixes: Sequence[str], follow_links: bool = False) -> Iterator[str]:
    """The files in a folder and all its folders with one of these suffixes, as paths from it, sorted by folder."""
    endings = tuple(f".{suffix.lstrip('.')}" for suffix in suffixes)
    found, seen = {}, set()
    for root, folders, names in os.walk(folder, followlinks=follow_links):
        if follow_links:  # a link may lead to where we are
            real = os.path.realpath(root)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
        found[root] = sorted(name for name in names if name.lower().endswith(endings))
    for root in sorted(found):
        for name in found[root]:
            yield os.path.relpath(os.path.join(root, name), folder)


def list_pictures(
    directory: Any, ext: str | Sequence[str] = ("jpg", "jpeg", "bmp", "png", "ppm", "tif", "tiff")
) -> list[str]:
    """The paths of all pictures in a folder and its folders.

    Args:
        ext: suffixes of names; in a string, several are divided by `|`.
    """
    suffixes = ext.split("|") if isinstance(ext, str) else ext
    return [os.path.join(directory, name) for name in files_below(existing(directory), suffixes)]


def check_classes(directory: str, names: Sequence[str], argument: str) -> None:
    """Whether there are folders, all those that are named.

    Raises:
        ValueError: there are none, or not all.
    """
    if not names:
        raise ValueError(
            report(
                f"The folder {directory!r} has no folders.",
                expected="a folder for each class, with its files",
                got=quoted(sorted(os.listdir(directory))) or "an empty folder",
                fix="move the files into folders named as their classes, or give the folder above.",
            )
        )
    if missing := [name for name in names if not os.path.isdir(os.path.join(directory, name))]:
        raise ValueError(
            report(
                f"`{argument}` names folders that are not in {directory!r}.",
                expected=f"some of {quoted(class_folders(directory))}",
                got=quoted(missing),
            )
        )


def check_files(
    directory: str,
    names: Sequence[str],
    files: list[list[str]],
    suffixes: Sequence[str],
    argument: str,
    asked: bool,
    lenient: bool = False,
) -> None:
    """Whether each class has files, or was asked for by name, and one has.

    Args:
        lenient: whether a class without files is only warned of, as long as another has some.

    Raises:
        ValueError: otherwise.
    """
    empty = [name for name, files_of in zip(names, files, strict=True) if not files_of]
    if not empty or (asked and len(empty) < len(names)):
        return
    text = report(
        f"Folders in {directory!r} hold no files that are known.",
        expected=f"names like {', '.join(f'*.{suffix}' for suffix in suffixes)}",
        got=f"none in {quoted(empty)}",
        fix=f"remove the empty folders, or name the classes that count: `{argument}=[...]`.",
    )
    if not lenient or len(empty) == len(names):
        raise ValueError(text)
    warnings.warn(text, stacklevel=4)


_NAMED = 5


def quoted(names: Sequence[str]) -> str:
    """Some names for a message, and how many others there are."""
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(map(repr, names[:_NAMED])) + rest
