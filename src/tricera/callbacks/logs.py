"""What callbacks are told: floats by the names of losses and metrics, read from the device when looked at."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import jax
import numpy as np

# One thing under two names: Keras 2.3 renamed `acc` and let `mae` be called so, Keras 3 renamed `lr`.
_TWINS = (
    ("acc", "accuracy"),
    ("lr", "learning_rate"),
    ("mae", "mean_absolute_error"),
    ("mape", "mean_absolute_percentage_error"),
    ("mse", "mean_squared_error"),
    ("msle", "mean_squared_logarithmic_error"),
)


def twin(name: Any) -> str | None:
    """The other spelling of a name, `val_acc` <-> `val_accuracy`; None where there is none."""
    for pair in _TWINS:
        for own, other in (pair, pair[::-1]):
            if isinstance(name, str) and (name == own or name.endswith(f"_{own}")):
                return name.removesuffix(own) + other
    return None


class Logs(dict):
    """A dict in which `acc` finds `accuracy`, and so on; it iterates over, contains and stores true names only."""

    def __missing__(self, name):
        other = twin(name)
        if other is None or other not in self:
            raise KeyError(name)
        return self[other]

    def get(self, name, default=None):
        """The value of a name or of its other spelling, else `default`."""
        try:
            return self[name]
        except KeyError:
            return default

    def copy(self):
        return Logs(self)

    def __reduce__(self):
        # A pickled history opens where Tricera is not installed.
        return dict, (dict(self),)


class LazyLogs(MutableMapping):
    """Logs of a batch: names are there at once, values become floats when one is looked at, in one device read.

    Args:
        source: scalars on the device by name, or a function that returns such a mapping.
    """

    def __init__(self, source: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = ()):  # type: ignore[assignment]
        self._source = source if callable(source) else None
        self._values = Logs() if callable(source) else Logs(source)
        self._is_read = False

    def _named(self) -> Logs:
        if self._source is not None:
            self._values, self._source = Logs(self._source()), None
        return self._values

    def _read(self) -> Logs:
        if not self._is_read:
            self._values, self._is_read = floats(self._named()), True
        return self._values

    def __getitem__(self, name):
        return self._read()[name]

    def __setitem__(self, name, value):
        self._named()[name] = value

    def __delitem__(self, name):
        del self._named()[name]

    def __contains__(self, name) -> bool:
        return name in self._named()

    def __iter__(self) -> Iterator:
        return iter(self._named())

    def __len__(self) -> int:
        return len(self._named())

    def __repr__(self) -> str:
        return repr(self._read())

    def copy(self) -> Logs:
        """The floats, as a dict."""
        return self._read().copy()


def floats(logs: Mapping[str, Any] | None) -> Logs:
    """A new dict of the same names and Python floats, in one device read; nested dicts are laid flat.

    What is not one number (an array, a string) stays what it is.
    """
    if isinstance(logs, LazyLogs):
        return logs.copy()
    flat = Logs()
    names, values = list(logs or ()), list((logs or {}).values())
    for name, value in zip(names, jax.device_get(values), strict=True):
        flat.update(floats(value) if isinstance(value, Mapping) else {name: _plain(value)})
    return flat


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    try:
        return float(value.item() if isinstance(value, np.ndarray) else value)
    except (TypeError, ValueError):
        return value
