"""Batches of images without end: order, seeds, and what is written for looking at."""

import threading
from collections.abc import Iterator as Endless
from pathlib import Path
from typing import Any

import numpy as np

from tricera.data import PyDataset
from tricera.errors import report
from tricera.utils.image.files import array_to_img


class Iterator(PyDataset):
    """Batches without end, in a new order each pass; also a list of the batches of a pass.

    A subclass makes the batch of some samples in `_get_batches_of_transformed_samples`.

    Args:
        n: the number of samples.
        seed: of the orders, and of all that is drawn for a batch.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")
    endless = True
    max_queue_size = 3
    # Threads share the work within a batch; batches come one by one, so that a seed means the same whatever is asked.
    workers = property(lambda self: 1, lambda self, value: None)
    use_multiprocessing = property(lambda self: False, lambda self, value: None)
    image_data_generator: Any = None

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None):
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: np.ndarray | None = None
        self.lock = threading.Lock()
        self._random: Any = np.random

    def __len__(self) -> int:
        """The number of batches in a pass."""
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Endless[Any]:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self) -> Any:
        """The next batch; after the last one of a pass, the first one of another."""
        with self.lock:
            random = self._seeded()
            if self.batch_index == 0 or self.index_array is None:
                self._set_index_array()
            samples = self._samples(self.batch_index)
            self.batch_index = (self.batch_index + 1) % max(1, len(self))
        return self._made(samples, random)

    def __getitem__(self, index: int) -> Any:
        """Batch `index` of this pass."""
        if not -len(self) <= index < len(self):
            raise ValueError(report(f"There is no batch {index}.", expected=f"an index below {len(self)}", got=index))
        with self.lock:
            random = self._seeded()
            if self.index_array is None:
                self._set_index_array()
            samples = self._samples(index % len(self))
        return self._made(samples, random)

    def reset(self) -> None:
        """Begin a pass with the next batch."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw another order."""
        self._set_index_array()

    def _samples(self, batch: int) -> np.ndarray:
        self.total_batches_seen += 1
        assert self.index_array is not None
        return self.index_array[batch * self.batch_size : (batch + 1) * self.batch_size]

    def _set_index_array(self) -> None:
        self.index_array = self._random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seeded(self) -> Any:
        """What the next batch draws from."""
        if self.seed is not None:
            seed = self.seed + self.total_batches_seen
            self._random = np.random.RandomState(seed)
            if getattr(self.image_data_generator, "_draws_elsewhere", False):
                np.random.seed(seed)  # noqa: NPY002  the user's own functions draw from there
                self._random = np.random
        return self._random

    def _made(self, samples: np.ndarray, random: Any) -> Any:
        if type(self)._get_batches_of_transformed_samples is Iterator._get_batches_of_transformed_samples:
            return self._batch(samples, random)
        return self._get_batches_of_transformed_samples(samples)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        """The batch of these samples."""
        return self._batch(index_array, self._random)

    def _batch(self, samples: np.ndarray, random: Any) -> Any:
        raise NotImplementedError(
            report(f"{type(self).__name__} does not define `_get_batches_of_transformed_samples(self, index_array)`.")
        )


class Saver:
    """Writes the images of batches into a folder, for looking at.

    Args:
        most: names of files end in a number below it, drawn at random.
    """

    def __init__(self, folder: Any, prefix: str, suffix: str, data_format: str, most: int):
        self.folder, self.prefix, self.suffix, self.data_format, self.most = folder, prefix, suffix, data_format, most

    def save(self, x: np.ndarray, samples: np.ndarray, random: Any) -> None:
        """Write the images of these samples, if there is a folder."""
        if not self.folder:
            return
        for image, sample in zip(x, samples, strict=True):
            name = f"{self.prefix}_{sample}_{random.randint(self.most)}.{self.suffix}"
            picture = array_to_img(image, self.data_format)
            picture.save(Path(self.folder) / name)
