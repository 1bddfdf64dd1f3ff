"""`tf.function`: a function that is compiled as one program, with the variables that it reads and assigns."""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera.engine import scope
from tricera.engine.graph import any_symbolic
from tricera.engine.pure import pure
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.legacy.tensorflow.engine.state import touched

# What says that a value is needed which only a run of the program will know.
NEEDS_VALUES = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)

_eagerly = [False]
_tracing: ContextVar[bool] = ContextVar("tricera_tracing", default=False)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let functions be called as they are, and not compiled."""
    _eagerly[0] = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether functions are called as they are."""
    return _eagerly[0]


def is_tracing() -> bool:
    """Whether a function is being compiled now."""
    return _tracing.get()


def needs_values(what: str) -> Exception:
    """The error that makes a function be called as it is, where it cannot be compiled."""
    return jax.errors.JAXTypeError(report(f"{what} cannot be a part of a compiled program."))


def function(func: Callable | None = None, input_signature: Any = None, **options: Any) -> Any:
    """Decorator: compile a function for each structure, shape and dtype of its arguments.

    Numbers and other objects are a part of the program, arrays are its inputs; variables that it makes, reads or
    assigns are found while it is traced. Where Python needs the value of an array, it is called as it is.

    Args:
        input_signature: accepted, and not needed: a program is made for what comes.
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, **options)
    return Compiled(func)


class Compiled:
    """What `function` makes."""

    def __init__(self, python_function: Callable):
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self._programs: dict[Any, Program | None] = {}
        self._bound: dict[int, tuple[Any, Compiled]] = {}

    def __get__(self, owner: Any, kind: Any = None) -> "Compiled":
        """The method of an object, whose programs are its own."""
        if owner is None:
            return self
        if id(owner) not in self._bound:
            method = functools.partial(self.python_function, owner)
            self._bound[id(owner)] = owner, Compiled(functools.update_wrapper(method, self.python_function))
        return self._bound[id(owner)][1]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if _eagerly[0] or scope.current().values is not None or any_symbolic(args, kwargs):
            return self.python_function(*args, **kwargs)
        leaves, structure = tree_util.tree_flatten((args, kwargs))
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return self.python_function(*args, **kwargs)
        at = [i for i, leaf in enumerate(leaves) if _is_array(leaf)]
        arrays = [leaves[i] for i in at]
        fixed = [None if i in at else leaf for i, leaf in enumerate(leaves)]
        key = (structure, *map(_key, fixed), *((a.shape, a.dtype) for a in arrays))
        try:
            if key not in self._programs:
                self._programs[key] = Program(self.python_function, structure, fixed, at, arrays)
            if (program := self._programs[key]) is not None:
                return program(arrays)
        except NEEDS_VALUES:
            self._programs[key] = None
        return self.python_function(*args, **kwargs)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself: it compiles what it is called with."""
        return self

    def __reduce__(self) -> Any:
        return Compiled, (self.python_function,)


class Program:
    """A function compiled for arrays in some of the places of its arguments.

    Args:
        structure: the nesting of the arguments.
        fixed: the leaves of it; anything where arrays go.
        at: the places of the arrays.
    """

    def __init__(self, call: Callable, structure: Any, fixed: list[Any], at: list[int], arrays: list[Any]):
        self._call, self._structure, self._fixed, self._at = call, structure, fixed, at
        self._variables = touched(self._run, arrays)
        self._jitted = jax.jit(pure(self._run, self._variables))

    def _run(self, arrays: list[Any]) -> list[Any]:
        leaves = list(self._fixed)
        for place, array in zip(self._at, arrays, strict=True):
            leaves[place] = array
        args, kwargs = tree_util.tree_unflatten(self._structure, leaves)
        token = _tracing.set(True)
        try:
            with scope.enter(watch=None):
                found, self._outputs = tree_util.tree_flatten(self._call(*args, **kwargs))
                found = [x.value if isinstance(x, Variable) else x for x in found]
        finally:
            _tracing.reset(token)
        self._plain = [None if isinstance(x, jax.Array | np.ndarray | np.generic) else x for x in found]
        return [x for x in found if isinstance(x, jax.Array | np.ndarray | np.generic)]

    def __call__(self, arrays: list[Any]) -> Any:
        found, values = self._jitted([variable.value for variable in self._variables], arrays)
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)
        made = iter(found)
        return tree_util.tree_unflatten(self._outputs, [next(made) if x is None else x for x in self._plain])


def _is_array(leaf: Any) -> bool:
    if isinstance(leaf, np.ndarray | np.generic):
        return leaf.dtype.kind in "biufc"
    return isinstance(leaf, jax.Array)


def _key(leaf: Any) -> Any:
    """What tells a fixed argument from another: its value where that cannot change, else which object it is."""
    return (type(leaf), leaf) if isinstance(leaf, bool | int | float | str | bytes | None) else id(leaf)
