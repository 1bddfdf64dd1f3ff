"""What holds for the whole process: dtypes, epsilon, image data format, limits, what is shown, the home folder."""

import json
import os
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import jax

from tricera.errors import missing, report

_FLOATS = ("bfloat16", "float16", "float32", "float64")
_FORMATS = ("channels_last", "channels_first")
_unsafe: ContextVar[bool] = ContextVar("tricera_unsafe", default=False)
_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "load_limit": 1 << 32,
    "dtype_policy": None,
    "interactive_logging": True,
    "coach": True,
    "flash_attention": None,
    "max_epochs": None,
    "max_steps_per_epoch": None,
}


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


_policy_of: Callable[[Any], Any]


def takes_policies(function: Callable) -> Callable:
    """Decorator of the function that makes a policy of a name: policies stand above settings."""
    global _policy_of
    _policy_of = function
    return function


def dtype_policy() -> Any:
    """The policy of layers that name none."""
    return _policy_of(_settings["dtype_policy"] or floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are made from now on and name none; None for that of `floatx`.

    Raises:
        ValueError: `policy` is neither a policy nor the name of one.
    """
    _settings["dtype_policy"] = None if policy is None else _policy_of(policy)


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

    It changes nothing for a call whose `safe_mode` is True, as that of `load_model` unless said otherwise, nor within
    one.
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


# ---- training at most so long: to try a program out


def max_epochs() -> int | None:
    """The most epochs of a `fit`, or None: `$KERAS_MAX_EPOCHS` unless set."""
    return _limit("max_epochs")


def set_max_epochs(max_epochs: int | None) -> None:
    """Set `max_epochs`."""
    _set_limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most batches of an epoch, an evaluation or a prediction, or None: `$KERAS_MAX_STEPS_PER_EPOCH` unless set."""
    return _limit("max_steps_per_epoch")


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Set `max_steps_per_epoch`."""
    _set_limit("max_steps_per_epoch", max_steps_per_epoch)


def _limit(name: str) -> int | None:
    stored = _settings[name]
    return int(os.environ.get(f"KERAS_{name.upper()}", 0)) or None if stored is None else stored


def _set_limit(name: str, limit: int | None) -> None:
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ValueError(report(f"`{name}` is no limit.", expected="a positive integer, or None", got=repr(limit)))
    _settings[name] = limit


# ---- what is shown


def enable_interactive_logging() -> None:
    """Show progress on the screen, as at the start."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Hand lines of progress to Python's logger `tricera` instead of showing them."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown on the screen."""
    return _settings["interactive_logging"]


def coach(say: bool = True) -> None:
    """Let `compile` and `fit` say what is likely to be a mistake, each once in one line, as at the start; or not."""
    _settings["coach"] = bool(say)


def is_coach_enabled() -> bool:
    """Whether `compile` and `fit` say what is likely to be a mistake."""
    return _settings["coach"]


def enable_traceback_filtering() -> None:
    """Leave the frames inside of JAX out of tracebacks, as at the start."""
    jax.config.update("jax_traceback_filtering", "auto")


def disable_traceback_filtering() -> None:
    """Show every frame in tracebacks."""
    jax.config.update("jax_traceback_filtering", "off")


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave the frames inside of JAX out."""
    return jax.config.jax_traceback_filtering != "off"  # type: ignore[attr-defined]


# ---- what computes


def enable_flash_attention() -> None:
    """Let attention on a GPU run as one fused kernel wherever a layer does not say."""
    _settings["flash_attention"] = True


def disable_flash_attention() -> None:
    """Let attention run as XLA lowers it wherever a layer does not say."""
    _settings["flash_attention"] = False


def is_flash_attention_enabled() -> bool | None:
    """Whether attention is fused; None where nobody said, which is as False."""
    return _settings["flash_attention"]


def is_nnx_enabled() -> bool:
    """Whether layers are modules of Flax's NNX: they never are."""
    return False


def backend() -> str:
    """The name of the array library: always `"jax"`."""
    return "jax"


def set_backend(backend: str) -> None:
    """Accept `"jax"`.

    Raises:
        ValueError: another library.
    """
    _one_of(backend, ("jax",), "Unable to import backend: there is one only")


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

__getattr__ = missing(__name__, globals())
