"""HDF5 files of arrays: written as Keras 3 writes them; read only after the whole tree was found harmless."""

import functools
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import jax.numpy as jnp
import numpy as np

from tricera.disk import atomic
from tricera.errors import SafetyError, report
from tricera.saving import budget, h5data, h5heap

DEPTH, OBJECTS = 64, 100_000  # how deep groups may stand in each other, and how many things a file may hold
_UNKNOWN_TO_HDF5 = ("bfloat16", "float8_e4m3fn", "float8_e5m2")


def write(path: str | os.PathLike, parts: Iterable[tuple[str, str | None, Mapping[str, Any]]]) -> None:
    """Write parts `(place, name, arrays)`: the arrays stand in the group `place/vars`."""
    import h5py

    with atomic.sink(path) as file, h5py.File(file, "w") as root:
        for place, name, arrays in parts:
            group = root.require_group(f"{place}/vars" if place else "vars")
            if name is not None:
                group.attrs["name"] = name
            for key, array in arrays.items():
                array = np.asarray(array)
                if str(array.dtype) in _UNKNOWN_TO_HDF5:
                    group.create_dataset(key, data=array.view(f"V{array.itemsize}")).attrs["dtype"] = str(array.dtype)
                else:
                    group.create_dataset(key, data=array)


def is_hdf5(path: str | os.PathLike) -> bool:
    """Whether the file begins as HDF5 files do."""
    with open(path, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def opened(path: str | os.PathLike) -> "Reader":
    """The HDF5 file at a path."""
    return Reader(path, os.fspath(path), os.path.getsize(path))


class Reader:
    """An HDF5 file: its arrays and attributes by their paths; a context that closes the file.

    >>> with Reader(path, label, size) as reader:
    ...     names = reader.texts("model_weights", "layer_names")
    ...     kernel = reader.read("model_weights/dense/dense/kernel:0")

    A path is a key of the listing that was made when the file was opened: HDF5 itself follows none.

    Args:
        file: a path or an open file.
        label: what messages call it.
        size: its number of bytes.

    Raises:
        SafetyError: the tree has links, data that stand elsewhere, filters that HDF5 would have to load,
            or declares far more than it stores.
        ValueError: it is no HDF5 file, or it is damaged.
    """

    def __init__(self, file: str | os.PathLike | IO[bytes], label: str, size: int):
        import h5py

        self.label, self._size = label, size
        self._own = open(file, "rb", buffering=0) if isinstance(file, str | os.PathLike) else None  # noqa: SIM115
        self._bytes: Any = self._own or file
        self._groups: dict[str, Any] = {}
        self._arrays: dict[str, Any] = {}
        self._chunks: dict[str, list[h5data.Chunk]] = {}
        try:
            with self._understood("it is not an HDF5 file, or it is damaged"):
                self._file = h5py.File(self._bytes, "r")
            with self._understood("it is damaged"):
                self._list(self._file, "", 0, set())
                self._weigh()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if "_texts" in vars(self):
            self._texts[0].close()
        if hasattr(self, "_file"):
            self._file.close()
        if self._own is not None:
            self._own.close()

    # ---- what there is

    @property
    def paths(self) -> list[str]:
        """The paths of all arrays."""
        return list(self._arrays)

    @property
    def groups(self) -> list[str]:
        """The paths of all groups; that of the root is empty."""
        return list(self._groups)

    def names(self, path: str = "") -> list[str]:
        """The names of what stands in a group."""
        prefix = f"{path}/" if path else ""
        inside = (each.removeprefix(prefix) for each in (*self._groups, *self._arrays) if each.startswith(prefix))
        return [name for name in inside if name and "/" not in name]

    @property
    def attributes(self) -> "Attributes":
        """The attributes of the root."""
        return self.attributes_of("")

    def attributes_of(self, path: str) -> "Attributes":
        """The attributes of a group or an array."""
        return Attributes(self, path, self._groups[path] if path in self._groups else self._found(path))

    def texts(self, path: str, name: str) -> list[str]:
        """The texts of an attribute; Keras 2 divides a long list into `name0`, `name1`, and so on."""
        attributes = self.attributes_of(path)
        parts = [name] if name in attributes else [f"{name}{i}" for i in range(len(attributes))]
        values = [attributes[part] for part in parts if part in attributes]
        return [str(text) for value in values for text in ([value] if isinstance(value, str) else value)]

    @property
    def count(self) -> int:
        """The number of arrays."""
        return len(self._arrays)

    @property
    def elements(self) -> int:
        """The number of elements of all arrays."""
        return sum(math.prod(data.shape) for data in self._arrays.values())

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._found(path).shape

    def dtype(self, path: str) -> str:
        """The name of an array's dtype."""
        data = self._found(path)
        return self._noted(path) if data.dtype.kind == "V" else data.dtype.newbyteorder("=").name

    def read(self, path: str) -> np.ndarray:
        """The array at a path; a new one, that nobody else holds."""
        data = self._found(path)
        with self._understood(f"{path!r} cannot be read"):
            array = self._numbers(data, path)
            if data.dtype.kind == "V":
                return array.view(jnp.dtype(self._noted(path)))
            return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))

    def store(self, path: str) -> "Store":
        """The arrays that stand in `path/vars`."""
        prefix = f"{path}/vars/" if path else "vars/"
        return Store(self, prefix, [each.removeprefix(prefix) for each in self._arrays if each.startswith(prefix)])

    def text(self, path: str, name: str) -> Any:
        """An attribute of texts of any length."""
        file, _ = self._texts
        return file[path or "/"].attrs[name]

    @property
    def longest_text(self) -> int:
        """The bytes of the longest text of any length."""
        return self._texts[1]

    @functools.cached_property
    def _texts(self) -> tuple[Any, int]:
        """The file without its arrays, and the bytes of its longest text: HDF5 follows no pointer to a text before all
        are found to be in order."""
        import h5py

        if self._file.userblock_size:
            raise h5data.Damaged("its texts have a form that is not read")
        chunks = [(chunk.start, chunk.size) for chunks in self._chunks.values() for chunk in chunks]
        whole = [(d.id.get_offset(), d.id.get_storage_size()) for d in self._arrays.values() if not d.chunks]
        rest = h5heap.Outside(self._bytes, self._size, [*chunks, *(each for each in whole if each[0] is not None)])
        size = h5heap.longest(rest)
        return h5py.File(rest, "r"), size

    def _found(self, path: str) -> Any:
        if path not in self._arrays:
            raise ValueError(report(f"{self.label} has no array {path!r}."))
        return self._arrays[path]

    def _numbers(self, data: Any, path: str) -> np.ndarray:
        import h5py

        plan, start = data.id.get_create_plist(), data.id.get_offset()
        if data.dtype.kind not in "biufcV":
            raise h5data.Damaged(f"it holds no numbers ({data.dtype})")
        plain = data.id.get_type() == h5py.h5t.py_create(data.dtype) and not self._file.userblock_size
        if plain and path in self._chunks:
            return h5data.read_chunked(self._bytes, data, self._chunks[path])
        if plain and plan.get_layout() == h5py.h5d.CONTIGUOUS and start is not None:
            return h5data.read_contiguous(self._bytes, start, data.shape, data.dtype)
        if plan.get_nfilters():
            raise h5data.Damaged("its numbers have a form that is not read")
        return np.asarray(data[()])

    # ---- what is refused

    @contextmanager
    def _understood(self, what: str) -> Iterator[None]:
        """Whatever HDF5 says about a file that it cannot read, as a ValueError."""
        try:
            yield
        except (SafetyError, MemoryError):
            raise
        except Exception as error:
            raise ValueError(report(f"{self.label}: {what}: {error}.")) from None

    def _list(self, group: Any, path: str, depth: int, above: set[int]) -> None:
        import h5py

        address = h5py.h5o.get_info(group.id).addr
        if depth > DEPTH or address in above:
            raise self._refusal(path or "/", "leads back to a group above it, or is nested too deeply")
        above.add(address)
        self._groups[path] = group
        links = group.id.links
        for name in group:
            inner = f"{path}/{name}" if path else name
            if "/" in name or len(self._groups) + len(self._arrays) > OBJECTS:
                raise self._refusal(inner, "has a name that is a path, or is one thing too many")
            kind = links.get_info(name.encode("utf-8", "surrogateescape")).type
            if kind != h5py.h5l.TYPE_HARD:
                known = {h5py.h5l.TYPE_SOFT: "SoftLink", h5py.h5l.TYPE_EXTERNAL: "ExternalLink"}
                raise self._refusal(inner, f"is a link to elsewhere ({known.get(kind, 'of a user-defined kind')})")
            thing = group[name]
            if isinstance(thing, h5py.Group):
                self._list(thing, inner, depth + 1, above)
            else:
                self._check(thing, inner)
                self._arrays[inner] = thing

    def _check(self, data: Any, path: str) -> None:
        import h5py

        if not isinstance(data, h5py.Dataset):
            raise self._refusal(path, "is neither a group nor an array")
        plan = data.id.get_create_plist()
        if data.is_virtual:
            raise self._refusal(path, "is a virtual dataset: its values stand elsewhere")
        if plan.get_external_count():
            raise self._refusal(path, "has external storage: its values stand in another file")
        if h5py.check_ref_dtype(data.dtype) or data.dtype.names:
            raise self._refusal(path, f"holds no numbers ({data.dtype})")
        if any(plan.get_filter(i)[0] not in h5data.FILTERS for i in range(plan.get_nfilters())):
            raise self._refusal(path, "needs a filter that is not part of HDF5")

    def _weigh(self) -> None:
        """Compare what the arrays declare with what is stored, and that with the size of the file."""
        left, stored = budget.allowed(self._size), self._size
        for path, data in self._arrays.items():
            if data.shape is None:
                raise self._refusal(path, "is an array without values")
            size = math.prod(data.shape) * data.dtype.itemsize
            if data.chunks:
                chunks = self._listed_chunks(path, data)
                size, taken = max(size, math.prod(data.chunks) * data.dtype.itemsize), sum(c.size for c in chunks)
                start = 0
            else:
                start = data.id.get_offset()
                taken, start = (0, 0) if start is None else (size, start)
            left, stored = left - size, stored - taken
            if left < 0:
                raise self._refusal(path, f"makes the file declare far more than the {self._size} bytes that it stores")
            if stored < 0 or start + taken > self._size:
                raise self._refusal(path, f"takes more than the {self._size} bytes of the file")

        for path, data in self._arrays.items():
            if data.dtype.kind == "V" and self._noted(path) not in _UNKNOWN_TO_HDF5:
                raise self._refusal(path, f"holds no numbers ({data.dtype})")

    def _noted(self, path: str) -> str:
        """The dtype that Keras noted for bytes that HDF5 has no name for."""
        return str(self.attributes_of(path).get("dtype", ""))

    def _listed_chunks(self, path: str, data: Any) -> list[h5data.Chunk]:
        found = self._chunks[path] = []
        data.id.chunk_iter(lambda c: found.append(h5data.Chunk(c.chunk_offset, c.filter_mask, c.byte_offset, c.size)))
        for chunk in found:
            inside = all(
                at % size == 0 and at < end for at, size, end in zip(chunk.corner, data.chunks, data.shape, strict=True)
            )
            if chunk.start + chunk.size > self._size or not inside:
                raise self._refusal(path, "has a chunk that stands elsewhere")
        return found

    def _refusal(self, path: str, why: str) -> SafetyError:
        return SafetyError(report(f"{self.label}: {path!r} {why}: the file is not read."))


