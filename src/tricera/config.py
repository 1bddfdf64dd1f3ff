"""What holds for the whole process: floatx, epsilon, image data format, the home folder."""

import json
import os
from contextvars import ContextVar
from pathlib import Path

from tricera.errors import report

_FLOATS = ("bfloat16", "float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")
_unsafe: ContextVar[bool] = ContextVar("tricera_unsafe", default=False)
_settings = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "load_limit": 1 << 32}


def home() -> Path:
    """The folder of settings, data sets and weights: `$KERAS_HOME`, else `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def floatx() -> str:
    """The dtype of weights and of inputs that name none."""
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Set `floatx`.

    Raises:
        ValueError: `value` is not a float dtype.
    """
    _settings["floatx"] = _one_of(value, _FLOATS, "Unknown `floatx` value")


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Set `epsilon`."""
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """The place of an image's channels: `"channels_last"` or `"channels_first"`."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set the place of an image's channels.

    Raises:
        ValueError: `data_format` is neither `"channels_last"` nor `"channels_first"`.
    """
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """`data_format`, checked; the process' own where it is None."""
    if data_format is None:
        return image_data_format()
    return _one_of(str(data_format).lower(), _FORMATS, "The `data_format` argument is unknown")


def enable_unsafe_deserialization() -> None:
    """Let the code that you run from now on, in this thread, make functions of code in configurations.

    It changes nothing for a call that has a `safe_mode` of its own, as `load_model` has, or that runs within one.
    """
    _unsafe.set(True)


def is_unsafe_deserialization_enabled() -> bool:
    """Whether `enable_unsafe_deserialization` was called in this thread."""
    return _unsafe.get()


def load_limit() -> int:
    """The most bytes of memory that a file may ask for beyond what it stores: 4 GiB unless set."""
    return _settings["load_limit"]


def set_load_limit(size: int) -> None:
    """Set `load_limit`, in bytes; what a file stores may always be read."""
    _settings["load_limit"] = int(size)


def backend() -> str:
    """The name of the array library: always `"jax"`."""
    return "jax"


def _one_of(value: str, choices: tuple[str, ...], what: str) -> str:
    if value not in choices:
        raise ValueError(report(f"{what}.", expected=" or ".join(map(repr, choices)), got=repr(value)))
    return value


def _read_settings() -> None:
    """Take what `keras.json` in the home folder says; a file that cannot be read changes nothing."""
    try:
        stored = json.loads((home() / "keras.json").read_text())
        set_floatx(stored.get("floatx", floatx()))
        set_epsilon(stored.get("epsilon", epsilon()))
        set_image_data_format(stored.get("image_data_format", image_data_format()))
    except (OSError, ValueError, AttributeError, TypeError):
        pass


_read_settings()
