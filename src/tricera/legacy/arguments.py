"""Arguments of Keras 1 and 2, as those of Keras 3: by name from the tables of old files, and the few by position."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tricera.engine.configured import argument_names
from tricera.engine.layer import Layer
from tricera.layers.past.norm import BatchNormalization, BatchStatisticsNormalization, SampleNormalization
from tricera.legacy import generation, signatures, spellings
from tricera.legacy.functions import initializations
from tricera.models import Model
from tricera.optimizers import Optimizer
from tricera.saving.past import names

_OF_OPTIMIZERS = {"lr": "learning_rate"}
OF_MODELS = {"input": "inputs", "output": "outputs"}
FORGET = {"one": True, "zero": False, "ones": True, "zeros": False}
_INITIALIZERS = {"uniform": "random_uniform", "normal": "random_normal", "zero": "zeros", "one": "ones"}

Arguments = tuple[tuple, dict[str, Any]]
_MODES = {0: BatchNormalization, 1: SampleNormalization, 2: BatchStatisticsNormalization}


def construction(cls: Any, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, tuple, dict[str, Any]]:
    """The class of Tricera that old code means by `cls`, and what it is to be made with."""
    args, kwargs = translate(cls, args, kwargs)
    if cls is BatchNormalization and kwargs.get("mode", 0) in _MODES:
        cls = _MODES[kwargs.pop("mode", 0)]  # an argument of Keras 1
    return cls, args, kwargs


def translate(cls: type, args: tuple, kwargs: dict[str, Any]) -> Arguments:
    """What a class of Tricera is to be made with, where old code makes it with `args` and `kwargs`."""
    if {"input", "output"} <= set(kwargs) and issubclass(cls, Model):
        return args, {OF_MODELS.get(name, name): value for name, value in kwargs.items()}
    if not cls.__module__.startswith("tricera."):
        return args, kwargs
    known = argument_names(cls)
    if issubclass(cls, Layer):
        kwargs |= {"trainable": bool(kwargs["trainable"])} if kwargs.get("trainable") in (0, 1) else {}
        args, kwargs = _placed(cls, args, kwargs, known)
        if cls.__name__.endswith("Transpose"):
            kwargs.pop("output_shape", None)  # Keras 1 asked for what follows from the strides
        kwargs = _renamed(new_name(cls), kwargs, known)
        args, kwargs = _of_their_time(args, kwargs)
    else:
        kwargs = _renamed(new_name(cls), kwargs, known)
    if issubclass(cls, Optimizer):
        args, kwargs = _decayed(cls, args, kwargs)
    return args, _with_defaults(cls, args, kwargs)


def _renamed(new_name: Callable[[str], str | None], kwargs: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """The arguments by their new names, where the class knows the new name and not the old one."""
    found = {}
    for name, value in kwargs.items():
        new = None if name in known else new_name(name)
        if new in known:
            spellings.note(f"{name}=", f"{new}=")
            value = value_of(new, value)
        found[new if new in known else name] = value
    return found


def new_name(cls: type) -> Callable[[str], str | None]:
    """A function that gives today's name of an argument of a class by an old one; None where it has no other."""
    if issubclass(cls, Optimizer):
        return _OF_OPTIMIZERS.get
    own = names.ARGUMENTS_OF.get(cls.__name__, {})
    return lambda name: own.get(name) or (names.ARGUMENTS.get(name) if issubclass(cls, Layer) else None)


