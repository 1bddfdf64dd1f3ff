"""How elements flow through the steps of a data set: one generator each, which closes what it reads from."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from jax import tree_util

from tricera.data import element
from tricera.data.ahead import elements, opened

Elements = Iterator[Any]


def noted(function: Callable, what: str) -> Callable[[tuple[int, Any]], Any]:
    """`function` of a numbered element (a tuple as its arguments); an error says which element it was made of."""

    def call(numbered: tuple[int, Any]) -> Any:
        index, given = numbered
        try:
            return function(*given) if isinstance(given, tuple) else function(given)
        except Exception as error:
            error.add_note(f"  in:       Dataset.{what}, element {index}: {element.describe(given)}")
            raise

    return call


def named(function: Callable) -> str:
    """The name of a function and where it stands."""
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{name} at {code.co_filename}:{code.co_firstlineno}" if code else name


def kept(source: Iterable, predicate: Callable) -> Elements:
    """The elements for which the predicate holds."""
    holds = noted(predicate, f"filter({named(predicate)})")
    with opened(source) as items:
        for numbered in enumerate(items):
            if np.all(holds(numbered)):
                yield numbered[1]


def shuffled(source: Iterable, buffer: int, rng: np.random.Generator) -> Elements:
    """Elements drawn from a buffer that is filled up again with each draw."""
    with opened(source) as items:
        held = list(itertools.islice(items, buffer))
        draws: Iterator[int] = iter(())
        for item in items:
            place = next(draws, None)
            if place is None:
                draws = iter(rng.integers(len(held), size=1024).tolist())
                place = next(draws)
            yield held[place]
            held[place] = item
    for place in rng.permutation(len(held)):
        yield held[place]


def batched(source: Iterable, size: int, drop_remainder: bool, join: Callable[[list], Any]) -> Elements:
    """`size` elements at a time, joined."""
    with opened(source) as items:
        while len(chunk := list(itertools.islice(items, size))) == size or (chunk and not drop_remainder):
            yield join(chunk)


def unbatched(source: Iterable) -> Elements:
    """The rows of each element."""
    with opened(source) as items:
        for batch in items:
            for i in range(len(tree_util.tree_leaves(batch)[0])):
                yield element.row(batch, i)


def part(source: Iterable, start: int, stop: int | None, step: int = 1) -> Elements:
    """`source[start:stop:step]`."""
    with opened(source) as items:
        yield from itertools.islice(items, start, stop, step)


def repeated(source: Iterable, count: int) -> Elements:
    """All elements `count` times, for ever where it is negative; none of an empty source."""
    for _ in itertools.count() if count < 0 else range(count):
        empty = True
        with opened(source) as items:
            for item in items:
                empty = False
                yield item
        if empty:
            return


def zipped(structure: Any, sources: list[Iterable]) -> Elements:
    """One element of each source, in the structure of them; until the shortest ends."""
    iterators = [elements(source) for source in sources]
    try:
        for items in zip(*iterators, strict=False):
            yield tree_util.tree_unflatten(structure, items)
    finally:
        for iterator in iterators:
            iterator.close()  # type: ignore[attr-defined]


def flattened(source: Iterable, make: Callable[[tuple[int, Any]], Iterable]) -> Elements:
    """The elements of what is made of each element."""
    with opened(source) as items:
        for numbered in enumerate(items):
            with opened(make(numbered)) as inner:
                yield from inner


def interleaved(source: Iterable, make: Callable[[tuple[int, Any]], Iterable], cycle: int, block: int) -> Elements:
    """The same, `block` elements of each of `cycle` in turn; one that ends makes room for the next."""
    with opened(source) as items:
        numbered = enumerate(items)
        turns: deque[Iterator] = deque(elements(make(each)) for each in itertools.islice(numbered, cycle))
        while turns:
            inner = turns.popleft()
            given = list(itertools.islice(inner, block))
            yield from given
            if len(given) == block:
                turns.append(inner)
            else:
                turns.extend(elements(make(each)) for each in itertools.islice(numbered, 1))


def windows(source: Iterable, size: int, shift: int, stride: int, drop_remainder: bool) -> Iterator[list[Any]]:
    """`size` elements, each `stride` after the last; the next window begins `shift` elements later."""
    reach = (size - 1) * stride + 1
    with opened(source) as items:
        held = list(itertools.islice(items, reach))
        while held:
            if len(held) < reach and drop_remainder:
                return
            yield held[:reach:stride]
            over = shift - len(held)
            held = held[shift:]
            if over > 0:
                held = list(itertools.islice(items, over, over + reach))
            else:
                held += itertools.islice(items, reach - len(held))
