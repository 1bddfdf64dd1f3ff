"""Batches of the images that a table names."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.errors import did_you_mean, report
from tricera.preprocessing.image.files import FilesIterator
from tricera.preprocessing.image.iterator import Iterator
from tricera.utils.folders import quoted

_LABELLED = ("categorical", "binary", "sparse")


class DataFrameIterator(FilesIterator):
    """Batches of the images that a table names, changed as a generator says.

    Args:
        dataframe: has columns by name; the arguments are those of `ImageDataGenerator.flow_from_dataframe`.

    Raises:
        KeyError: a column that is not there.
        TypeError: a column of the wrong kind for the class mode.
        ValueError: not two classes where there must be, no images, a mode or a method that is unknown.
        FileNotFoundError: a file is not there, and `on_error="raise"`.
    """

    allowed_class_modes = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = "channels_last",
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        dtype: Any = "float32",
        validate_filenames: bool = True,
        keep_aspect_ratio: bool = False,
        on_error: str | None = None,
    ):
        super().__init__(
            image_data_generator,
            target_size,
            color_mode,
            class_mode,
            data_format,
            (save_to_dir, save_prefix, save_format),
            subset,
            interpolation,
            dtype,
            keep_aspect_ratio,
            on_error,
        )
        self.directory = os.fspath(directory or "")
        names = _column(dataframe, x_col, "x_col").tolist()
        _check_kind(names, x_col, "x_col", (str,), "strings")
        rows = self._present(names, x_col) if validate_filenames else list(range(len(names)))
        labels = self._labels(dataframe, y_col, classes)
        if class_mode in _LABELLED:
            found = {name for row in rows for name in _names(labels[row])}
            self.class_indices = {name: i for i, name in enumerate(sorted(set(classes) if classes else found))}
            labels = [self._numbers(label) for label in labels]
            rows = [row for row in rows if labels[row] is not None]
        rows = rows[self._part(len(rows))]
        kept = self._open([os.path.join(self.directory, names[row]) for row in rows])
        rows = [rows[number] for number in kept]
        self.filenames, self.samples = [names[row] for row in rows], len(rows)
        self._keep_labels(labels, rows)
        self.sample_weight = None if weight_col is None else _weights(dataframe, weight_col)[rows]
        self._say(validate_filenames)
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)

    def _keep_labels(self, labels: Any, rows: list[int]) -> None:
        if self.class_mode in _LABELLED:
            self.classes = self.labels = [labels[row] for row in rows]
        elif self.class_mode == "multi_output":
            self.labels = [np.array(column)[rows] for column in labels]
        elif self.class_mode == "raw":
            self.labels = labels[rows]

    def _present(self, names: list[str], x_col: str) -> list[int]:
        """The rows whose files are there, and are images by their names."""
        endings = tuple(f".{suffix}" for suffix in self.white_list_formats)
        paths = [os.path.join(self.directory, name) for name in names]
        there = [path.lower().endswith(endings) and os.path.isfile(path) for path in paths]
        absent = [name for name, is_there in zip(names, there, strict=True) if not is_there]
        what = f"{len(absent)} of {len(names)} images in column {x_col!r}"
        if absent and (self.on_error == "raise" or len(absent) == len(names)):
            raise FileNotFoundError(
                report(
                    f"{what} are not there, or are no images.",
                    expected=f"paths from {self.directory or os.getcwd()!r}, named {', '.join(endings)}",
                    got=quoted(absent),
                    fix="check `directory`, and whether the names have their suffixes.",
                )
            )
        if absent:
            what = f"{what} are not there, or are no images; they are left out."
            warnings.warn(report(what, got=quoted(absent)), stacklevel=4)
        return [row for row, is_there in enumerate(there) if is_there]

    def _labels(self, table: Any, y_col: Any, classes: Sequence[str] | None) -> Any:
        """What `y_col` says: a list of labels, an array, or a list of columns."""
        mode = self.class_mode
        if mode == "multi_output":
            if not isinstance(y_col, list):
                what = '`class_mode="multi_output"` takes a list of columns as `y_col`.'
                raise TypeError(report(what, got=repr(y_col), fix=f"`y_col=[{y_col!r}]`."))
            return [_column(table, name, "y_col").tolist() for name in y_col]
        if classes and mode not in _LABELLED:
            warnings.warn(f"`classes` will be ignored given the class_mode={mode!r}.", stacklevel=5)
        if mode in (None, "input"):
            return None
        if mode == "raw":
            columns = [np.array(_column(table, name, "y_col").tolist()) for name in _names(y_col)]
            return np.stack(columns, -1) if isinstance(y_col, list) else columns[0]
        labels = _column(table, y_col, "y_col").tolist()
        kinds, said_kinds = (
            ((str, list, tuple), "strings, lists or tuples") if mode == "categorical" else ((str,), "strings")
        )
        _check_kind(labels, y_col, "y_col", kinds, f"{said_kinds}, as `class_mode={mode!r}` needs", "`.astype(str)`")
        count = len(set(classes or labels)) if mode == "binary" else 2
        if count != 2:
            what = '`class_mode="binary"` needs two classes.'
            raise ValueError(
                report(
                    what,
                    expected="2 classes",
                    got=f"{count} in column {y_col!r}",
                    fix='use `class_mode="sparse"` for another number of classes.',
                )
            )
        return labels

    def _numbers(self, label: Any) -> Any:
        """The number of a class, or those of a list of classes; None where none of them counts."""
        numbers = [self.class_indices[name] for name in _names(label) if name in self.class_indices]
        if isinstance(label, str):
            return numbers[0] if numbers else None
        return numbers or None

    def _say(self, validated: bool) -> None:
        kind = "validated" if validated else "non-validated"
        classes = f" belonging to {len(self.class_indices)} classes" if self.class_mode in _LABELLED else ""
        print(f"Found {self.samples} {kind} image filenames{classes}.")


def _names(label: Any) -> Sequence[Any]:
    return label if isinstance(label, list | tuple) else [label]


def _column(table: Any, name: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(table[name], object if what != "weight_col" else None)
    except KeyError:
        columns = [str(column) for column in getattr(table, "columns", table)]
        fix = did_you_mean(str(name), columns)
        raise KeyError(
            _Said(report(f"`{what}`: there is no column {name!r}.", expected=quoted(columns), fix=fix))
        ) from None


class _Said(str):
    """A message that a KeyError shows as it is."""

    __repr__ = str.__str__


def _check_kind(
    values: list[Any], column: str, what: str, kinds: tuple[type, ...], expected: str, fix: str | None = None
) -> None:
    for row, value in enumerate(values):
        if not isinstance(value, kinds):
            got = f"{value!r} in row {row}"
            raise TypeError(report(f"All values in column {what}={column!r} must be {expected}.", got=got, fix=fix))


def _weights(table: Any, column: str) -> np.ndarray:
    weights = _column(table, column, "weight_col")
    if weights.dtype.kind not in "iuf":
        raise TypeError(report(f"Column weight_col={column!r} must be numeric.", got=f"dtype {weights.dtype}"))
    return weights
