"""HDF5 files of arrays: written as Keras 3 writes them; read only after the whole tree was found harmless."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

import jax.numpy as jnp
import numpy as np

from tricera.errors import SafetyError, report

FREE = 1 << 26  # bytes that a file may declare, whatever it stores
RATIO = 100  # how many times what the file stores it may declare beyond that
DEPTH = 64
_FILTERS = {1, 2, 3}  # deflate, shuffle, fletcher32: what HDF5 itself has
_UNKNOWN_TO_HDF5 = ("bfloat16", "float8_e4m3fn", "float8_e5m2")


def write(file: str | os.PathLike | IO[bytes], parts: Iterable[tuple[str, str | None, Mapping[str, Any]]]) -> None:
    """Write parts `(path, name, arrays)`: the arrays stand in the group `path/vars`."""
    import h5py

    with h5py.File(file, "w") as root:
        for path, name, arrays in parts:
            group = root.require_group(f"{path}/vars" if path else "vars")
            if name is not None:
                group.attrs["name"] = name
            for key, array in arrays.items():
                array = np.asarray(array)
                if str(array.dtype) in _UNKNOWN_TO_HDF5:
                    group.create_dataset(key, data=array.view(f"V{array.itemsize}")).attrs["dtype"] = str(array.dtype)
                else:
                    group.create_dataset(key, data=array)


class Reader:
    """The arrays of an HDF5 file by their paths; a context that closes the file.

    Raises:
        SafetyError: the tree has links, data that stand elsewhere, filters that HDF5 would have to load,
            or declares far more than it stores.
        ValueError: it is no HDF5 file.
    """

    def __init__(self, file: str | os.PathLike | IO[bytes], label: str, size: int):
        import h5py

        self.label = label
        try:
            self._file = h5py.File(file, "r")
        except OSError as error:
            raise ValueError(report(f"{label} is not an HDF5 file, or it is damaged: {error}.")) from None
        try:
            self._groups: set[int] = set()
            self._arrays = dict(self._listed(self._file, "", 0))
            self._weigh(size)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the root."""
        return self._file.attrs

    @property
    def paths(self) -> list[str]:
        """The paths of all arrays."""
        return list(self._arrays)

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._arrays[path].shape

    def read(self, path: str) -> np.ndarray:
        """The array at a path."""
        data = self._arrays[path]
        array = data[()]
        if data.dtype.kind == "V":
            return np.asarray(array).view(jnp.dtype(_name(data)))
        return np.asarray(array)

    def store(self, path: str) -> "Store":
        """The arrays that stand in `path/vars`."""
        prefix = f"{path}/vars/" if path else "vars/"
        return Store(self, prefix, [each.removeprefix(prefix) for each in self._arrays if each.startswith(prefix)])

    # ---- what is refused

    def _listed(self, group: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
        import h5py

        address = h5py.h5o.get_info(group.id).addr
        if depth > DEPTH or address in self._groups:
            raise self._refusal(prefix or "/", "leads back to a group above it, or is nested too deeply")
        self._groups.add(address)
        for name in group:
            path = f"{prefix}{name}"
            try:
                link = group.get(name, getlink=True)
            except (TypeError, RuntimeError):
                raise self._refusal(path, "is a link of a kind that HDF5 does not know") from None
            if not isinstance(link, h5py.HardLink):
                raise self._refusal(path, f"is a link to elsewhere ({type(link).__name__})")
            thing = group[name]
            if isinstance(thing, h5py.Group):
                yield from self._listed(thing, f"{path}/", depth + 1)
            else:
                self._check(thing, path)
                yield path, thing

    def _check(self, data: Any, path: str) -> None:
        import h5py

        if not isinstance(data, h5py.Dataset):
            raise self._refusal(path, "is neither a group nor an array")
        if data.is_virtual:
            raise self._refusal(path, "is a virtual dataset: its values stand elsewhere")
        if data.external:
            raise self._refusal(path, "has external storage: its values stand in another file")
        if data.dtype.kind not in "biufc" and not (data.dtype.kind == "V" and _name(data) in _UNKNOWN_TO_HDF5):
            raise self._refusal(path, f"holds no numbers ({data.dtype})")
        plan = data.id.get_create_plist()
        if any(plan.get_filter(i)[0] not in _FILTERS for i in range(plan.get_nfilters())):
            raise self._refusal(path, "needs a filter that is not part of HDF5")

    def _weigh(self, size: int) -> None:
        budget = FREE + RATIO * size
        for path, data in self._arrays.items():
            budget -= math.prod(data.shape) * data.dtype.itemsize
            if budget < 0:
                raise self._refusal(path, f"makes the file declare far more than the {size} bytes that it stores")

    def _refusal(self, path: str, why: str) -> SafetyError:
        return SafetyError(report(f"{self.label}: {path!r} {why}: the file is not read."))


def _name(data: Any) -> str:
    """The dtype that Keras noted for bytes that HDF5 has no name for."""
    return str(data.attrs.get("dtype", ""))


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
