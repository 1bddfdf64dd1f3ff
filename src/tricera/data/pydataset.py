"""Data sets written in Python: a subclass gives its batches by number."""

from typing import Any

from tricera.errors import report


class PyDataset:
    """Base of data sets written in Python: a subclass gives batch `index` in `__getitem__`, their number in `__len__`.

    Args:
        workers: threads or processes that make batches at the same time; their order stays.
        use_multiprocessing: make the batches in processes, each with its own copy of the data set: worth it where
            Python computes for long, not where files are read or NumPy works.
        max_queue_size: batches made ahead.
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10
    endless = False  # True: when all batches were given, the first comes again, for whoever asks for more steps

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch `index`: `(x, y)` or `(x, y, sample_weight)`."""
        raise NotImplementedError(report(f"{type(self).__name__} does not define `__getitem__(self, index)`."))

    def __len__(self) -> int:
        """The number of batches."""
        raise NotImplementedError(report(f"{type(self).__name__} does not define `__len__(self)`."))

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None for an endless data set."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


Sequence = PyDataset
