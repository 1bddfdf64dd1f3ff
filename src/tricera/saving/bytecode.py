"""Functions that Keras 1, 2 and 3 stored as byte code: made only for somebody who trusts the file.

Such code runs with all the rights of its user. It is byte code of one version of Python and means nothing to another,
so that it is checked first, instruction by instruction: a foreign one would end the process.
"""

import base64
import binascii
import dis
import inspect
import marshal
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import ops
from tricera.engine import registry, scope
from tricera.errors import SafetyError, report

# What such functions may call by these names, beside Python's own and the custom objects.
NAMES: dict[str, Any] = {"np": np, "numpy": np, "jax": jax, "jnp": jnp, "ops": ops, "K": ops}
UNSAFE = "`safe_mode=False` runs the code, with all your rights."
_PROLOGUE = {"RESUME", "COPY_FREE_VARS", "MAKE_CELL", "NOP"}


def function(form: Mapping[str, Any]) -> types.FunctionType:
    """The function of the form `{"class_name": "__lambda__", "config": {"code", "defaults", "closure"}}`.

    Raises:
        SafetyError: nobody said that the file is trusted.
        ValueError: it is byte code of another Python, or none.
    """
    if scope.is_safe():
        raise SafetyError(
            report(
                "A function is stored as Python code, which is not run.",
                fix=f"build the model in Python and `load_weights` from the file; {UNSAFE}",
            )
        )
    config = form["config"]
    defaults, closure = (registry.revive(config.get(part), ()) for part in ("defaults", "closure"))
    code = _code(config["code"])
    cells = tuple(types.CellType(value) for value in closure or ())
    if len(cells) != len(code.co_freevars):
        raise _foreign("it has another number of variables around it than it needs")
    names = {**NAMES, **registry.custom(), "__builtins__": __builtins__}
    return types.FunctionType(code, names, code.co_name, tuple(defaults or ()) or None, cells or None)


def _code(text: str) -> types.CodeType:
    try:
        stored = base64.b64decode(text, validate=False)
        if base64.b64encode(stored) != "".join(text.split()).encode():
            stored = text.encode("raw_unicode_escape")  # Keras 1
        code = marshal.loads(stored)
    except (ValueError, EOFError, TypeError, binascii.Error) as error:
        raise _foreign(str(error)) from None
    if not isinstance(code, types.CodeType):
        raise _foreign("it is no function")
    for each in _nested(code):
        _check(each)
    return code


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


def _check(code: types.CodeType) -> None:
    """Refuse what this Python's compiler cannot have made: unknown instructions, operands or jumps out of range."""
    try:
        steps = list(dis.get_instructions(code))
    except (IndexError, ValueError) as error:
        raise _foreign(f"an operand is out of range ({error})") from None
    names = [step.opname for step in steps]
    if "RESUME" not in names or not set(names[: names.index("RESUME")]) <= _PROLOGUE | {"RETURN_GENERATOR", "POP_TOP"}:
        raise _foreign("it does not begin as a function does")
    places = {step.offset: i for i, step in enumerate(steps)}
    for step in steps:
        if step.opname.startswith("<") or step.opname == "CACHE":
            raise _foreign(f"it has an unknown instruction ({step.opcode})")
        if step.opcode in (*dis.hasjrel, *dis.hasjabs) and step.argval not in places:
            raise _foreign("it jumps out of the code")
    if not code.co_exceptiontable and not code.co_flags & inspect.CO_GENERATOR:
        _check_stack(code, steps, places)


def _check_stack(code: types.CodeType, steps: list[dis.Instruction], places: Mapping[int, int]) -> None:
    depths: dict[int, int] = {}
    ahead = [(0, 0)]
    while ahead:
        at, depth = ahead.pop()
        if at >= len(steps) or not 0 <= depth <= code.co_stacksize:
            raise _foreign("its stack is not in order")
        depths[at] = depth
        step = steps[at]
        if step.opname in ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"):
            continue
        moves = [(at + 1, False)] if step.opname not in ("JUMP_FORWARD", "JUMP_BACKWARD") else []
        if step.opcode in (*dis.hasjrel, *dis.hasjabs):
            moves.append((places[step.argval], True))
        argument = step.arg if step.opcode >= dis.HAVE_ARGUMENT else None
        for to, jumps in moves:
            after = depth + dis.stack_effect(step.opcode, argument, jump=jumps)
            if to not in depths:
                ahead.append((to, after))


def _foreign(why: str) -> ValueError:
    version = ".".join(map(str, sys.version_info[:2]))
    return ValueError(
        report(
            f"A function is stored as byte code that is not Python {version}'s: {why}.",
            fix="load the file with the Python that it was made with, or pass the function in `custom_objects`.",
        )
    )
