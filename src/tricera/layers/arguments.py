"""What constructors of layers share: arguments become attributes, sizes are checked, weights take their options."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tricera import activations, config, constraints, initializers, regularizers
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.errors import did_you_mean, report

_GETTERS = {
    "activation": lambda value: activations.get("linear" if value is None else value),
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
    "format": config.standardize_data_format,
}
_NOT_ADOPTED = {"self", "kwargs", "name", "dtype", "weights", "activity_regularizer", "__class__"}
_SHARES = {"momentum", "renorm_momentum", "dropout", "recurrent_dropout", "rate", "stddev"}
_POSITIVE = {"units", "filters", "depth_multiplier", "n", "input_dim", "output_dim", "power_iterations"}
_POSITIVE |= {"num_heads", "key_dim", "head_dim", "num_query_heads", "num_key_value_heads"}


def mistake(layer: Layer, what: str, kind: type[Exception] = ValueError, **more: Any) -> Exception:
    """The error of a layer that cannot do as it is told: its report begins with the layer's name."""
    return kind(report(f"{where(layer)}: {what}", **more))


def adopt(layer: Layer, given: Mapping[str, Any]) -> None:
    """Set a constructor's arguments, `locals()`, as attributes; names such as `*_initializer` say of which kind.

    Raises:
        ValueError: a share that is not between 0 and 1, an `epsilon` below 0, or a number of things below 1.
    """
    for name, value in given.items():
        if name in _SHARES:
            check_fraction(layer, **{name: value})
        elif name in _POSITIVE:
            check_positive(layer, **{name: value})
        elif name == "epsilon" and (not isinstance(value, int | float | np.number) or value < 0):
            what = "Received an invalid value for `epsilon`, expected a number that is not negative."
            raise mistake(layer, what, got=repr(value))
        if name not in _NOT_ADOPTED:
            getter = _GETTERS.get(name.rpartition("_")[2])
            setattr(layer, name, getter(value) if getter else value)


def weight(layer: Layer, name: str, shape: Sequence[int], options: str | None = None, **more: Any) -> Variable:
    """A weight whose initializer, regularizer and constraint are the layer's `{options or name}_initializer`, ..."""
    prefix = options or name
    found = {role: getattr(layer, f"{prefix}_{role}", None) for role in ("initializer", "regularizer", "constraint")}
    return layer.add_weight(shape=shape, name=name, **{**found, **more})


def activated(layer: Layer, outputs: Any) -> Any:
    """`activation(outputs)`; the outputs where `layer.activation = None` took it away."""
    return outputs if layer.activation is None else layer.activation(outputs)


def is_whole(value: Any) -> bool:
    """Whether `value` is a whole number, Python's or NumPy's."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_positive(layer: Layer, **sizes: Any) -> None:
    """Raise ValueError unless each size is a positive whole number."""
    for name, value in sizes.items():
        if not is_whole(value) or value <= 0:
            what = f"Received an invalid value for `{name}`, expected a positive integer."
            raise mistake(layer, what, got=repr(value))


def check_fraction(layer: Layer, **fractions: Any) -> None:
    """Raise ValueError unless each number lies between 0 and 1."""
    for name, value in fractions.items():
        if not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
            what = f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1."
            raise mistake(layer, what, got=repr(value))


def check_choice(layer: Layer, choices: Sequence[Any], **arguments: Any) -> None:
    """Raise ValueError unless each argument is one of `choices`."""
    for name, value in arguments.items():
        if value not in choices:
            expected, names = " or ".join(map(repr, choices)), [name for name in choices if isinstance(name, str)]
            fix = did_you_mean(str(value), names)
            raise mistake(layer, f"Invalid `{name}` argument.", expected=expected, got=repr(value), fix=fix)


def check_axes(layer: Layer, axis: Any) -> None:
    """Raise TypeError unless `axis` is a whole number or several."""
    several = axis if isinstance(axis, list | tuple) else [axis]
    if not all(map(is_whole, several)):
        what = "Expected an int or a list/tuple of ints for the argument `axis`."
        raise mistake(layer, what, kind=TypeError, got=repr(axis))


def refuse(layer: Layer, why: str, **arguments: Any) -> None:
    """Raise NotImplementedError if one of these arguments, which layers do not act on, is given."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            what = f"argument `{name}` is not supported."
            raise mistake(layer, what, kind=NotImplementedError, got=repr(value), fix=why)


def sizes(layer: Layer, rank: int, least: int = 1, **arguments: Any) -> Any:
    """One argument, a whole number or `rank` of them, as a tuple of `rank`.

    Raises:
        ValueError: another number of sizes, or one below `least`.
    """
    ((name, value),) = arguments.items()
    found = (value,) * rank if is_whole(value) else tuple(value) if isinstance(value, list | tuple) else ()
    if len(found) != rank or not all(is_whole(size) and size >= least for size in found):
        expected = f"{rank} {'positive' if least else 'non-negative'} integers, or one for all"
        raise mistake(
            layer, f"The `{name}` argument must be a tuple of {rank} integers.", expected=expected, got=repr(value)
        )
    return tuple(int(size) for size in found)
