"""`keras.initializations` of Keras 1: functions of a shape that make a variable, and what `init=` may be."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tricera import initializers
from tricera.engine import registry
from tricera.legacy.backend.arrays import variable


def get_fans(shape, dim_ordering="th"):
    """The numbers of inputs and outputs of a unit of weights; of a kernel's in the order `dim_ordering`."""
    if len(shape) in (4, 5):
        window = shape[2:] if dim_ordering == "th" else shape[:-2]
        ins, outs = (shape[1], shape[0]) if dim_ordering == "th" else shape[-2:]
        size = functools.reduce(int.__mul__, window)
        return ins * size, outs * size
    return (shape[0], shape[1]) if len(shape) == 2 else (shape[0] if shape else 1,) * 2


def _made(initializer: Callable, shape: Any, name: str | None) -> Any:
    return variable(initializer(tuple(shape)), name=name)


def uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    """A variable of numbers between `-scale` and `scale`."""
    return _made(initializers.RandomUniform(-scale, scale), shape, name)


def normal(shape, scale=0.05, name=None, dim_ordering="th"):
    """A variable of normal numbers with deviation `scale`."""
    return _made(initializers.RandomNormal(0.0, scale), shape, name)


def lecun_uniform(shape, name=None, dim_ordering="th"):
    """A variable of LeCun's uniform numbers."""
    return _made(initializers.LecunUniform(), shape, name)


def glorot_normal(shape, name=None, dim_ordering="th"):
    """A variable of Glorot's normal numbers."""
    return _made(initializers.GlorotNormal(), shape, name)


def glorot_uniform(shape, name=None, dim_ordering="th"):
    """A variable of Glorot's uniform numbers."""
    return _made(initializers.GlorotUniform(), shape, name)


def he_normal(shape, name=None, dim_ordering="th"):
    """A variable of He's normal numbers."""
    return _made(initializers.HeNormal(), shape, name)


def he_uniform(shape, name=None, dim_ordering="th"):
    """A variable of He's uniform numbers."""
    return _made(initializers.HeUniform(), shape, name)


def orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    """A variable of orthogonal vectors of length `scale`."""
    return _made(initializers.Orthogonal(scale), shape, name)


def identity(shape, scale=1, name=None, dim_ordering="th"):
    """A variable that holds `scale` times the identity matrix."""
    return _made(initializers.Identity(scale), shape, name)


def zero(shape, name=None, dim_ordering="th"):
    """A variable of zeros."""
    return _made(initializers.Zeros(), shape, name)


def one(shape, name=None, dim_ordering="th"):
    """A variable of ones."""
    return _made(initializers.Ones(), shape, name)


_OF_FANS = (lecun_uniform, glorot_normal, glorot_uniform, he_normal, he_uniform)
_FUNCTIONS = {made.__name__: made for made in (uniform, normal, *_OF_FANS, orthogonal, identity, zero, one)}


def get(identifier, **kwargs):
    """The function by this name, or the given function, with arguments of it fixed."""
    found = _FUNCTIONS.get(identifier) if isinstance(identifier, str) else identifier
    if found is None:
        made = registry.resolve("initializer", identifier)
        return lambda shape, name=None, **_: _made(made, shape, name)
    return functools.partial(found, **kwargs) if kwargs else found


def adapted(function: Callable) -> Callable:
    """An initializer of Keras 1, `(shape, name) -> variable`, as one of today: `(shape, dtype) -> array`."""
    takes = inspect.signature(function).parameters
    if "dtype" in takes or (any(p.kind is p.VAR_KEYWORD for p in takes.values()) and "name" not in takes):
        return function
    named = {"name": None} if "name" in takes else {}

    @functools.wraps(function)
    def initializer(shape: Any, dtype: Any = None) -> Any:
        return getattr(made := function(shape, **named), "value", made)

    initializer.__signature__ = inspect.signature(initializer, follow_wrapped=False)  # type: ignore[attr-defined]
    return initializer
