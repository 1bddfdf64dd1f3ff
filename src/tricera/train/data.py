"""What `fit` takes, as batches: arrays in memory."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera import config
from tricera.engine.graph import any_symbolic
from tricera.errors import report

Batch = tuple[Any, Any, Any]


def unpack(data: Any) -> Batch:
    """`(x, y, sample_weight)` of what a source yields: x, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: a tuple of another length.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            report(
                "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`.",
                got=f"a tuple of {len(data)}",
            )
        )
    return (*data, *(None,) * (3 - len(data)))


def pack(batch: Batch) -> Any:
    """What a step is given: x alone, `(x, y)` or `(x, y, sample_weight)`; inputs that are a list as `(x,)`."""
    x, y, sample_weight = batch
    if sample_weight is not None:
        return batch
    if y is not None:
        return x, y
    return (x,) if isinstance(x, list | tuple) else x


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The same of three arguments; without targets there are no weights."""
    return pack((x, y, None if y is None else sample_weight))


def is_array(x: Any) -> bool:
    """Whether `x` is one array or table: NumPy's, JAX's, pandas', SciPy's, torch's."""
    return hasattr(x, "shape") and (hasattr(x, "__array__") or hasattr(x, "toarray"))


def is_arrays(x: Any) -> bool:
    """Whether `x` is an array, a number, or a nesting of them: data in memory; None for an optional input."""
    if isinstance(x, dict | list | tuple):
        return all(item is None or is_arrays(item) for item in (x.values() if isinstance(x, dict) else x))
    return is_array(x) or isinstance(x, int | float | bool)


def to_arrays(data: Any, what: str) -> Any:
    """The nesting with a NumPy or JAX array at each leaf; float64 becomes `floatx`.

    Raises:
        ValueError: text or objects, or lists that are no array.
    """
    if data is None:
        return None
    if any_symbolic(data):
        raise ValueError(
            report(
                f"`{what}` is a symbolic tensor, not data.",
                got=repr(data),
                fix="pass arrays; symbolic tensors such as `Input(...)` only define a model.",
            )
        )
    if isinstance(data, dict):
        return {name: to_arrays(value, f"{what}[{name!r}]") for name, value in data.items()}
    if isinstance(data, list | tuple) and data and any(item is None or is_array(item) for item in data):
        items = [to_arrays(value, f"{what}[{i}]") for i, value in enumerate(data)]
        return type(data)(*items) if hasattr(data, "_fields") else type(data)(items)
    if isinstance(data, jax.Array):
        return data
    return _standard(_numpy(data, what), what)


def _numpy(data: Any, what: str) -> np.ndarray:
    if hasattr(data, "toarray"):  # scipy.sparse
        return data.toarray()
    if hasattr(data, "to_numpy"):  # pandas
        return data.to_numpy()
    if hasattr(data, "detach"):  # torch
        data = data.detach().cpu()
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ValueError(
            report(
                f"`{what}` cannot be made into one array.",
                expected="lists of equal lengths",
                got=str(error),
                fix="pad the sequences to one length, for example with `keras.utils.pad_sequences`.",
            )
        ) from None


def _standard(array: np.ndarray, what: str) -> np.ndarray:
    if array.dtype.kind == "O":
        array = _from_objects(array, what)
    if array.dtype.kind in "USO":
        raise ValueError(
            report(
                f"`{what}` holds text; models compute with numbers.",
                expected="a float, integer or boolean array",
                got=f"dtype {array.dtype}, first value {array.flat[0]!r}" if array.size else f"dtype {array.dtype}",
                fix="turn text into numbers first: `StringLookup`, or `np.unique(y, return_inverse=True)`.",
            )
        )
    if array.dtype == np.float64 and config.floatx() != "float64":
        return array.astype(config.floatx())
    return array


def _from_objects(array: np.ndarray, what: str) -> np.ndarray:
    try:
        return array.astype(config.floatx())
    except (TypeError, ValueError):
        first = array.flat[0] if array.size else None
        if isinstance(first, str | bytes):
            return array.astype(str)
        raise ValueError(
            report(
                f"`{what}` is an array of Python objects.",
                expected="a float, integer or boolean array",
                got=f"{type(first).__name__} objects, shape {array.shape}",
                fix="pad sequences to one length (`keras.utils.pad_sequences`), or convert with `.astype`.",
            )
        ) from None


def count(data: Any, what: str = "x") -> int:
    """The number of samples, the same for every array.

    Raises:
        ValueError: the arrays differ, or there is none.
    """
    lengths = {}
    for path, leaf in tree_util.tree_leaves_with_path(data):
        if leaf.ndim == 0:
            raise ValueError(report(f"`{what}` is a single number.", expected="an array of samples", got=leaf))
        lengths[tree_util.keystr(path)] = leaf.shape[0]
    if not lengths:
        raise ValueError(report(f"`{what}` holds no array.", expected="arrays of samples", got=repr(data)))
    if len(set(lengths.values())) > 1:
        raise ValueError(
            report(
                "Data cardinality is ambiguous: all arrays must have the same number of samples.",
                got=", ".join(f"{_label(path)}: {n}" for path, n in lengths.items()),
                fix="check how the arrays were cut, for example by `print(x.shape, y.shape)`.",
            )
        )
    return next(iter(lengths.values()))


