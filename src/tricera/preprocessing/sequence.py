"""Sequences: padded to one length, as pairs of words that stand near each other, as windows of a time series."""

import json
import random
from typing import Any

import numpy as np

from tricera.data.pydataset import PyDataset
from tricera.errors import report
from tricera.utils.sequences import pad_sequences as pad_sequences


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probability to keep the word of each rank: `min(1, sqrt(sampling_factor / frequency))`.

    Frequencies are Zipf's: `1 / (rank * (log(rank) + 0.577) + 1/2 - 1/(12 rank))`.

    Reference: Mikolov et al., 2013, arXiv:1310.4546.
    """
    rank = np.maximum(np.arange(size), 1)
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    scaled = sampling_factor * inverse
    return np.minimum(1.0, scaled / np.sqrt(scaled))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words near each other, labelled 1, and pairs with random words, labelled 0: `(pairs, labels)`.

    Args:
        sequence: numbers of words; 0 is none.
        window_size: how far apart the words of a pair may be.
        negative_samples: random pairs for each real one.
        categorical: labels `[0, 1]` and `[1, 0]`.
        sampling_table: the probability to keep a word, by its number.
        seed: of the order; the random words come from Python's `random`.

    Reference: Mikolov et al., 2013, arXiv:1301.3781.
    """
    pairs: list[list[int]] = []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        pairs += [[word, sequence[j]] for j in near if j != i and sequence[j]]
    yes, no = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [yes] * len(pairs)
    if negative_samples > 0 and pairs:
        words = [word for word, _ in pairs]
        count = int(len(labels) * negative_samples)
        random.shuffle(words)
        pairs += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [no] * count
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for each in (pairs, labels):
            random.seed(seed)
            random.shuffle(each)
    return pairs, labels


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a time series, each with the target that stands just behind it.

    Shapes: `x (batch, length / sampling_rate, ...)`, `y (batch, ...)`.

    Args:
        data: the series, in order of time.
        targets: one for each step of it.
        length: steps of a window.
        sampling_rate: steps from one value of a window to the next.
        stride: steps from one window to the next.
        start_index: where the first window begins; `end_index` is the last target.
        shuffle: windows drawn at random.
        reverse: the latest value first.
        batch_size: windows in a batch.

    Raises:
        ValueError: data and targets differ in length, or no window fits in.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ):
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                report(
                    "Data and targets have to be of same length.",
                    got=f"Data length is {len(data)} while target length is {len(targets)}",
                )
            )
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride, self.batch_size = sampling_rate, stride, batch_size
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ValueError(
                report(
                    f"`start_index+length={self.start_index} > end_index={self.end_index}` is disallowed, as no part "
                    "of the sequence would be left to be used as current step.",
                    fix="give a longer series, or a shorter `length`.",
                )
            )

    def __len__(self) -> int:
        reach = self.batch_size * self.stride
        return (self.end_index - self.start_index + reach) // reach

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)  # noqa: NPY002
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        steps = np.arange(-self.length, 0, self.sampling_rate)
        if self.reverse:
            steps = steps[::-1]
        return np.asarray(self.data)[rows[:, None] + steps], np.asarray(self.targets)[rows]

    def get_config(self) -> dict[str, Any]:
        """The arguments; data and targets as JSON.

        Raises:
            TypeError: the data are not numbers.
        """
        plain = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        series = {name: _json(getattr(self, name), name) for name in ("data", "targets")}
        return series | {name: getattr(self, name) for name in plain}

    def to_json(self, **kwargs: Any) -> str:
        """All of it as JSON, for `timeseries_generator_from_json`.

        Args:
            kwargs: of `json.dumps`.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def _json(series: Any, name: str) -> str:
    try:
        return json.dumps(np.asarray(series).tolist())
    except TypeError as error:
        raise TypeError(report(f"`{name}` cannot be written as JSON.", got=str(error))) from error


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """The generator that `to_json` wrote."""
    config = dict(json.loads(json_string)["config"])
    # What is stored is where the first target stands.
    config["start_index"] -= config["length"]
    return TimeseriesGenerator(json.loads(config.pop("data")), json.loads(config.pop("targets")), **config)