def _with_defaults(cls: type, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments, and what the generation of the program had for those that it leaves out."""
    found = signatures.defaults(cls)
    if found:
        told = {*list(inspect.signature(cls).parameters)[: len(args)], *kwargs}
        kwargs = {**kwargs, **{name: value for name, value in found.items() if name not in told}}
    return kwargs


def _of_their_time(args: tuple, kwargs: dict[str, Any]) -> Arguments:
    """Names of activations that had another formula, and functions that initialize as Keras 1 called them."""
    if generation.current() == generation.NEWEST:
        return args, kwargs

    def meant(value: Any) -> Any:
        return names.ACTIVATIONS.get(value, value) if isinstance(value, str) else value

    changed = {name: meant(value) for name, value in kwargs.items() if name.endswith("activation")}
    functions = {name: value for name, value in kwargs.items() if name.endswith("_initializer")}
    changed |= {name: initializations.adapted(f) for name, f in functions.items() if inspect.isfunction(f)}
    return tuple(map(meant, args)), {**kwargs, **changed}


def value_of(name: str | None, value: Any) -> Any:
    if name is not None and name.endswith("_initializer") and inspect.isfunction(value):
        return initializations.adapted(value)
    if not isinstance(value, str) or name is None:
        return value
    if name.endswith("_initializer"):
        return _INITIALIZERS.get(value, value)
    return None if value == "default" else names.VALUES.get(name, {}).get(value, value)


def _placed(cls: type, args: tuple, kwargs: dict[str, Any], known: set[str]) -> Arguments:
    """Arguments that were several and are one, that are told by position, or that say nothing today."""
    kwargs = _without_silent(kwargs, known)
    if "kernel_size" in known:
        args, kwargs = _window(cls, args), _sides(kwargs)
    rename = new_name(cls)
    args, by_name = signatures.by_name(cls, args, lambda name: rename(name) or name)
    kwargs = {**by_name, **kwargs}
    if cls.__name__ == "Embedding" and len(args) > 2 and isinstance(args[2], int):
        args, kwargs = args[:2], {**kwargs, "input_length": args[2]}
    if "forget_bias_init" in kwargs:
        spellings.note("forget_bias_init=", "unit_forget_bias=")
        kwargs["unit_forget_bias"] = FORGET.get(kwargs.pop("forget_bias_init"), True)
    return args, kwargs


def _without_silent(kwargs: dict[str, Any], known: set[str]) -> dict[str, Any]:
    silent = [name for name in kwargs if name in SILENT and name not in known]
    for name in silent:
        spellings.note(f"{name}=", None)
    return {name: value for name, value in kwargs.items() if name not in silent}


def _sides(kwargs: dict[str, Any]) -> dict[str, Any]:
    """A window whose sides have names of their own, as one argument."""
    for parts in names.WINDOWS:
        if set(parts) <= set(kwargs):
            spellings.note(", ".join(f"{part}=" for part in parts), "kernel_size=")
            sides = tuple(kwargs[part] for part in parts)
            kwargs = {name: value for name, value in kwargs.items() if name not in parts} | {"kernel_size": sides}
    return kwargs


SILENT = {"consume_less", "implementation", "init_gain", "input_dtype", "sparsity_coef", "truncate_gradient", "unroll"}


def _window(cls: type, args: tuple) -> tuple:
    """Keras 1 and 2 took `Conv2D(32, 3, 3)` for a window of 3x3; in Keras 3 the second 3 is the strides."""
    end = 1 + getattr(cls, "rank", 0)
    sides = args[1:end]
    whole = len(args) == end or generation.current() == 1
    if len(sides) < 2 or len(args) < end or not whole or not all(isinstance(side, int) for side in sides):
        return args
    if generation.current() == generation.NEWEST:
        return args
    numbers = ", ".join(map(str, sides))
    spellings.note(f"{cls.__name__}({args[0]}, {numbers})", f"{cls.__name__}({args[0]}, ({numbers}))")
    return args[0], tuple(sides), *args[end:]


def _decayed(cls: type, args: tuple, kwargs: dict[str, Any]) -> Arguments:
    """`decay` of Keras 1 and 2, which divides the rate by `1 + decay * step`, is told by name; without it as today."""
    by_name = signatures.of_optimizer(cls, args)
    kwargs = {**by_name, **kwargs}
    if "decay" in kwargs:
        spellings.note("decay=", "learning_rate=InverseTimeDecay(...)")
    decay = kwargs.pop("decay", None)
    if kwargs.get("epsilon", 0) is None:
        del kwargs["epsilon"]  # it stood for the default
    if decay:
        kwargs["decay"] = decay
    if decay or "schedule_decay" in kwargs:
        by_name = by_name or dict(zip(inspect.signature(cls).parameters, args, strict=False))
        kwargs = {**by_name, **kwargs}
    return () if by_name else args, kwargs
