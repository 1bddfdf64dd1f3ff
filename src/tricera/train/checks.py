"""Bad input is told before any work starts: arguments, data, targets that do not fit the loss."""

from typing import Any

from tricera.train.data import Arrays, is_arrays
from tricera.errors import did_you_mean, report


def check_fit_arguments(model: Any, unknown: dict[str, Any], epochs: Any, validation_split: float) -> None:
    """Unknown arguments of `fit`, and values that are none.

    Raises:
        TypeError: an argument does not exist.
        ValueError: `epochs` or `validation_split` is out of range.
    """


def check_source(x: Any, y: Any, sample_weight: Any) -> None:
    """Whether `x` is something that yields batches."""


def check_data(model: Any, source: Any, x: Any, y: Any, sample_weight: Any, outputs: Any, training: bool) -> None:
    """Whether the data fit the model and its losses."""


def check_inputs(model: Any, source: Any, x: Any) -> None:
    """Whether the inputs fit the model."""
