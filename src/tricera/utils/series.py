"""Data sets of windows of a series, and data sets cut in two."""

import random
from typing import Any

import numpy as np

from tricera.data import Dataset
from tricera.data.ahead import iter_of
from tricera.errors import report
from tricera.utils.image.files import one_of
from tricera.utils.samples import FORMATS, grained


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """A `data.Dataset` of windows of a series, and of the target of each window's first step.

    Shapes: batches `(windows (batch, sequence_length, ...), targets (batch, ...))`.

    Args:
        data: the series, in order of time.
        targets: `targets[i]` belongs to the window that begins at step i; None for windows alone.
        sequence_stride: steps from one window to the next.
        sampling_rate: steps from one value of a window to the next.
        batch_size: None for single windows.
        start_index: only steps from here on; `end_index`: only steps before it.
        format: `"tf"` for a `data.Dataset`, `"grain"` for a data set of grain.

    Raises:
        ValueError: a step or an index outside the series.
    """
    one_of(format, FORMATS, "format")
    series = np.asarray(data)
    _check_series(len(series), start_index, end_index, sampling_rate, sequence_stride)
    start, end = start_index or 0, len(series) if end_index is None else end_index
    windows = _windows(series[start:end], sequence_length, sampling_rate)
    if targets is not None:
        targets = np.asarray(targets)[start:end]
        windows = windows[: len(targets)]
    windows = windows[::sequence_stride]
    pairs = windows if targets is None else (windows, targets[: len(windows) * sequence_stride : sequence_stride])
    if format == "grain":
        sample = lambda i: windows[i] if targets is None else (windows[i], pairs[1][i])  # noqa: E731
        return grained(len(windows), sample, batch_size, shuffle, seed)
    dataset = Dataset.from_tensor_slices(pairs)
    dataset = dataset.shuffle(max(1, len(windows)), seed) if shuffle else dataset
    return dataset if batch_size is None else dataset.batch(batch_size).prefetch()


def _check_series(count: int, start: Any, end: Any, rate: int, stride: int) -> None:
    what = got = None
    if start is not None and start < 0:
        what, got = "`start_index` must be 0 or greater.", start
    elif start is not None and start >= count:
        what, got = "`start_index` must be lower than the length of the data.", f"{start}, for data of length {count}"
    elif start and end is not None and end <= start:
        what, got = "`end_index` must be higher than `start_index`.", f"start_index={start}, end_index={end}"
    elif end is not None and end >= count:
        what, got = "`end_index` must be lower than the length of the data.", f"{end}, for data of length {count}"
    elif end is not None and end < 0:
        what, got = "`end_index` must be 0 or greater.", end
    for name, value in (("sampling_rate", rate), ("sequence_stride", stride)):
        if not what and value <= 0:
            what, got = f"`{name}` must be higher than 0.", value
        elif not what and value >= count:
            what, got = f"`{name}` must be lower than the length of the data.", f"{value}, for data of length {count}"
    if what:
        raise ValueError(report(what, got=got))


def _windows(series: np.ndarray, length: int, rate: int) -> np.ndarray:
    """All windows of a series, as a view: `(windows, length, ...)`."""
    span = (length - 1) * rate + 1
    if span > len(series):
        return np.zeros((0, length, *series.shape[1:]), series.dtype)
    return np.moveaxis(np.lib.stride_tricks.sliding_window_view(series, span, 0), -1, 1)[:, ::rate]


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Two data sets of the first and of the last elements: `(left, right)`.

    Args:
        dataset: an array, a tuple or list of arrays, or a data set with an end; one that `batch` made is cut by
            elements and batched again.
        left_size: a number of elements or a share of them; what the other side leaves where None.
        shuffle: whether elements are drawn at random.
        seed: of the draw.
        preferred_backend: accepted; there is one kind of data set.

    Raises:
        ValueError: sizes that do not fit, or one side would be empty.
        TypeError: neither arrays nor a data set.
    """
    source = _source(dataset)
    batch = getattr(dataset, "batch_size", None)
    rows = list(source.unbatch() if batch else source)
    left, right = _sizes(left_size, right_size, len(rows))
    if shuffle:
        random.Random(seed).shuffle(rows)
    both = (_of_rows(rows[:left]), _of_rows(rows[left : left + right]))
    return tuple(each.batch(batch) for each in both) if batch else both


def _source(dataset: Any) -> Dataset:
    arrays = dataset if isinstance(dataset, list | tuple) else [dataset]
    if not arrays:
        raise ValueError(report("Received an empty list dataset.", expected="a list of arrays"))
    if all(hasattr(each, "shape") and hasattr(each, "__len__") for each in arrays):
        arrays = tuple(np.asarray(each) for each in arrays)
        if len({len(each) for each in arrays}) > 1:
            lengths = ", ".join(str(len(each)) for each in arrays)
            raise ValueError(report("Received arrays with different lengths.", got=lengths))
        return Dataset.from_tensor_slices(arrays if isinstance(dataset, list | tuple) else arrays[0])
    if isinstance(dataset, Dataset):
        return dataset
    if hasattr(dataset, "__iter__") and not isinstance(dataset, str | bytes | dict | list | tuple):
        return Dataset.from_generator(lambda: dataset)
    raise TypeError(
        report(f"Unsupported dataset type: {type(dataset)}.", expected="arrays, a list of arrays, or a data set")
    )


def _of_rows(rows: list[Any]) -> Dataset:
    return Dataset(lambda: iter_of(rows), len(rows))


def _sizes(left: Any, right: Any, count: int) -> tuple[int, int]:
    """How many elements each side gets."""
    if left is None and right is None:
        raise ValueError(report("At least one of the `left_size` or `right_size` must be specified."))
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and not isinstance(size, int | float):
            raise TypeError(report(f"Invalid `{name}` Type.", expected="int, float or None", got=type(size).__name__))
        is_size = size is None or (0 < size < count if isinstance(size, int) else 0 <= size <= 1)
        if not is_size:
            between = f"a positive integer smaller than {count}, or a float within the range `[0, 1]`"
            raise ValueError(report(f"`{name}` should be either {between}.", got=size))
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(report("The sum of `left_size` and `right_size` is greater than 1.", got=left + right))
    left, right = (round(size * count) if isinstance(size, float) else size for size in (left, right))
    left, right = count - right if left is None else left, count - left if right is None else right
    if left + right > count:
        what = f"The sum of `left_size` and `right_size` should be smaller than {count}."
        raise ValueError(report(what, got=left + right))
    if not left or not right:
        raise ValueError(
            report(
                f"With `dataset` of length={count}, `left_size`={left} and `right_size`={right}: one side is empty.",
                fix="give more elements, or another size.",
            )
        )
    return left, right
