"""What `fit` takes, as batches: generators, data sets and other iterables, made ahead in a thread."""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np

from tricera.data import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, PyDataset
from tricera.data.ahead import elements, opened, ordered, prefetched
from tricera.data.processes import Workers
from tricera.errors import report
from tricera.train import checks
from tricera.train.data import Arrays, Batch, class_weighted, is_arrays, to_arrays, unpack


class Stream:
    """Batches that are made as they are needed, a few ahead, and sent to the device.

    Args:
        open: makes an iterator over the batches of one epoch, or of all.
        steps: the number of batches of an epoch; None where only the end tells.
        endless: there is one iterator for all epochs: it cannot be opened anew, or goes on by itself.
        ahead: batches made ahead, in a thread.
        release: called when nothing is read any more.
        after: ends a pass that was not read to its end.
    """

    def __init__(
        self,
        open: Callable[[], Iterator],
        steps: int | None,
        endless: bool = False,
        ahead: int = 4,
        release: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ):
        self._open, self.steps, self.endless, self._ahead = open, steps, endless, ahead
        self._release, self._after = release, after
        self.check: Callable[[Batch], None] | None = None  # raises for a batch that the model cannot take
        self._iterator: Iterator[tuple[Batch, bool]] | None = None
        self._peeked: deque[Batch] = deque()

    def example(self) -> Batch:
        """A first batch, for shapes; it is not lost.

        Raises:
            ValueError: the source is empty.
        """
        if not self._peeked:
            try:
                self._peeked.append(next(self._current())[0])
            except StopIteration:
                raise ValueError(
                    report("The generator yields no batch.", expected="at least one batch", got="0 batches")
                ) from None
        return self._peeked[0]

    def _current(self) -> Iterator[tuple[Batch, bool]]:
        if self._iterator is None:
            self._iterator = prefetched(self._sent(), self._ahead)
        return self._iterator

    def _sent(self) -> Iterator[tuple[Batch, bool]]:
        """The batches on the device, and whether each is checked: the first are drawn before the model is known."""
        with opened(self._open()) as items:
            for item in items:
                batch, check = _arrays(item), self.check
                if check is not None:
                    check(batch)
                yield jax.device_put(batch), check is not None

    def batches(self, shuffle: Any = False) -> Iterator[Batch]:
        """The batches of one epoch: from where the last one stopped where the source is endless."""
        while self._peeked:
            yield self._peeked.popleft()
        for batch, checked in self._current():
            if self.check is not None and not checked:
                self.check(batch)
            yield batch
        if not self.endless:
            self._iterator = None

    def restart(self) -> None:
        """Let the next batch be the first one again, unless the source goes on by itself."""
        if not self.endless and self._iterator is not None:
            self._iterator.close()  # type: ignore[attr-defined]
            self._iterator = None
            self._after()

    def rewind(self, generator: Any, passes: int) -> None:
        """Begin the pass after so many: those before are opened, as before, but not read to their end."""
        for _ in range(0 if self.endless else passes):
            next(self._current(), None)
            self._iterator.close()  # type: ignore[union-attr]
            self._iterator = None
            self._peeked.clear()
            self._after()

    def weighted(self, class_weight: dict[int, float]) -> "Stream":
        """The same batches, each sample counting as much as its class."""

        def open() -> Iterator[Any]:
            with opened(self._open()) as items:
                for x, y, sample_weight in map(unpack, items):
                    yield x, y, class_weighted(y, sample_weight, class_weight)

        return Stream(open, self.steps, self.endless, self._ahead, self._release, self._after)

    def close(self) -> None:
        """Stop the thread; the next epoch begins anew where it can."""
        if self._iterator is not None:
            self._iterator.close()  # type: ignore[attr-defined]
        self._iterator = None
        self._peeked.clear()
        self._release()


def _arrays(data: Any) -> Batch:
    x, y, sample_weight = unpack(data)
    return to_arrays(x, "x"), to_arrays(y, "y"), to_arrays(sample_weight, "sample_weight")


def from_dataset(dataset: Any, shuffle: Any = False) -> Stream:
    """The batches of a PyDataset, or of what has its methods, opened anew each epoch."""
    steps = dataset.num_batches if isinstance(dataset, PyDataset) else len(dataset)
    endless = steps is None or getattr(dataset, "endless", False)
    workers, ahead = (max(1, getattr(dataset, name, 1) or 1) for name in ("workers", "max_queue_size"))
    make = _Maker(dataset, workers, ahead)

    under_way: list[bool] = []

    def end() -> None:
        if under_way:
            under_way.clear()
            _call(dataset, "on_epoch_end")

    def once() -> Iterator[Any]:
        order: Iterable[int] = itertools.count() if steps is None else range(steps)
        if steps is not None and shuffle:
            order = np.random.permutation(steps).tolist()  # noqa: NPY002
        _call(dataset, "on_epoch_begin")
        under_way.append(True)
        with opened(make(order)) as batches:
            yield from batches
        end()

    def again() -> Iterator[Any]:
        while True:
            yield from once()

    return Stream(again if endless else once, steps, endless, ahead, make.close, end)


