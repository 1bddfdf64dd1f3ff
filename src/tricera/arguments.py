"""What a constructor's argument may be: its kind is what the annotation or the default says, its range the name's."""

import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tricera.errors import ArgumentError, report


class Range(NamedTuple):
    """Which numbers an argument takes, in code and in words."""

    holds: Callable[[Any], bool]
    words: str


_SHARE = Range(lambda x: 0 <= x <= 1, "a number between 0 and 1")
_NOT_NEGATIVE = Range(lambda x: x >= 0, "a number that is not negative")
_POSITIVE = Range(lambda x: x > 0, "a positive number")
_NAMED = {
    _SHARE: "beta_1, beta_2, rho, adam_beta_1, adam_beta_2, label_smoothing, rate",
    _NOT_NEGATIVE: (
        "adam_weight_decay, class_id, clip_threshold, cooldown, delta, epsilon, epsilon_1, epsilon_2, max_value, "
        "initial_accumulator_value, min_lr, min_value, patience, start_from_epoch, stddev, warmup_steps, weight_decay"
    ),
    _POSITIVE: "loss_scale_factor, initial_scale, dynamic_growth_steps, top_k, k, num_labels, ns_steps, logit_soft_cap",
}
_RANGES = {name: of for of, names in _NAMED.items() for name in names.split(", ")}
_NUMBERS = {bool: "True or False", int: "a whole number", float: "a number"}
_OTHERS = {str: "a string", Callable: "a function"}


class Kind(NamedTuple):
    """What an argument takes: a type, whether None too, whether many numbers too, and which numbers."""

    type: type
    optional: bool
    many: bool
    range: Range | None

    def takes(self, value: Any) -> bool:
        """Whether an argument of this kind may be `value`; what only a running program knows may be anything."""
        if value is None:
            return self.optional
        if self.type not in _NUMBERS:
            return isinstance(value, self.type)
        numbers = _numbers(value)
        if numbers is None:
            return not isinstance(value, str | bytes | list | tuple | Mapping | np.ndarray)
        if np.isnan(numbers).any() or (numbers.size != 1 and not (self.many and numbers.size)):
            return False
        if self.type is bool:
            return numbers.item() in (0, 1) if numbers.size == 1 else False
        whole = self.type is float or bool((numbers == np.floor(numbers)).all())
        return whole and (self.range is None or all(map(self.range.holds, numbers.flat)))

    def words(self) -> str:
        """What is expected, for a message."""
        said = (_NUMBERS | _OTHERS).get(self.type, f"an instance of {self.type.__name__}")
        if self.range:
            said = self.range.words.replace("number", "whole number") if self.type is int else self.range.words
        return f"{said}, or None" if self.optional and self.type is not bool else said


def check(cls: type, given: Mapping[str, Any]) -> None:
    """Refuse what a constructor is given where it makes no sense; those of users decide for themselves.

    Raises:
        ArgumentError: an argument of another kind, or a number out of its range.
    """
    kinds = _kinds(cls.__init__)  # type: ignore[misc]
    for name, value in given.items():
        if name in kinds and not kinds[name].takes(value):
            what = f"{cls.__name__}: Received an invalid value for `{name}`."
            raise ArgumentError(report(what, expected=kinds[name].words(), got=repr(value)))


def _numbers(value: Any) -> np.ndarray | None:
    """The number or the numbers that a value is; None where it is none, or where only a running program knows."""
    try:
        found = np.asarray(value)
        return None if found.dtype.kind in "cmMOSU" else found.astype("float64")  # of texts NumPy makes numbers, too
    except (TypeError, ValueError):
        return None


@functools.cache
def _kinds(init: Callable) -> dict[str, Kind]:
    """The kinds of a constructor's arguments, of those that have one."""
    if not getattr(init, "__module__", "").startswith("tricera."):
        return {}
    found = {name: _kind(name, p) for name, p in inspect.signature(init).parameters.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind(name: str, parameter: inspect.Parameter) -> Kind | None:
    said = parameter.annotation
    if said is parameter.empty:  # numbers of layers may come in arrays
        kind = type(parameter.default)
        return Kind(kind, kind is bool, True, None) if kind in (bool, float) else None
    options = typing.get_args(said) if isinstance(said, types.UnionType) else (said,)
    (kind, *more) = [option for option in options if option is not types.NoneType]
    if more or not isinstance(kind, type) or kind is Any or typing.get_origin(kind):
        return None
    return Kind(kind, kind is bool or types.NoneType in options, False, _RANGES.get(name))
