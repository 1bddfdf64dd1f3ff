"""The one form of Tricera's messages: what happened, where, expected, got, fix."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any


class SafetyError(ValueError):
    """A file or a configuration asks for something that could do harm."""


class ArgumentError(TypeError, ValueError):
    """A constructor was given an argument that it does not have or cannot use: in Keras one type or the other."""


def report(what: str, *, expected: object = None, got: object = None, fix: str | None = None) -> str:
    """The text of an error: one sentence, then what was expected, what came, and what to change.

    >>> print(report("`units` is not a size.", expected="a positive integer", got=-3))
    `units` is not a size.
      expected: a positive integer
      got:      -3
    """
    rows = (("expected", expected), ("got", got), ("fix", fix))
    return "\n".join([what, *(f"  {name + ':':<9} {value}" for name, value in rows if value is not None)])


def abstract(thing: object, method: str) -> NotImplementedError:
    """The error of a method that only subclasses have."""
    name = type(thing).__name__
    return NotImplementedError(report(f"{name} does not define `{method}`.", fix=f"write `def {method}` in {name}."))


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that looks most like `name`, whatever its case; None if none is near."""
    by_fold = {choice.lower(): choice for choice in sorted(choices)}
    for fold, choice in by_fold.items():
        if str(name).lower().startswith(f"{fold}_"):
            return choice
    matches = difflib.get_close_matches(str(name).lower(), by_fold, n=1, cutoff=0.6)
    if matches and not str(name).lower().endswith("d"):  # no rank was named: mostly it is that of images
        matches.insert(0, f"{matches[0][:-2]}2d" if matches[0].endswith(("1d", "3d")) else matches[0])
    return next((by_fold[match] for match in matches if match in by_fold), None)


def did_you_mean(name: str, choices: Iterable[str]) -> str | None:
    """`did you mean 'Dropout'?`, or None where nothing is near: the `fix` of an unknown name."""
    match = nearest(name, choices)
    return f"did you mean {match!r}?" if match else None


class MissingAttribute(AttributeError):
    """An attribute that is not there; the nearest name is sought when somebody reads the message, not for `hasattr`."""

    def __init__(self, what: str, name: str, choices: Callable[[], Iterable[str]]):
        super().__init__(what, name)
        self._what, self._choices = what, choices

    def __str__(self) -> str:
        name = self.args[1]
        public = [] if name.startswith("_") else [n for n in self._choices() if not n.startswith("_")]
        return report(f"{self._what} has no attribute {name!r}.", fix=did_you_mean(name, public))


# What `legacy` adds to: each takes a module's name and a name sought in it, and returns what is meant, or None.
elsewhere: list[Callable[[str, str], Any]] = []


def missing(module: str, names: Mapping[str, Any]) -> Callable[[str], Any]:
    """The `__getattr__` of a module with these names: it says which one is nearest to a name that is not there."""

    def __getattr__(name: str) -> Any:
        for find in elsewhere:
            found = find(module, name)
            if found is not None:
                return found
        raise MissingAttribute(f"module {module!r}", name, lambda: names)

    return __getattr__
