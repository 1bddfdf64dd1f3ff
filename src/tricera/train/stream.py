"""What `fit` takes, as batches: generators, PyDatasets and other iterables, made ahead in a thread."""

import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.train import checks
from tricera.train.data import Arrays, Batch, class_weighted, is_arrays, to_arrays, unpack


class PyDataset:
    """Base of data sets written in Python: a subclass gives batch `index` in `__getitem__`, their number in `__len__`.

    Args:
        workers: threads that make batches at the same time; their order stays.
        use_multiprocessing: not needed: batches are made in threads, whatever it says.
        max_queue_size: batches made ahead.
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

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


class Stream:
    """Batches that are made as they are needed, a few ahead.

    Args:
        open: makes an iterator over the batches of one epoch, or of all.
        steps: the number of batches of an epoch; None where only the end tells.
        endless: there is one iterator for all epochs: it cannot be opened anew.
        ahead: batches made ahead, in a thread.
    """

    def __init__(self, open: Callable[[Any], Iterator], steps: int | None, endless: bool = False, ahead: int = 4):
        self._open, self.steps, self.endless, self._ahead = open, steps, endless, ahead
        self._iterator: Iterator[Batch] | None = None
        self._peeked: deque[Batch] = deque()

    def example(self) -> Batch:
        """A first batch, for shapes; it is not lost.

        Raises:
            ValueError: the source is empty.
        """
        if not self._peeked:
            try:
                self._peeked.append(next(self._current(False)))
            except StopIteration:
                raise ValueError(
                    report("The generator yields no batch.", expected="at least one batch", got="0 batches")
                ) from None
        return self._peeked[0]

    def _current(self, shuffle: Any) -> Iterator[Batch]:
        if self._iterator is None:
            self._iterator = prefetched(map(_arrays, self._open(shuffle)), self._ahead)
        return self._iterator

    def batches(self, shuffle: Any = False) -> Iterator[Batch]:
        """The batches of one epoch: from where the last one stopped where the source is endless."""
        while self._peeked:
            yield self._peeked.popleft()
        for batch in self._current(shuffle):  # noqa: UP028  not `yield from`: closing this generator must not close that one
            yield batch
        if not self.endless:
            self._iterator = None

    def weighted(self, class_weight: dict[int, float]) -> "Stream":
        """The same batches, each sample counting as much as its class."""

        def open(shuffle: Any) -> Iterator[Any]:
            for x, y, sample_weight in map(unpack, self._open(shuffle)):
                yield x, y, class_weighted(y, sample_weight, class_weight)

        return Stream(open, self.steps, self.endless, self._ahead)

    def close(self) -> None:
        """Stop the thread; the next epoch begins anew where it can."""
        if self._iterator is not None:
            self._iterator.close()  # type: ignore[attr-defined]
        self._iterator = None
        self._peeked.clear()


def _arrays(data: Any) -> Batch:
    x, y, sample_weight = unpack(data)
    return to_arrays(x, "x"), to_arrays(y, "y"), to_arrays(sample_weight, "sample_weight")


def from_dataset(dataset: PyDataset) -> Stream:
    """The batches of a PyDataset, opened anew each epoch."""
    steps = dataset.num_batches

    def open(shuffle: Any) -> Iterator[Any]:
        order: Iterable[int] = itertools.count() if steps is None else range(steps)
        if steps is not None and shuffle:
            order = np.random.permutation(steps).tolist()  # noqa: NPY002
        dataset.on_epoch_begin()
        yield from _ordered(dataset.__getitem__, order, max(1, dataset.workers), max(1, dataset.max_queue_size))
        dataset.on_epoch_end()

    return Stream(open, steps, endless=steps is None, ahead=max(1, dataset.max_queue_size))


def from_iterable(source: Any) -> Stream:
    """The batches of any iterable: opened anew each epoch, if it is not an iterator already."""
    once = iter(source) is source
    steps = None
    if not once:
        with contextlib.suppress(TypeError):
            steps = len(source)
    return Stream(lambda shuffle: iter(source), steps, endless=once)


def _ordered(make: Callable[[int], Any], order: Iterable[int], workers: int, ahead: int) -> Iterator[Any]:
    """`make(i)` for each index, by several threads, in order."""
    if workers == 1:
        yield from map(make, order)
        return
    pending: deque[Future] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="tricera-data") as pool:
        try:
            for index in order:
                pending.append(pool.submit(make, index))
                if len(pending) >= max(ahead, workers):
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def prefetched(source: Iterator[Any], ahead: int) -> Iterator[Any]:
    """What `source` yields, drawn by a thread that stays `ahead` items ahead; its errors come through."""
    items: queue.Queue = queue.Queue(ahead)
    stopped = threading.Event()

    def put(kind: str, item: Any = None) -> bool:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                items.put((kind, item), timeout=0.1)
                return True
        return False

    def draw() -> None:
        try:
            for item in source:
                if not put("item", item):
                    return
            put("end")
        except BaseException as error:  # handed to the thread that waits
            put("error", error)

    threading.Thread(target=draw, name="tricera-prefetch", daemon=True).start()
    try:
        while True:
            kind, item = items.get()
            if kind == "end":
                return
            if kind == "error":
                raise item
            yield item
    finally:
        stopped.set()


# ---- what `fit` was given


def source_of(x: Any, y: Any, sample_weight: Any, batch_size: int | None, steps: int | None = None) -> Arrays | Stream:
    """The batches of arrays, of a PyDataset, or of any iterable of batches; `steps` of them, if nobody says their size.

    Raises:
        ValueError: `x` is nothing of the kind.
    """
    if is_arrays(x):
        return Arrays(x, y, sample_weight, batch_size, steps)
    checks.check_source(x, y, sample_weight)
    return from_dataset(x) if isinstance(x, PyDataset) else from_iterable(x)


def validation_of(data: Any, batch_size: int | None, steps: int | None) -> Arrays | Stream | None:
    """The batches of `validation_data`: arrays `(x, y[, sample_weight])`, or what `x` of `fit` may be."""
    if data is None or isinstance(data, Arrays | Stream):
        return data
    if isinstance(data, tuple | list) and 2 <= len(data) <= 3 and all(is_arrays(part) or part is None for part in data):
        x, y, sample_weight = unpack(data)
        return Arrays(x, y, sample_weight, batch_size, steps)
    return source_of(data, None, None, batch_size, steps)
