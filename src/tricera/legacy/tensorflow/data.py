"""`tf.data`: Tricera's own data sets, whose elements look like tensors to whoever iterates over them."""

from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera.data import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, element
from tricera.data import dataset as datasets
from tricera.legacy.tensorflow import tensor
from tricera.legacy.tensorflow.engine import program

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "Options", "experimental"]


class Options:
    """Accepts whatever is set: nothing here depends on it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__dict__.setdefault(name, Options())


class _Experimental:
    """`tf.data.experimental`."""

    AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY

    @staticmethod
    def cardinality(dataset: Dataset) -> Any:
        """The number of elements."""
        return tensor.convert_to_tensor(dataset.cardinality())

    __getattr__ = staticmethod(tensor.missing("tensorflow.data.experimental", ("AUTOTUNE", "cardinality")))


experimental = _Experimental()


def show() -> None:
    """Let whoever iterates over a data set see tensors."""
    if _as_tensors not in datasets.shown:
        datasets.shown.append(_as_tensors)


def _as_tensors(item: Any) -> Any:
    if program.is_tracing():
        raise program.needs_values("A loop over a data set")
    return element.over(_as_tensor, item)


def _as_tensor(leaf: Any) -> Any:
    if isinstance(leaf, str):
        return tensor.Text(leaf)
    return jnp.asarray(leaf) if isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.kind in "biufc" else leaf


__getattr__ = tensor.missing("tensorflow.data", globals())
