"""Samples in random order, split in two, and word numbers coded for a network."""

from itertools import chain, pairwise

import numpy as np

from tricera.errors import report


def shuffled(seed: int | np.random.RandomState, *arrays: np.ndarray) -> list[np.ndarray]:
    """`arrays` in the same random order, the one that Keras draws from `seed`."""
    # The published splits are defined by this generator.
    rng = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
    order = np.arange(len(arrays[0]))
    rng.shuffle(order)
    return [array[order] for array in arrays]


def shuffled_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int):
    """`(x_train, y_train), (x_test, y_test)`: the last `test_split` of the shuffled samples are for testing."""
    x, y = shuffled(seed, x, y)
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:].copy(), y[count:].copy())


def check_test_split(test_split: float) -> None:
    """Raise a ValueError unless `0 <= test_split < 1`."""
    if not 0 <= test_split < 1:
        what = "Invalid `test_split` argument."
        raise ValueError(report(what, expected="between 0 and 1 (exclusive of 1)", got=test_split))


def coded(lists, labels, *, num_words, skip_top, maxlen, start_char, oov_char, index_from):
    """Word numbers raised by `index_from`, after `start_char`, the rare and the frequent ones as `oov_char`.

    Returns:
        The lists, their labels, and which of the given lists were kept: those shorter than `maxlen`.
    """
    lengths = np.fromiter(map(len, lists), "int64", len(lists))
    words = np.fromiter(chain.from_iterable(lists), "int64", lengths.sum()) + (index_from or 0)
    if start_char is not None:
        words = np.insert(words, np.cumsum(lengths) - lengths, start_char)
        lengths = lengths + 1
    kept = lengths < maxlen if maxlen else np.ones(len(lengths), bool)
    words, lengths, labels = words[np.repeat(kept, lengths)], lengths[kept], labels[kept]
    if not len(words):
        what = f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept."
        raise ValueError(report(what, fix="Increase maxlen."))
    known = (skip_top <= words) & (words < (num_words or words.max()))
    if oov_char is not None:
        words = np.where(known, words, oov_char)
    else:
        lengths = np.diff(np.append(0, np.cumsum(known))[np.append(0, np.cumsum(lengths))])
        words = words[known]
    flat, ends = words.tolist(), np.append(0, np.cumsum(lengths)).tolist()
    return [flat[start:end] for start, end in pairwise(ends)], labels, kept


def as_objects(lists: list[list[int]]) -> np.ndarray:
    """The lists in an array; as in Keras, lists of one length give two axes."""
    return np.array(lists, dtype="object")
