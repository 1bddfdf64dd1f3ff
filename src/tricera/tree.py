"""Nestings of dicts, lists and tuples: flattened, mapped, compared, packed again. None is a leaf like any other."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tricera import errors
from tricera.errors import report

Path = tuple[Any, ...]


class MAP_TO_NONE:
    """What a function returns to `traverse` for "put None here", as None means "go on"."""


def is_nested(structure: Any) -> bool:
    """Whether it is a dict, a list, a tuple or a deque, of whatever subclass."""
    return isinstance(structure, dict | list | tuple | deque)


def flatten(structure: Any) -> list[Any]:
    """The leaves; those of a dict in the order of its sorted keys, of an OrderedDict in its own."""
    return [leaf for _, leaf in _walk(structure)]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """`(keys and places from the outside in, leaf)` of each leaf."""
    return list(_walk(structure))


def map_structure(func: Callable, *structures: Any, none_is_leaf: bool = True) -> Any:
    """The first nesting with `func(leaf of each)` in place of its leaves.

    Args:
        none_is_leaf: whether `func` is called for None, too; else None stays.

    Raises:
        TypeError: `func` is not callable.
        ValueError: no nesting, or one that differs from the first.
    """
    _require_callable(func)
    if not structures:
        raise ValueError(report("Must provide at least one structure."))
    first, *others = structures
    for other in others:
        assert_same_structure(first, other)

    def mapped(*leaves: Any) -> Any:
        return None if not none_is_leaf and leaves[0] is None else func(*leaves)

    return _map(mapped, first, *others)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """`map_structure` by the leaves of `shallow_structure`: what the others hold below them is one value.

    Raises:
        ValueError: no nesting, or one without the places of `shallow_structure`.
    """
    _require_callable(func)
    if not structures:
        raise ValueError(report("Must provide at least one structure."))
    for structure in structures:
        _check_same(shallow_structure, structure, up_to=True)
    return _map(lambda _, *values: func(*values), shallow_structure, *structures)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """`map_structure` where a tuple or list of sizes (integers and None) is a leaf, too.

    Raises:
        TypeError: `func` is not callable.
    """
    _require_callable(func)

    def mapped(x: Any) -> Any:
        if is_nested(x) and not _is_shape(x):
            return None
        found = func(x)
        return MAP_TO_NONE if found is None else found

    return traverse(mapped, structure)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """The nesting with the values of `flat_sequence` as its leaves: the inverse of `flatten`.

    Raises:
        TypeError: `flat_sequence` is not iterable.
        ValueError: it has another length.
    """
    if not isinstance(flat_sequence, Iterable):
        raise TypeError(report("`flat_sequence` is not iterable.", expected="a list", got=repr(flat_sequence)))
    values = list(flat_sequence)
    count = len(flatten(structure))
    if len(values) != count:
        raise ValueError(report(f"`flat_sequence` has {len(values)} leaves, the structure {count}."))
    leaves = iter(values)
    return _map(lambda _: next(leaves), structure)


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """The nesting with each of its parts `x`, leaves or not, replaced by `func(x)`, unless that is None.

    Args:
        top_down: whether a part is shown before what it holds; what replaces it is then not looked into.

    Raises:
        TypeError: `func` is not callable.
    """
    _require_callable(func)
    found = func(structure) if top_down or not is_nested(structure) else None
    if found is None and is_nested(structure):
        structure = _rebuilt(structure, [traverse(func, child, top_down) for _, child in _children(structure)])
        found = None if top_down else func(structure)
    return structure if found is None else None if found is MAP_TO_NONE else found


def lists_to_tuples(structure: Any) -> Any:
    """The nesting with tuples for its lists."""
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raise ValueError unless both have the same places, in containers of the same types.

    Args:
        check_types: accepted for Keras' sake.
    """
    _check_same(a, b)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise ValueError unless both have the same places, in containers of whatever type."""
    paths = [{path for path, _ in _walk(structure)} for structure in (a, b)]
    if paths[0] != paths[1]:
        raise ValueError(
            report(
                "`a` and `b` don't have the same paths.",
                expected=f"also {sorted(map(str, paths[0] - paths[1]))}" if paths[0] - paths[1] else None,
                got=f"also {sorted(map(str, paths[1] - paths[0]))}" if paths[1] - paths[0] else None,
            )
        )


# ---- one level


def _children(structure: Any) -> list[tuple[Any, Any]]:
    if not isinstance(structure, dict):
        return list(enumerate(structure))
    return [(key, structure[key]) for key in _keys(structure)]


def _keys(structure: dict) -> list[Any]:
    if isinstance(structure, OrderedDict):
        return list(structure)
    try:
        return sorted(structure)
    except TypeError:  # keys of several types
        return list(structure)


def _rebuilt(structure: Any, values: list[Any]) -> Any:
    """A container like `structure` with these values in the order of its children."""
    if isinstance(structure, dict):
        by_key = dict(zip(_keys(structure), values, strict=True))
        pairs = [(key, by_key[key]) for key in structure]
        return (
            defaultdict(structure.default_factory, pairs)
            if isinstance(structure, defaultdict)
            else type(structure)(pairs)
        )
    return type(structure)(*values) if hasattr(structure, "_fields") else type(structure)(values)


# ---- all levels


def _walk(structure: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not is_nested(structure):
        yield path, structure
        return
    for key, child in _children(structure):
        yield from _walk(child, (*path, key))


def _map(func: Callable, first: Any, *others: Any) -> Any:
    if not is_nested(first):
        return func(first, *others)
    rows = zip(*(_children(structure) for structure in (first, *others)), strict=True)
    return _rebuilt(first, [_map(func, *(child for _, child in row)) for row in rows])


def _check_same(a: Any, b: Any, up_to: bool = False, path: Path = ()) -> None:
    where = f" at {path}" if path else ""
    differ = f"The structures don't have the same nested structure{where}."
    if not is_nested(a):
        if is_nested(b) and not up_to:
            raise ValueError(report(differ, expected="a leaf", got=repr(b)))
        return
    if type(a) is not type(b):
        kind = f"the namedtuple {type(a).__name__}" if hasattr(a, "_fields") else type(a).__name__
        raise ValueError(report(differ, expected=f"an instance of {kind}", got=repr(b)))
    keys = [[key for key, _ in _children(structure)] for structure in (a, b)]
    if keys[0] != keys[1] and set(keys[0]) != set(keys[1]):
        if isinstance(a, dict):
            raise ValueError(report(f"Dictionary key mismatch{where}.", expected=keys[0], got=keys[1]))
        counts = [f"{len(each)} elements" for each in keys]
        raise ValueError(report(f"Arity mismatch{where}.", expected=counts[0], got=counts[1]))
    for key, child in _children(a):
        _check_same(child, b[key], up_to, (*path, key))


def _is_shape(x: Any) -> bool:
    return isinstance(x, list | tuple) and all(isinstance(size, int | None) for size in x)


def _require_callable(func: Any) -> None:
    if not callable(func):
        raise TypeError(report("`func` must be callable.", got=repr(func)))


__getattr__ = errors.missing(__name__, globals())
