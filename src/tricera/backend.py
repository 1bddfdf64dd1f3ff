"""The array library underneath, and the process' settings: `keras.backend` of Keras 3."""

from collections import Counter

from tricera import errors
from tricera.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from tricera.engine.dtypes import INTEGERS, result_type, standardize_dtype
from tricera.engine.dtypes import is_float as is_float_dtype
from tricera.engine.graph import is_symbolic_leaf as is_keras_tensor
from tricera.utils.session import clear_session

_counts: Counter[str] = Counter()


def is_int_dtype(dtype):
    """Whether a dtype is one of whole numbers."""
    return standardize_dtype(dtype) in INTEGERS


def get_uid(prefix=""):
    """1 for the first call with this prefix, 2 for the next, ..."""
    _counts[prefix] += 1
    return _counts[prefix]


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]

__getattr__ = errors.missing(__name__, globals())