def _label(path: str) -> str:
    for place, name in enumerate(("x", "y", "sample_weight")):
        path = path.replace(f"[{place}]", name, 1) if path.startswith(f"[{place}]") else path
    return path


class Arrays:
    """Data in memory: `(x, y, sample_weight)`, nestings of arrays with one number of samples.

    Args:
        batch_size: samples in a step; by default as many as make `steps` of all samples, else 32.

    Raises:
        ValueError: no samples, or arrays of different lengths.
    """

    endless = False

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
    ):
        self.data: Batch = (to_arrays(x, "x"), to_arrays(y, "y"), to_arrays(sample_weight, "sample_weight"))
        self.samples = count(self.data)
        if self.samples == 0:
            raise ValueError(report("`x` is empty.", expected="at least one sample", got="0 samples"))
        self._asked = batch_size, steps
        batch_size = batch_size or (-(-self.samples // _positive(steps, "steps")) if steps else 32)
        self.batch_size = min(_positive(batch_size, "batch_size"), self.samples)
        self.steps = -(-self.samples // self.batch_size)
        self._resident: Any = None
        self.drawn_from: Any = None  # the state of NumPy's generator that gave the last order

    @property
    def nbytes(self) -> int:
        """The bytes of all arrays."""
        return sum(leaf.nbytes for leaf in tree_util.tree_leaves(self.data))

    def order(self, shuffle: Any) -> np.ndarray:
        """The indices of the samples in the order of an epoch; `"batch"` shuffles whole batches' ranges within."""
        self.drawn_from = np.random.get_state()  # noqa: NPY002
        if shuffle == "batch":
            cuts = range(0, self.samples, self.batch_size)
            return np.concatenate([np.random.permutation(min(self.batch_size, self.samples - i)) + i for i in cuts])  # noqa: NPY002
        if shuffle:
            return np.random.permutation(self.samples)  # noqa: NPY002  NumPy's own generator: Keras' order
        return np.arange(self.samples)

    def peek_order(self, shuffle: Any) -> None:
        """Draw what Keras draws to look at the first batch, so that the orders after it are Keras' too."""
        if shuffle:
            np.random.permutation(self.batch_size if shuffle == "batch" else self.samples)  # noqa: NPY002

    def rewind(self, generator: Any, passes: int) -> None:
        """Let the next order be that which NumPy's generator draws from a state."""
        np.random.set_state(generator)  # noqa: NPY002

    def resident(self) -> Any:
        """The arrays on the device."""
        if self._resident is None:
            self._resident = jax.device_put(self.data)
        return self._resident

    def example(self) -> Batch:
        """A first batch, for shapes."""
        return tree_util.tree_map(lambda a: a[: self.batch_size], self.data)

    def batches(self, shuffle: Any = False) -> Iterator[Batch]:
        """The batches of one epoch."""
        if not shuffle:
            for start in range(0, self.samples, self.batch_size):
                yield tree_util.tree_map(lambda a: a[start : start + self.batch_size], self.data)  # noqa: B023
            return
        order = self.order(shuffle)
        for start in range(0, self.samples, self.batch_size):
            chosen = order[start : start + self.batch_size]
            yield tree_util.tree_map(lambda a: a[chosen], self.data)  # noqa: B023

    def restart(self) -> None:
        """Nothing to do: each pass cuts its batches anew."""

    def split(self, share: float) -> tuple["Arrays", "Arrays"]:
        """The first samples and the last `share` of them, before any shuffling.

        Raises:
            ValueError: one part would be empty.
        """
        cut = int(self.samples * (1.0 - share))
        if not 0 < cut < self.samples:
            raise ValueError(
                report(
                    f"Training data contains {self.samples} samples, which is not sufficient to split it into a "
                    f"validation and training set as specified by `validation_split={share}`.",
                    fix="give more data, another `validation_split`, or `validation_data`.",
                )
            )
        return self._part(slice(cut)), self._part(slice(cut, None))

    def _part(self, part: slice) -> "Arrays":
        x, y, sample_weight = tree_util.tree_map(lambda a: a[part], self.data)
        return Arrays(x, y, sample_weight, *self._asked)

    def weighted(self, class_weight: dict[int, float]) -> "Arrays":
        """The same samples, each counting as much as its class."""
        x, y, sample_weight = self.data
        return Arrays(x, y, class_weighted(y, sample_weight, class_weight), *self._asked)


def _positive(value: Any, what: str) -> int:
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(report(f"`{what}` is not a size.", expected="a positive integer", got=repr(value)))
    return int(value)


def class_weighted(y: Any, sample_weight: Any, class_weight: dict[int, float]) -> Any:
    """Sample weights in which each sample's class counts as much as `class_weight` says.

    Raises:
        ValueError: several outputs, or a class that is no integer.
    """
    if isinstance(y, list | tuple | dict):
        raise ValueError(
            report("`class_weight` is only supported for models with a single output.", fix="use `sample_weight`.")
        )
    labels = np.asarray(y)
    if labels.ndim >= 2 and labels.shape[-1] > 1:
        labels = labels.argmax(-1)
    elif labels.ndim >= 2:
        labels = labels[..., 0]
    weights = np.ones(labels.shape, config.floatx())
    for label, weight in class_weight.items():
        weights[np.round(labels).astype("int64") == int(label)] = weight
    return weights if sample_weight is None else weights * np.asarray(sample_weight)