class Attributes(Mapping):
    """The attributes of one group or array: texts as `str`, several as a list of them, numbers as NumPy has them."""

    def __init__(self, reader: Reader, path: str, owner: Any):
        self._reader, self._path, self._attrs = reader, path, owner.attrs

    def __getitem__(self, name: str) -> Any:
        import h5py

        if name not in self:
            raise KeyError(name)
        with self._reader._understood(f"an attribute of {self._path or '/'!r} cannot be read"):
            found = self._attrs.get_id(name)
            texts = isinstance(found.get_type(), h5py.h5t.TypeStringID)
            if not texts and found.dtype.kind not in "biufc":
                raise self._refusal(name, "is neither text nor number")
            shared = texts and found.get_type().is_variable_str()  # each may be the same long text of the file's heap
            size = self._reader.longest_text if shared else found.dtype.itemsize
            if math.prod(found.shape or ()) * size > budget.allowed(self._reader._size):
                raise self._refusal(name, "declares far more than the file stores")
            value = self._reader.text(self._path, name) if shared else self._attrs[name]
        return _texts(value) if texts else value

    def _refusal(self, name: str, why: str) -> SafetyError:
        return self._reader._refusal(f"{self._path}@{name}", why)

    def __contains__(self, name: object) -> bool:
        return name in self._attrs

    def __iter__(self) -> Iterator[str]:
        return iter(self._attrs)

    def __len__(self) -> int:
        return len(self._attrs)


def _texts(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_texts(each) for each in value.ravel()]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class Store(Mapping):
    """The arrays of one part, read when they are asked for."""

    def __init__(self, reader: Reader, prefix: str, names: list[str]):
        self._reader, self.prefix, self._names = reader, prefix, names

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(f"{self.prefix}{name}")
        return self._reader.read(f"{self.prefix}{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._reader.shape(f"{self.prefix}{name}")

    def size(self, name: str) -> int:
        """The number of bytes of an array."""
        place = f"{self.prefix}{name}"
        return math.prod(self._reader.shape(place)) * jnp.dtype(self._reader.dtype(place)).itemsize
