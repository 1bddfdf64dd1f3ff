"""Files in a folder that has a folder for each class, found, ordered and split as Keras does it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.utils.categorical import to_categorical
from tricera.utils.folders import check_classes, check_files, class_folders, existing, files_below
from tricera.utils.image.files import one_of

LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


@dataclass
class Labelled:
    """Files, the numbers of their classes, and the names of the classes; None where nobody asks for classes."""

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def targets(self, label_mode: str | None) -> np.ndarray | None:
        """The classes as `label_mode` says: numbers, one-hot rows, or a column of 0 and 1."""
        if self.labels is None or label_mode is None:
            return None
        if label_mode == "categorical":
            return to_categorical(self.labels, len(self.class_names or ())).astype("float32")
        return self.labels.astype("float32")[:, None] if label_mode == "binary" else self.labels.astype("int32")

    def part(self, part: slice) -> "Labelled":
        return Labelled(self.paths[part], None if self.labels is None else self.labels[part], self.class_names)


def labelled_files(
    directory: Any,
    labels: Any,
    label_mode: str | None,
    class_names: Sequence[str] | None,
    suffixes: Sequence[str],
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    follow_links: bool,
    verbose: Any,
) -> list[Labelled]:
    """The files of a folder, as Keras' functions `..._dataset_from_directory` find, order and split them: one part,
    or two for `subset="both"`.

    Raises:
        OSError: there is no such folder.
        ValueError: arguments that contradict each other, no classes, a class without files.
    """
    _check_arguments(labels, label_mode, class_names)
    _check_split(validation_split, subset, shuffle, seed)
    if labels is None or label_mode is None:
        labels = label_mode = None
    found = _indexed(existing(directory), labels, class_names, suffixes, follow_links)
    if label_mode == "binary" and len(found.class_names or ()) != 2:
        what = 'When passing `label_mode="binary"`, there must be exactly 2 classes.'
        raise ValueError(report(what, expected="2 class names", got=found.class_names))
    if verbose:
        classes = "" if found.class_names is None else f" belonging to {len(found.class_names)} classes"
        print(f"Found {len(found.paths)} files{classes}.")
    if shuffle:
        order = np.arange(len(found.paths))
        np.random.RandomState(_drawn(seed)).shuffle(order)
        names = [found.paths[i] for i in order]
        found = Labelled(names, None if found.labels is None else found.labels[order], found.class_names)
    return _parts(found, validation_split, subset)


def _drawn(seed: int | None) -> int:
    return int(np.random.randint(10**6)) if seed is None else seed  # noqa: NPY002  NumPy's own, as Keras


def _indexed(
    directory: str, labels: Any, class_names: Sequence[str] | None, suffixes: Sequence[str], follow_links: bool
) -> Labelled:
    if labels == "inferred":
        names = list(class_names or class_folders(directory, hidden=False))
        check_classes(directory, names, "class_names")
        files = [list(files_below(os.path.join(directory, name), suffixes, follow_links)) for name in names]
        check_files(directory, names, files, suffixes, "class_names", bool(class_names))
        numbers = np.repeat(range(len(names)), list(map(len, files)))
        paths = [os.path.join(directory, name, file) for name, part in zip(names, files, strict=True) for file in part]
        return Labelled(paths, numbers, names)
    paths = [os.path.join(directory, file) for file in files_below(directory, suffixes, follow_links)]
    if labels is None:
        return Labelled(paths, None, None)
    if len(labels) != len(paths):
        what = "Expected the lengths of `labels` to match the number of files in the target directory."
        raise ValueError(report(what, expected=f"{len(paths)} labels", got=f"{len(labels)} labels"))
    return Labelled(paths, np.asarray(labels), [str(label) for label in sorted(set(labels))])


def _parts(found: Labelled, validation_split: float | None, subset: str | None) -> list[Labelled]:
    if not validation_split:
        return [found]
    held = int(validation_split * len(found.paths))
    cut = len(found.paths) - held
    said = {"training": (cut, slice(cut)), "validation": (held, slice(cut, None))}
    parts = []
    for name in ("training", "validation") if subset == "both" else (str(subset),):
        count, part = said[name]
        print(f"Using {count} files for {name}.")
        if not count:
            fix = "give more files, or another `validation_split`."
            raise ValueError(report(f"No files are left for {name}.", got=f"{len(found.paths)} files", fix=fix))
        parts.append(found.part(part))
    return parts


def _check_arguments(labels: Any, label_mode: str | None, class_names: Sequence[str] | None) -> None:
    one_of(label_mode, LABEL_MODES, "label_mode")
    if labels is not None and not isinstance(labels, list | tuple | np.ndarray) and labels != "inferred":
        raise ValueError(
            report(
                "`labels` should be a list of integer labels, one for each file in the folder.",
                expected="'inferred', for the names of the folders; None, for no labels; or a list",
                got=repr(labels),
            )
        )
    if class_names and not (isinstance(labels, str) and labels == "inferred"):
        what = 'You can only pass `class_names` if `labels="inferred"`.'
        raise ValueError(report(what, got=f"labels={labels!r}, class_names={class_names!r}"))


def _check_split(validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None) -> None:
    one_of(subset, SUBSETS, "subset")
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(report("`validation_split` must be between 0 and 1.", got=validation_split))
    if bool(validation_split) != bool(subset):
        what = "If `subset` is set, `validation_split` must be set, and inversely."
        raise ValueError(report(what, got=f"validation_split={validation_split!r}, subset={subset!r}"))
    if validation_split and shuffle and seed is None:
        raise ValueError(
            report(
                "If using `validation_split` and shuffling the data, you must provide a `seed` argument.",
                got="seed=None",
                fix="`seed=0`, the same for both subsets: without it, they would overlap.",
            )
        )
