"""Keras' classes of operations, such as `keras.src.ops.numpy.Add`, made from Tricera's functions.

Which arguments a class takes when it is made, and which when it is called, the wheel's source says.
"""

import ast
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

import tricera
from tricera.ops.operation import Operation

_LONGER = {"LayerNorm": "layer_normalization", "RMSNorm": "rms_normalization"}


class Taken(NamedTuple):
    """The names of the arguments of a class of Keras."""

    init: list[str]
    call: list[str]


@cache
def make(name: str, folder: Path) -> type | None:
    """The class of this name in Keras' `folder` of operations; None where it or its function is not there."""
    taken, function = _taken(folder).get(name), _functions().get(_LONGER.get(name, name).replace("_", "").lower())
    return None if taken is None or function is None else _class(name, function, taken)


@cache
def _taken(folder: Path) -> dict[str, Taken]:
    found: dict[str, Taken] = {}
    for path in sorted(folder.glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                methods = {each.name: _arguments(each) for each in node.body if isinstance(each, ast.FunctionDef)}
                if "call" in methods:
                    found[node.name] = Taken(methods.get("__init__", []), methods["call"])
                elif node.bases and getattr(node.bases[0], "id", None) in found:
                    found[node.name] = found[node.bases[0].id]
    return found


def _arguments(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args[1:]]


@cache
def _functions() -> dict[str, Callable]:
    places = (tricera.ops.image, tricera.ops.linalg, tricera.ops)
    return {name.replace("_", ""): thing for place in places for name, thing in vars(place).items() if callable(thing)}


def _class(name: str, function: Callable, taken: Taken) -> type:
    known = inspect.signature(function).parameters
    first = next(iter(known))
    takes_many = any(each.kind is each.VAR_POSITIONAL for each in known.values())

    def initialize(self: Any, *args: Any, name: str | None = None, **kwargs: Any) -> None:
        Operation.__init__(self, name)
        given = {**dict(zip(taken.init, args, strict=False)), **kwargs}
        self._options = {key: value for key, value in given.items() if key in known}
        for key, value in given.items():
            setattr(self, key, value)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if takes_many:
            by_place = [value for key, value in self._options.items() if key == first]
            by_name = {key: value for key, value in self._options.items() if key != first}
            return function(*by_place, *args, **kwargs, **by_name)
        given = {**dict(zip(taken.call, args, strict=False)), **kwargs}
        named = {key: given.pop(key) for key in list(given) if key in known}
        return function(*given.values(), **named, **self._options)

    def compute_output_spec(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = jax.tree.map(_symbolic, (args, kwargs))
        return Operation.compute_output_spec(self, *args, **kwargs)

    members = {"__init__": initialize, "call": call, "compute_output_spec": compute_output_spec}
    return type(Operation)(name, (Operation,), {**members, "symbolic_call": compute_output_spec})


def _symbolic(x: Any) -> Any:
    return tricera.KerasTensor(x.shape, x.dtype) if isinstance(x, np.ndarray | jax.Array) else x
