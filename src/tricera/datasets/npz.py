"""Reading `.npz` files: named arrays, checked against what a data set promises; nothing in them is executed."""

import ast
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from tricera.datasets.pickled import loads
from tricera.errors import SafetyError

FREE = 1 << 28
RATIO = 100
_DTYPE = re.compile(r"[<>|=]?([biuf][1248]|O)8?")


@dataclass(frozen=True)
class Array:
    """What an array of a data set is: `Array("uint8", ("train", 28, 28))`.

    Args:
        dtype: what integers are converted to; `"float"`: any numbers; `"sequences"`: lists of word numbers.
        axes: sizes, or names of sizes that agree between the arrays of one file.
        below: the smallest integer that is no value.
    """

    dtype: str
    axes: tuple[str | int, ...]
    below: int | None = None


def read_npz(path: Path, arrays: Mapping[str, Array]) -> dict[str, np.ndarray]:
    """The arrays of the file `path` that `arrays` describes.

    Raises:
        SafetyError: the file is made to run code, or declares far more than it stores.
        ValueError: the file is damaged, or an array is missing or not as described.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _spend(archive, path, arrays)
            found = {name: _read_npy(archive, name) for name in arrays}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"the file is damaged ({error})") from error
    sizes: dict[str, int] = {}
    return {name: check(f"array {name!r}", found[name], arrays[name], sizes) for name in arrays}


def check(what: str, array: np.ndarray, spec: Array, sizes: dict[str, int]) -> np.ndarray:
    """`array` in the dtype of `spec`, if it is as described; `sizes` collects the named sizes."""
    shape = tuple(sizes.setdefault(axis, size) if isinstance(axis, str) else axis for axis, size in _axes(spec, array))
    if array.ndim != len(spec.axes) or array.shape != shape:
        raise ValueError(f"{what} has shape {array.shape}, not {_shape(spec, sizes)}")
    if not array.size:
        raise ValueError(f"{what} is empty")
    if spec.dtype == "sequences":
        return _sequences(what, array)
    if spec.dtype == "float":
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise ValueError(f"{what} holds values that are no finite numbers (dtype {array.dtype})")
        return array
    below = spec.below or np.iinfo(spec.dtype).max + 1
    if array.dtype.kind not in "iu" or not 0 <= int(array.min()) <= int(array.max()) < below:
        raise ValueError(f"{what} holds values that are no integers from 0 to {below - 1} (dtype {array.dtype})")
    return array.astype(spec.dtype, copy=False)


def _axes(spec: Array, array: np.ndarray):
    return zip(spec.axes, array.shape, strict=False)


def _shape(spec: Array, sizes: dict[str, int]) -> str:
    return (
        "(" + ", ".join(str(sizes.get(axis, axis)) for axis in spec.axes) + ("," if len(spec.axes) == 1 else "") + ")"
    )


def _sequences(what: str, array: np.ndarray) -> np.ndarray:
    if set(map(type, array)) <= {list} and set(map(type, chain.from_iterable(array))) <= {int}:
        words = np.fromiter(chain.from_iterable(array), "int64")
        if words.size and words.min() >= 0 and words.max() < 1 << 31:
            return array
    raise ValueError(f"{what} does not hold lists of word numbers")


def _spend(archive: zipfile.ZipFile, path: Path, arrays: Mapping[str, Array]) -> None:
    """Check that all arrays are there, and that what they declare is in proportion to what the file stores."""
    members = set(archive.namelist())
    if missing := [name for name in arrays if f"{name}.npy" not in members]:
        raise ValueError(f"array {missing[0]!r} is missing")
    declared = sum(archive.getinfo(f"{name}.npy").file_size for name in arrays)
    if declared > max(FREE, RATIO * path.stat().st_size):
        raise SafetyError(f"its arrays declare {declared:,} bytes, far more than the file stores")


def _read_npy(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    data = archive.read(f"{name}.npy")
    major = data[6] if data[:6] == b"\x93NUMPY" and len(data) > 12 else 0
    if major not in (1, 2, 3):
        raise ValueError(f"array {name!r} is no NumPy file")
    start = 10 if major == 1 else 12
    end = start + int.from_bytes(data[8:start], "little")
    shape, dtype, order = _header(data[start:end], name)
    content = memoryview(data)[end:]
    if dtype.hasobject:
        return _objects(loads(content), shape, name)
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"array {name!r} declares shape {shape}, but stores {len(content):,} bytes")
    return np.frombuffer(content, dtype).reshape(shape, order=order).copy()


def _header(text: bytes, name: str) -> tuple[tuple[int, ...], np.dtype, str]:
    try:
        header = ast.literal_eval(text[:10_000].decode("latin1").strip())
        shape, descr = header["shape"], header["descr"]
        if all(type(size) is int and size >= 0 for size in shape) and _DTYPE.fullmatch(descr):
            return tuple(shape), np.dtype(descr), "F" if header["fortran_order"] else "C"
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        header = text[:80]
    raise ValueError(f"array {name!r} has an unknown header: {header!r}")


def _objects(value: object, shape: tuple[int, ...], name: str) -> np.ndarray:
    if not isinstance(value, np.ndarray) or value.shape != shape:
        raise ValueError(f"array {name!r} does not have the shape that it declares")
    return value
