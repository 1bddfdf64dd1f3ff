"""Compiled programs, shared between objects of equal structure."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any

import jax

_owner: ContextVar[Any] = ContextVar("tricera_program_owner")
_programs: OrderedDict[Hashable, "Program"] = OrderedDict()
_MOST = 256

# How often programs were traced, by kind: what tests of compilation count.
traces: Counter[str] = Counter()


class Program:
    """A jitted `function(owner, *args)`, whose owner is whoever calls: its objects are used when it is traced.

    The program itself holds no model: everything that a model knows comes in as arrays, so that another model
    of the same structure can use it, and none is kept alive.

    Args:
        donate: the places (after the owner) whose buffers the program may reuse.
    """

    def __init__(self, kind: str, function: Callable, donate: tuple[int, ...] = ()):
        def run(*args: Any) -> Any:
            traces[kind] += 1
            return function(_owner.get(), *args)

        run.__name__ = run.__qualname__ = f"tricera_{kind}"
        self.kind = kind
        self._jitted = jax.jit(run, donate_argnums=donate)

    def __call__(self, owner: Any, *args: Any) -> Any:
        token = _owner.set(owner)
        try:
            return self._jitted(*args)
        finally:
            _owner.reset(token)

    def trace(self, owner: Any, *args: Any) -> Any:
        """The traced program: its `.jaxpr` can be looked at, and a later call does not trace again."""
        token = _owner.set(owner)
        try:
            return self._jitted.trace(*args)
        finally:
            _owner.reset(token)

    def compile_beside(self, owner: Any, *args: Any) -> threading.Thread:
        """Compile for these arguments in a thread; a later call finds the result."""
        lowered = self.trace(owner, *args).lower()
        thread = threading.Thread(target=lowered.compile, name="tricera-compile", daemon=True)
        thread.start()
        return thread


def program(key: Hashable, kind: str, function: Callable, donate: tuple[int, ...] = ()) -> Program:
    """The program of this key, made if it is new; the ones not used for longest are forgotten."""
    found = _programs.get(key)
    if found is None:
        found = _programs[key] = Program(kind, function, donate)
        while len(_programs) > _MOST:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return found


def forget() -> None:
    """Drop every program, as `clear_session` does."""
    _programs.clear()


def primitives(jaxpr: Any) -> set[str]:
    """The names of all primitives of a jaxpr, those of inner ones too."""
    found: set[str] = set()
    todo = [getattr(jaxpr, "jaxpr", jaxpr)]
    while todo:
        for equation in todo.pop().eqns:
            found.add(equation.primitive.name)
            for value in equation.params.values():
                for inner in value if isinstance(value, list | tuple) else [value]:
                    inner = getattr(inner, "jaxpr", inner)
                    if hasattr(inner, "eqns"):
                        todo.append(inner)
    return found
