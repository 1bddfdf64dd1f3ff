"""Samples divided into parts: for training, for validation, for the test at the end."""

from typing import Any

import numpy as np

from tricera.errors import report
from tricera.train.data import count, to_arrays


def train_val_test_split(
    *arrays: Any,
    ratio: tuple[float, ...] = (6, 2, 2),
    shuffle: bool = True,
    stratify: Any = None,
    seed: int | None = None,
) -> tuple[Any, ...]:
    """Samples in three parts: `(x_train, y_train), (x_val, y_val), (x_test, y_test)` of `x, y`; of one array, arrays.

    Args:
        arrays: arrays, or nestings of arrays, of one number of samples.
        ratio: the parts' sizes to each other: `(6, 2, 2)`, `(98, 1, 1)`; two numbers give two parts.
        shuffle: False for a time series: the past trains, the future tests.
        stratify: labels; each of them is in each part as often as in all samples.
        seed: of the order; without it NumPy's global generator says it.

    Raises:
        ValueError: a part would be empty, or `stratify` without `shuffle`.
    """
    data = tuple(to_arrays(array, f"arrays[{i}]") for i, array in enumerate(arrays))
    samples = count(data, "arrays")
    if stratify is not None and not shuffle:
        raise ValueError(
            report("`stratify` needs `shuffle`: samples in their order are what they are.", got="shuffle=False")
        )
    order = samples_in_order(samples, shuffle, stratify, seed)
    cuts = np.round(np.cumsum(ratio) / sum(ratio) * samples).astype(int)
    parts = np.split(order, cuts[:-1])
    if min(map(len, parts)) == 0:
        raise ValueError(
            report(
                "A part would be empty.",
                got=f"{samples} samples in parts of {', '.join(str(len(part)) for part in parts)}",
                fix="give more samples, or another `ratio`.",
            )
        )
    if stratify is not None:
        rng = generator(seed)
        parts = [rng.permutation(part) for part in parts]
    made = [tuple(at(array, part) for array in data) for part in parts]
    return tuple(part[0] if len(data) == 1 else part for part in made)


def samples_in_order(samples: int, shuffle: bool, labels: Any, seed: int | None) -> np.ndarray:
    """The numbers of samples in their order, in a random one, or so that each stretch holds each label in its share."""
    if not shuffle and labels is None:
        return np.arange(samples)
    drawn = generator(seed).permutation(samples) if shuffle else np.arange(samples)
    if labels is None:
        return drawn
    classes = np.unique(np.asarray(labels).reshape(samples, -1), axis=0, return_inverse=True)[1].reshape(-1)[drawn]
    place = np.empty(samples)
    for label in range(classes.max() + 1):
        of_label = np.flatnonzero(classes == label)
        place[of_label] = (np.arange(len(of_label)) + 0.5) / len(of_label)
    return drawn[np.argsort(place, kind="stable")]


def generator(seed: int | None) -> np.random.Generator:
    """A generator of random numbers; without a seed, NumPy's global one seeds it."""
    return np.random.default_rng(np.random.randint(1 << 31) if seed is None else seed)  # noqa: NPY002


def at(data: Any, indices: Any) -> Any:
    """The samples of these numbers, of a nesting of arrays."""
    if isinstance(data, dict):
        return {name: at(value, indices) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(at(value, indices) for value in data)
    return data[indices]
