"""Samples that are made one by one, as data sets: Tricera's own, or grain's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tricera.data import AUTOTUNE, Dataset
from tricera.errors import report
from tricera.utils.labelled import Labelled

FORMATS = ("tf", "grain")


def samples_of(
    parts: list[Labelled],
    load: Callable[[str], Any],
    join: Callable[[list], Any] | None,
    label_mode: str | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    subset: str | None,
    format: str = "tf",
) -> Any:
    """A data set of what files hold and of their targets, or a list of two for `subset="both"`.

    Args:
        load: from a path to what the file holds; several threads call it.
        join: from samples to a batch; by default they are stacked.

    Raises:
        ValueError: no files.
    """
    if not parts[0].paths:
        raise ValueError(report("No files found in the directory.", expected="files of the classes", got="0 files"))
    made = [
        _dataset(part, load, join, label_mode, batch_size, shuffled, seed, format)
        for part, shuffled in zip(parts, (shuffle, False), strict=False)  # as in Keras, validation keeps its order
    ]
    return made if subset == "both" else made[0]


def _dataset(
    files: Labelled,
    load: Callable[[str], Any],
    join: Callable[[list], Any] | None,
    label_mode: str | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    format: str,
) -> Any:
    targets = files.targets(label_mode)
    sample = lambda i: load(files.paths[i]) if targets is None else (load(files.paths[i]), targets[i])  # noqa: E731
    if format == "grain":
        made = grained(len(files.paths), sample, batch_size, shuffle, seed)
    else:
        numbers = Dataset.range(len(files.paths))
        numbers = numbers.shuffle(len(files.paths), seed) if shuffle else numbers
        made = numbers.map(sample, AUTOTUNE)
        if batch_size is not None:
            made = made._batched(batch_size, False, join, None) if join else made.batch(batch_size)
        made = made.prefetch()
    made.class_names, made.file_paths = files.class_names, files.paths
    return made


def grained(count: int, sample: Callable[[int], Any], batch_size: int | None, shuffle: bool, seed: int | None) -> Any:
    """The samples as a data set of grain.

    Raises:
        ImportError: grain is not installed.
    """
    try:
        import grain
    except ImportError as error:
        raise ImportError(
            report('`format="grain"` needs grain.', fix="pip install grain; or leave `format` out.")
        ) from error

    class Samples:
        """Samples by number, as grain reads them."""

        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            return sample(int(index))

    made = grain.MapDataset.source(Samples())
    seed = int(np.random.randint(1 << 31)) if seed is None else seed  # noqa: NPY002
    made = (made.shuffle(seed) if shuffle else made).to_iter_dataset()
    return made if batch_size is None else made.batch(batch_size, batch_fn=_stacked)


def _stacked(samples: Sequence[Any]) -> Any:
    from_rows = [sample if isinstance(sample, tuple) else (sample,) for sample in samples]
    columns = tuple(
        np.array(column, object) if isinstance(column[0], str) else np.stack(column)
        for column in zip(*from_rows, strict=True)
    )
    return columns if isinstance(samples[0], tuple) else columns[0]
