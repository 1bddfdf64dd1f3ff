"""Elements of data sets: a nesting of tuples and dicts with an array, a number or a text at each leaf."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax import tree_util

from tricera import config
from tricera.errors import report


@dataclass(frozen=True)
class Spec:
    """What is known of a leaf before it is there.

    Args:
        shape: its sizes, None where they differ from element to element.
        dtype: NumPy's name of it; `"string"` for text.
    """

    shape: tuple[int | None, ...]
    dtype: str
    name: str | None = None


def over(function: Callable, *elements: Any) -> Any:
    """`function` of the leaves; lists are leaves, as they stand for arrays."""
    return tree_util.tree_map(function, *elements, is_leaf=lambda x: isinstance(x, list))


def leaf(value: Any) -> Any:
    """A NumPy array or number, or a text; Python's numbers become `floatx` and int32."""
    if isinstance(value, np.ndarray | np.generic | str | bytes):
        return value.astype(object) if isinstance(value, np.ndarray) and value.dtype.kind in "US" else value
    if hasattr(value, "detach"):  # torch
        value = value.detach().cpu()
    if hasattr(value, "dtype"):
        return np.asarray(value)
    array = np.asarray(value.to_numpy() if hasattr(value, "to_numpy") else value)
    if array.dtype.kind in "US":
        return array.astype(object)
    if array.dtype == np.float64:
        return array.astype(config.floatx())
    if array.dtype == np.int64 and (not array.size or max(abs(int(array.min())), int(array.max())) < 1 << 31):
        return array.astype("int32")
    return array


def standard(element: Any) -> Any:
    """The element with what `leaf` makes of each leaf."""
    if isinstance(element, np.ndarray):
        return leaf(element)
    return over(leaf, element)


def row(arrays: Any, index: int) -> Any:
    """The element in row `index` of arrays."""
    return tree_util.tree_map(lambda a: a[index], arrays)


def stack(elements: Sequence[Any]) -> Any:
    """Elements as one, with a first axis that counts them.

    Raises:
        ValueError: the elements differ in shape or structure.
    """
    return tree_util.tree_map(lambda *leaves: _stacked(leaves), *elements)


def _stacked(leaves: Sequence[Any]) -> np.ndarray:
    if isinstance(leaves[0], str | bytes):
        return np.array(leaves, object)
    try:
        return np.stack(leaves)
    except ValueError:
        shapes = sorted({np.shape(each) for each in leaves}, key=repr)
        raise ValueError(
            report(
                "Cannot batch elements of different shapes.",
                expected=f"the shape of the first one, {np.shape(leaves[0])}",
                got=", ".join(map(repr, shapes)),
                fix="bring them to one shape by `map`, or pad them by `padded_batch`.",
            )
        ) from None


def pad(elements: Sequence[Any], shapes: Any = None, values: Any = None) -> Any:
    """Elements as one, each leaf filled up with its value to the longest one or to its shape.

    Raises:
        ValueError: an element is longer than its shape.
    """
    leaves = [tree_util.tree_leaves(element) for element in elements]
    structure = tree_util.tree_structure(elements[0])
    wanted = _for_each(shapes, len(leaves[0]), lambda x: isinstance(x, list | tuple) and all(map(_is_size, x)))
    filled = _for_each(values, len(leaves[0]), lambda x: not isinstance(x, tuple | dict))
    columns = zip(zip(*leaves, strict=True), wanted, filled, strict=True)
    return tree_util.tree_unflatten(structure, [_padded(*column) for column in columns])


def _is_size(value: Any) -> bool:
    return value is None or isinstance(value, int | np.integer)


def _for_each(given: Any, count: int, is_leaf: Callable[[Any], bool]) -> list[Any]:
    if given is None:
        return [None] * count
    leaves = tree_util.tree_leaves(given, is_leaf=is_leaf)
    return leaves * count if len(leaves) == 1 else leaves


def _padded(leaves: Sequence[Any], shape: Any, value: Any) -> np.ndarray:
    arrays = [np.asarray(leaf(each)) for each in leaves]
    longest = [max(sizes) for sizes in zip(*(a.shape for a in arrays), strict=True)]
    sizes = [most if size in (None, -1) else size for size, most in zip(shape or longest, longest, strict=True)]
    if any(most > size for most, size in zip(longest, sizes, strict=True)):
        raise ValueError(
            report("An element is longer than its padded shape.", expected=tuple(sizes), got=tuple(longest))
        )
    is_text = arrays[0].dtype == object
    out = np.full((len(arrays), *sizes), ("" if is_text else 0) if value is None else value, arrays[0].dtype)
    for i, array in enumerate(arrays):
        out[(i, *map(slice, array.shape))] = array
    return out


def spec_of(element: Any) -> Any:
    """The `Spec` of each leaf of an element."""
    return over(lambda x: Spec(np.shape(x), _dtype(x)), element)


def _dtype(value: Any) -> str:
    is_text = isinstance(value, str | bytes) or value.dtype == object
    return "string" if is_text else value.dtype.name


def add_axis(spec: Any, size: int | None) -> Any:
    """The spec of batches of `size` elements."""
    return tree_util.tree_map(lambda s: Spec((size, *s.shape), s.dtype), spec)


def row_spec(spec: Any) -> Any:
    """The spec of the rows of batches."""
    return tree_util.tree_map(lambda s: Spec(s.shape[1:], s.dtype), spec)


def length(arrays: Any) -> int:
    """The number of rows of arrays.

    Raises:
        ValueError: they differ in it, or one has no rows.
    """
    shapes = [np.shape(each) for each in tree_util.tree_leaves(arrays)]
    lengths = {shape[0] if shape else None for shape in shapes}
    if len(lengths) != 1 or None in lengths:
        raise ValueError(
            report(
                "`from_tensor_slices` takes arrays of one length.",
                expected="arrays with the same first axis",
                got=", ".join(map(repr, shapes)) or "nothing",
            )
        )
    return lengths.pop() or 0


def dtypes(signature: Any) -> Any:
    """The dtype of each leaf of a nesting of specs."""
    return tree_util.tree_map(lambda s: s.dtype, signature, is_leaf=lambda x: hasattr(x, "dtype"))


def cast(element: Any, types: Any) -> Any:
    """The element with each leaf of the dtype in its place."""
    leaves, structure = tree_util.tree_flatten(types)
    return tree_util.tree_unflatten(structure, map(_as_type, structure.flatten_up_to(element), leaves))


def _as_type(value: Any, dtype: Any) -> Any:
    dtype = getattr(dtype, "name", dtype)
    return leaf(value) if dtype == "string" else np.asarray(value, np.dtype(dtype))


def describe(element: Any) -> str:
    """An element in a line: texts and numbers as they are, arrays by shape and dtype."""
    if isinstance(element, tuple):
        return f"({', '.join(map(describe, element))})"
    if isinstance(element, dict):
        return f"{{{', '.join(f'{name!r}: {describe(value)}' for name, value in element.items())}}}"
    if isinstance(element, np.ndarray) and element.ndim:
        return f"{element.dtype} {element.shape}"
    words = repr(element.item() if isinstance(element, np.generic) else element)
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


_SHOWN = 80
