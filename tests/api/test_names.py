"""Every public name of Keras 3 is there, or has a reason here; its arguments are Keras', in Keras' order."""

import ast
import inspect
import re
from typing import Any, NamedTuple

import pytest

import tricera

# What is not there, by name or by all that stands below a name. It may only shrink: a name that is there fails too.
MISSING = {
    "distribution": "not there yet",
    "optimizers.legacy": "Keras' own only raise an error",
}


class Name(NamedTuple):
    """A line of the list: a name below `keras`, and its arguments with their defaults, None for a value."""

    path: str
    arguments: dict[str, str | None] | None


def listed(text: str) -> list[Name]:
    found = []
    for line in text.splitlines():
        kind, path, signature = re.fullmatch(r"(class|def|value) keras\.([\w.]+)(?: = .*|(\(.*\)))?", line).groups()
        found.append(Name(path, None if kind == "value" or not signature else arguments(signature)))
    return found


def arguments(signature: str) -> dict[str, str | None]:
    """Named arguments in order, with the text of their defaults."""
    given = ast.parse(f"def f{re.sub(r'<[^>]*>', 'None', signature)}: pass").body[0].args
    names = [argument.arg for argument in given.posonlyargs + given.args]
    defaults = [None] * (len(names) - len(given.defaults)) + [ast.unparse(value) for value in given.defaults]
    return dict(zip(names, defaults, strict=True))


def found(path: str) -> Any:
    """The object of Tricera; None where there is none."""
    thing = tricera
    for part in path.split("."):
        thing = getattr(thing, part, None)
    return None if inspect.ismodule(thing) else thing


def excused(path: str) -> str | None:
    """The entry of `MISSING` that a name falls under."""
    parts = path.split(".")
    return next((key for i in range(len(parts), 0, -1) if (key := ".".join(parts[:i])) in MISSING), None)


def differences(name: Name) -> list[str]:
    """How the arguments of Tricera's object differ from those of the list."""
    own = list(inspect.signature(found(name.path)).parameters.values())
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in own):
        return []
    named = [parameter for parameter in own if parameter.kind is not parameter.VAR_KEYWORD]
    wrong = []
    for i, (argument, default) in enumerate((name.arguments or {}).items()):
        if i >= len(named) or named[i].name != argument:
            wrong.append(f"{argument} stands in place {i}")
        elif not same_default(default, named[i].default):
            wrong.append(f"{argument}={default}, not {named[i].default!r}")
    return wrong


def same_default(text: str | None, value: Any) -> bool:
    """Whether a default is the one of the list; a size for all axes equals one for each."""
    if text is None or value is inspect.Parameter.empty:
        return text is None and value is inspect.Parameter.empty
    wanted = ast.literal_eval(text)
    return wanted == value or wanted == (value,) * len(wanted) if isinstance(wanted, tuple) else wanted == value


@pytest.fixture(scope="module")
def names(shared):
    return listed((shared / "api/keras3.txt").read_text())


def test_every_name_is_there_or_has_a_reason(names):
    gone = [name.path for name in names if found(name.path) is None]
    assert [path for path in gone if not excused(path)] == []
    assert set(MISSING) - {excused(path) for path in gone} == set(), "these are there: drop their reasons"


def test_arguments_are_those_of_keras(names):
    there = {name.path: differences(name) for name in names if found(name.path) is not None and name.arguments}
    assert {path: how for path, how in there.items() if how} == {}
