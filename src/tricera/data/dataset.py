"""Data sets that can be read again and again, made of steps: `from_tensor_slices(...).shuffle(...).batch(...)`."""

import glob
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from jax import tree_util

from tricera.data import ahead, element, flow
from tricera.errors import report

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2
_AHEAD = 4

# What `legacy` adds to: each makes of an element what whoever iterates by hand is to see.
shown: list[Callable[[Any], Any]] = []


class Dataset:
    """Elements in order, as often as they are asked for: `for element in dataset`, or `model.fit(dataset)`.

    An element is a nesting of tuples and dicts of NumPy arrays, numbers and texts. Each method gives a new data
    set, and nothing is computed before somebody reads it. Methods and arguments are named as in `tf.data`.

    Args:
        open: makes an iterator over the elements, a new one for each pass.
        cardinality: the number of elements, `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY`.
        spec: makes the `element_spec`; by default it is what a first element looks like.

    Attributes:
        batch_size: where `batch` made it, its argument.
        class_names, file_paths: where it was made from a folder, the classes and the files.

    >>> dataset = Dataset.from_tensor_slices([1, 2, 3, 4, 5]).map(lambda x: x * x).batch(2)
    >>> [batch.tolist() for batch in dataset]
    [[1, 4], [9, 16], [25]]
    """

    batch_size: int | None = None
    class_names: list[str] | None = None
    file_paths: list[str] | None = None

    def __init__(
        self,
        open: Callable[[], Iterator[Any]],
        cardinality: int = UNKNOWN_CARDINALITY,
        spec: Callable[[], Any] | None = None,
    ):
        self._open, self._cardinality, self._spec = open, cardinality, spec

    # ---- sources

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> "Dataset":
        """One element."""
        tensors = element.standard(tensors)
        return Dataset(lambda: (each for each in (tensors,)), 1, lambda: element.spec_of(tensors))

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> "Dataset":
        """The rows of arrays, of a nesting of arrays of one length.

        Raises:
            ValueError: the arrays differ in length, or one has no rows.
        """
        arrays = element.standard(tensors)
        return Rows(arrays, Dataset.range(element.length(arrays)))

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple = (),
        output_signature: Any = None,
        name: str | None = None,
    ) -> "Dataset":
        """What `generator(*args)` yields, called anew for each pass.

        Args:
            output_types: dtypes that leaves are cast to; `output_signature` says the same by `Spec`s.
        """
        types = output_types if output_signature is None else element.dtypes(output_signature)

        def open() -> Iterator[Any]:
            with ahead.opened(generator(*args)) as items:
                for item in items:
                    yield element.standard(item) if types is None else element.cast(item, types)

        return Dataset(open, spec=None if output_signature is None else lambda: output_signature)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: str | None = None) -> "Dataset":
        """The numbers of `range(*args)`."""
        numbers = range(*args)
        as_type = np.dtype(output_type).type
        return Dataset(
            lambda: (as_type(i) for i in numbers), len(numbers), lambda: element.Spec((), np.dtype(output_type).name)
        )

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> "Dataset":
        """The paths that match a pattern or one of several; in a new order each time, unless `shuffle` is False.

        Raises:
            ValueError: nothing matches.
        """
        patterns = [file_pattern] if isinstance(file_pattern, str | os.PathLike) else file_pattern
        paths = sorted(itertools.chain.from_iterable(glob.glob(os.fspath(pattern)) for pattern in patterns))
        if not paths:
            raise ValueError(report("No files matched the pattern.", got=repr(file_pattern)))
        files = Dataset.from_tensor_slices(np.array(paths, object))
        return files if shuffle is False else files.shuffle(len(paths), seed)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> "Dataset":
        """One element of each data set in a nesting of them, as an element; as many as the shortest has."""
        nested = datasets if datasets is not None else args[0] if len(args) == 1 else tuple(args)
        sources, structure = tree_util.tree_flatten(nested)
        finite = [source.cardinality() for source in sources if source.cardinality() != INFINITE_CARDINALITY]
        return Dataset(
            lambda: flow.zipped(structure, sources),
            min(finite, default=INFINITE_CARDINALITY),
            lambda: tree_util.tree_unflatten(structure, [source.element_spec for source in sources]),
        )

    # ---- what it is

    def __iter__(self) -> Iterator[Any]:
        items = self._open()
        for show in shown:
            items = map(show, items)
        return items

    def as_numpy_iterator(self) -> Iterator[Any]:
        """An iterator over the elements, which are NumPy's already."""
        return self._open()

    def cardinality(self) -> int:
        """The number of elements, or `INFINITE_CARDINALITY` (-1), or `UNKNOWN_CARDINALITY` (-2)."""
        return self._cardinality

    def __len__(self) -> int:
        if self._cardinality < 0:
            what = "infinite" if self._cardinality == INFINITE_CARDINALITY else "unknown"
            raise TypeError(
                report(
                    f"The dataset length is {what}.",
                    fix="`cardinality()` says so by a negative number; `sum(1 for _ in dataset)` counts.",
                )
            )
        return self._cardinality

    def __bool__(self) -> bool:
        return True  # without it, `if dataset:` would ask for the length

    @property
    def element_spec(self) -> Any:
        """The `Spec` of each leaf of an element; reads a first element where no rule tells."""
        if self._spec is None:
            with ahead.opened(self) as items:
                first = next(items, None)
            found = element.spec_of(first)
            self._spec = lambda: found
        return self._spec()

    def __repr__(self) -> str:
        known = {INFINITE_CARDINALITY: "endless", UNKNOWN_CARDINALITY: "of unknown length"}
        return f"<Dataset {known.get(self._cardinality, f'of {self._cardinality} elements')}>"

    def _then(self, open: Callable[[], Iterator[Any]], cardinality: int | None = None, spec: Any = "same") -> "Dataset":
        """A data set that reads this one."""
        same = spec == "same"
        made = Dataset(
            open,
            self._cardinality if cardinality is None else cardinality,
            (lambda: self.element_spec) if same else spec,
        )
        made.batch_size = self.batch_size if same else None
        return made

    def _chosen(self, choose: Callable[["Dataset"], "Dataset"]) -> "Dataset":
        """The data set of chosen elements, in any order and number, unchanged."""
        return choose(self)

    # ---- the same elements, others or fewer of them, in another order

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = True,
        name: str | None = None,
    ) -> "Dataset":
        """Elements drawn at random from the next `buffer_size` ones; a new order for each pass.

        Args:
            seed: fixes the orders of all passes; without it NumPy's global generator says it, now.
            reshuffle_each_iteration: False for the same order in each pass.
        """
        _check_count(buffer_size, "buffer_size")
        seed = int(np.random.randint(1 << 31)) if seed is None else int(seed)  # noqa: NPY002
        passes = itertools.count()

        def choose(source: Dataset) -> Dataset:
            buffer = len(source) if buffer_size < 0 else buffer_size

            def open() -> Iterator[Any]:
                number = next(passes) if reshuffle_each_iteration is not False else 0
                yield from flow.shuffled(source, buffer, np.random.default_rng((seed % (1 << 63), number)))

            return source._then(open)

        return self._chosen(choose)

    def take(self, count: int, name: str | None = None) -> "Dataset":
        """The first `count` elements; all where it is -1."""
        stop = None if count < 0 else count
        return self._chosen(lambda d: d._then(lambda: flow.part(d, 0, stop), _taken(d._cardinality, count)))

    def skip(self, count: int, name: str | None = None) -> "Dataset":
        """All but the first `count` elements; none where it is -1."""
        if count < 0:
            return self.take(0)
        left = self._cardinality if self._cardinality < 0 else max(0, self._cardinality - count)
        return self._chosen(lambda d: d._then(lambda: flow.part(d, count, None), left))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> "Dataset":
        """Every `num_shards`-th element, beginning with `index`."""
        n = self._cardinality if self._cardinality < 0 else len(range(index, self._cardinality, num_shards))
        return self._chosen(lambda d: d._then(lambda: flow.part(d, index, None, num_shards), n))

    def repeat(self, count: int | None = None, name: str | None = None) -> "Dataset":
        """All elements `count` times; without end where it is None or -1."""
        count = -1 if count is None else count
        n = self._cardinality
        many = n if n == 0 or (n == UNKNOWN_CARDINALITY and count >= 0) else n * count if n > 0 <= count else -1
        return self._chosen(lambda d: d._then(lambda: flow.repeated(d, count), 0 if count == 0 else many))

    def filter(self, predicate: Callable, name: str | None = None) -> "Dataset":
        """The elements for which `predicate(*element)` holds."""
        return self._then(lambda: flow.kept(self, predicate), UNKNOWN_CARDINALITY)

    def take_while(self, predicate: Callable, name: str | None = None) -> "Dataset":
        """The elements up to the first for which `predicate(*element)` does not hold."""

        def open() -> Iterator[Any]:
            holds = flow.noted(predicate, f"take_while({flow.named(predicate)})")
            with ahead.opened(self) as items:
                yield from (item for _, item in itertools.takewhile(lambda n: np.all(holds(n)), enumerate(items)))

        return self._then(open, UNKNOWN_CARDINALITY)

    def concatenate(self, dataset: "Dataset", name: str | None = None) -> "Dataset":
        """The elements of this one, then those of the other."""
        sizes = (self._cardinality, dataset.cardinality())
        n = sum(sizes) if min(sizes) >= 0 else INFINITE_CARDINALITY if -1 in sizes else UNKNOWN_CARDINALITY
        return self._then(lambda: flow.flattened(ahead.iter_of((self, dataset)), lambda numbered: numbered[1]), n)

    # ---- other elements

    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "Dataset":
        """`map_func(*element)` for each element, or `map_func(element)` where it is no tuple.

        Args:
            num_parallel_calls: threads that call it at the same time; `AUTOTUNE`: one for each core.
            deterministic: accepted; the order always stays.
        """
        call = flow.noted(map_func, f"map({flow.named(map_func)})")
        workers = _workers(num_parallel_calls)

        def open() -> Iterator[Any]:
            with ahead.opened(self) as items:
                numbered = enumerate(items)
                results = ahead.ordered(call, numbered, workers, 2 * workers) if workers else map(call, numbered)
                with ahead.opened(results) as made:
                    yield from map(element.standard, made)

        return self._then(open, spec=None)

    def enumerate(self, start: int = 0, name: str | None = None) -> "Dataset":
        """`(number, element)`."""
        return Dataset.zip(Dataset(lambda: (np.int64(i) for i in itertools.count(start)), INFINITE_CARDINALITY), self)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "Dataset":
        """`batch_size` elements as one, with a first axis that counts them.

        Args:
            drop_remainder: leave out the last ones where they are fewer.
            num_parallel_calls: accepted; batches are copied faster than threads could share it.
        """
        return self._batched(batch_size, drop_remainder, element.stack)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> "Dataset":
        """The same for elements of different sizes, filled up with `padding_values` to the longest of each batch."""
        join = lambda chunk: element.pad(chunk, padded_shapes, padding_values)  # noqa: E731
        return self._batched(batch_size, drop_remainder, join, spec=None)

    def _batched(self, size: int, drop_remainder: bool, join: Callable[[list], Any], spec: Any = "batch") -> "Dataset":
        _check_count(size, "batch_size")
        n = self._cardinality
        batches = n if n < 0 else n // size if drop_remainder else -(-n // size)
        known = size if drop_remainder else None
        made = self._then(
            lambda: flow.batched(self, size, drop_remainder, join),
            batches,
            (lambda: element.add_axis(self.element_spec, known)) if spec == "batch" else spec,
        )
        made.batch_size = size
        return made

    def unbatch(self, name: str | None = None) -> "Dataset":
        """The rows of each element."""
        spec = lambda: element.row_spec(self.element_spec)  # noqa: E731
        return self._then(lambda: flow.unbatched(self), UNKNOWN_CARDINALITY, spec)

    def flat_map(self, map_func: Callable, name: str | None = None) -> "Dataset":
        """The elements of the data sets `map_func(*element)`, one after the other."""
        make = flow.noted(map_func, f"flat_map({flow.named(map_func)})")
        return self._then(lambda: flow.flattened(self, make), UNKNOWN_CARDINALITY, None)

    def interleave(
        self,
        map_func: Callable,
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "Dataset":
        """The same, taking `block_length` elements of each of `cycle_length` data sets in turn."""
        make = flow.noted(map_func, f"interleave({flow.named(map_func)})")
        cycle = _workers(cycle_length or AUTOTUNE)
        return self._then(lambda: flow.interleaved(self, make, cycle, block_length or 1), UNKNOWN_CARDINALITY, None)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> "Dataset":
        """Data sets of `size` elements, the next one beginning `shift` (by default `size`) elements later."""

        def open() -> Iterator[Any]:
            for chunk in flow.windows(self, size, shift or size, stride, drop_remainder):
                yield tree_util.tree_map(lambda *leaves: _of_list(leaves), *chunk)

        return self._then(open, UNKNOWN_CARDINALITY, None)

    def apply(self, transformation_func: Callable[["Dataset"], "Dataset"]) -> "Dataset":
        """`transformation_func(self)`."""
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable, name: str | None = None) -> Any:
        """The state after `state = reduce_func(state, element)` for each element."""
        state = element.standard(initial_state)
        for item in self:
            state = element.standard(reduce_func(state, item))
        return state

    # ---- when

    def cache(self, filename: str = "", name: str | None = None) -> "Dataset":
        """The same elements, kept in memory once a first pass has reached the end.

        Raises:
            NotImplementedError: a file is named.
        """
        if filename:
            raise NotImplementedError(
                report("`cache` keeps elements in memory.", got=f"filename={filename!r}", fix="leave the name out.")
            )
        kept: list[list[Any]] = []

        def open() -> Iterator[Any]:
            if kept:
                yield from kept[0]
                return
            seen = []
            with ahead.opened(self) as items:
                for item in items:
                    seen.append(item)
                    yield item
            kept[:] = [seen]

        return self._then(open)

    def prefetch(self, buffer_size: int | None = AUTOTUNE, name: str | None = None) -> "Dataset":
        """The same elements, made by a thread that stays `buffer_size` of them ahead."""
        size = _AHEAD if buffer_size is None or buffer_size < 0 else buffer_size
        return self if size == 0 else self._then(lambda: ahead.prefetched(self._open(), size))

    def with_options(self, options: Any, name: str | None = None) -> "Dataset":
        """The same data set: there is nothing to set."""
        return self