class _Maker:
    """Makes the batches of a PyDataset: here, by threads, or by processes, which stay from epoch to epoch."""

    def __init__(self, dataset: Any, workers: int, ahead: int):
        self._dataset, self._workers, self._ahead = dataset, workers, ahead
        self._processes: Workers | None = None

    def __call__(self, order: Iterable[int]) -> Iterator[Any]:
        if getattr(self._dataset, "use_multiprocessing", False):
            return self._by_processes(order)
        if self._workers > 1:
            return ordered(self._dataset.__getitem__, order, self._workers, self._ahead)
        return map(self._dataset.__getitem__, order)

    def _by_processes(self, order: Iterable[int]) -> Iterator[Any]:
        if self._processes is None:
            self._processes = Workers(self._dataset, self._workers)
        elif _changes(self._dataset):
            self._processes.refresh(self._dataset)
        yield from self._processes.batches(order, self._ahead)

    def close(self) -> None:
        """End the processes."""
        if self._processes is not None:
            self._processes.close()
        self._processes = None


def _changes(dataset: Any) -> bool:
    """Whether a data set may be another one in the next epoch."""
    hooks = ("on_epoch_begin", "on_epoch_end")
    return any(getattr(type(dataset), hook, None) is not getattr(PyDataset, hook) for hook in hooks)


def _call(thing: Any, method: str) -> None:
    if hasattr(thing, method):
        getattr(thing, method)()


def from_iterable(source: Any) -> Stream:
    """The batches of any iterable: opened anew each epoch, if it neither is an iterator already nor never ends."""
    once = isinstance(source, Iterator)
    steps = UNKNOWN_CARDINALITY if once else _count(source)
    return Stream(
        lambda: _left_open(source) if once else elements(source),
        steps if steps >= 0 else None,
        once or steps == INFINITE_CARDINALITY,
    )


def _left_open(source: Iterator[Any]) -> Iterator[Any]:
    """The batches of an iterator, which is not closed with this one: its owner may go on with it."""
    for batch in source:  # noqa: UP028
        yield batch


def _count(source: Any) -> int:
    """The number of batches, or what stands for none, as `cardinality()` or `len` tells it."""
    if hasattr(source, "cardinality"):
        return int(source.cardinality())
    with contextlib.suppress(TypeError):
        return len(source)
    return UNKNOWN_CARDINALITY


@contextlib.contextmanager
def closed(*sources: Any) -> Iterator[None]:
    """Close these sources at the end, however it comes: no thread or process goes on."""
    try:
        yield
    finally:
        for source in sources:
            if isinstance(source, Stream):
                source.close()


# ---- what `fit` was given


def source_of(
    x: Any, y: Any, sample_weight: Any, batch_size: int | None, steps: int | None = None, shuffle: Any = False
) -> Arrays | Stream:
    """The batches of arrays, of a PyDataset, or of any iterable of batches; `steps` of them, if nobody says their size.

    Args:
        shuffle: whether the batches of a PyDataset come in another order each epoch.

    Raises:
        ValueError: `x` is nothing of the kind.
    """
    if is_arrays(x):
        return Arrays(x, y, sample_weight, batch_size, steps)
    checks.check_source(x, y, sample_weight)
    by_number = isinstance(x, PyDataset) or (not hasattr(x, "__iter__") and hasattr(x, "__len__"))
    source = from_dataset(x, shuffle) if by_number else from_iterable(x)
    checks.check_end(source, steps, x)
    return source


def validation_of(data: Any, batch_size: int | None, steps: int | None) -> Arrays | Stream | None:
    """The batches of `validation_data`: arrays `(x, y[, sample_weight])`, or what `x` of `fit` may be."""
    if data is None or isinstance(data, Arrays | Stream):
        return data
    if isinstance(data, tuple | list) and 2 <= len(data) <= 3 and all(is_arrays(part) or part is None for part in data):
        x, y, sample_weight = unpack(data)
        return Arrays(x, y, sample_weight, batch_size, steps)
    return source_of(data, None, None, batch_size, steps)