class Rows(Dataset):
    """The rows of arrays, in the order of a data set of indices: chosen and batched without touching each row.

    Args:
        arrays: a nesting of arrays of one length.
        indices: a data set of row numbers.
    """

    def __init__(self, arrays: Any, indices: Dataset):
        super().__init__(self._rows, indices.cardinality(), lambda: element.row_spec(element.spec_of(arrays)))
        self._arrays, self._indices = arrays, indices

    def _rows(self) -> Iterator[Any]:
        with ahead.opened(self._indices) as indices:
            for index in indices:
                yield element.row(self._arrays, index)

    def _chosen(self, choose: Callable[[Dataset], Dataset]) -> Dataset:
        return Rows(self._arrays, choose(self._indices))

    def batch(self, batch_size: int, drop_remainder: bool = False, *args: Any, **kwargs: Any) -> Dataset:
        """The same as `Dataset.batch`, by one gather for each array."""
        made = self._indices._batched(batch_size, drop_remainder, np.array)
        spec = element.add_axis(self.element_spec, batch_size if drop_remainder else None)
        gather = lambda indices: element.row(self._arrays, indices)  # noqa: E731
        batches = made._then(lambda: (gather(chunk) for chunk in made), spec=lambda: spec)
        batches.batch_size = batch_size
        return batches


def _of_list(items: Any) -> Dataset:
    return Dataset(lambda: ahead.iter_of(items), len(items), lambda: element.spec_of(items[0]))


def _taken(cardinality: int, count: int) -> int:
    if count < 0 or cardinality == 0:
        return cardinality
    return count if cardinality == INFINITE_CARDINALITY else min(cardinality, count)


def _workers(calls: int | None) -> int:
    """The number of threads; 0 for none beside the one that reads."""
    return 0 if calls is None else (os.cpu_count() or 1) if calls < 0 else calls


def _check_count(value: Any, what: str) -> None:
    if not isinstance(value, int | np.integer) or value == 0 or (value < 0 and what == "batch_size"):
        raise ValueError(report(f"`{what}` is not a size.", expected="a positive integer", got=repr(value)))
