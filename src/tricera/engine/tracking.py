"""Finds the variables, layers, metrics and seed generators that an object holds in its attributes.

Nothing is wrapped and nothing is noted when an attribute is set: the attributes are read when somebody asks.
Lists, tuples, sets and dicts are looked into, at any depth. What counts says so itself, by `tracked_as`;
a class names in `untracked` what is long, as a vocabulary is: attributes are read at each call.
"""

from collections.abc import Iterable, Iterator
from typing import Any

# Attributes that hold what belongs to somebody else.
UNTRACKED = {
    "_arguments", "_losses", "_variables_beside", "optimizer", "loss", "history",
    "_loss_tracker", "_compile_metrics", "_compile_loss", "_compile_config",
}  # fmt: skip


def held(owner: Any, kind: str) -> list[Any]:
    """What `owner` holds directly of a kind: `"variable"`, `"layer"`, `"metric"` or `"seed"`; each once, in order."""
    seen: dict[int, Any] = {}
    for name, value in vars(owner).items():
        if name not in UNTRACKED and name not in getattr(type(owner), "untracked", ()):
            for found in _inside(value, kind, set()):
                seen.setdefault(id(found), found)
    return list(seen.values())


def _inside(value: Any, kind: str, visited: set[int]) -> Iterator[Any]:
    if isinstance(value, list | tuple | set | dict):
        if id(value) not in visited:
            visited.add(id(value))
            for item in value.values() if isinstance(value, dict) else value:
                yield from _inside(item, kind, visited)
    elif getattr(type(value), "tracked_as", None) == kind:
        yield value


def unique(things: Iterable[Any]) -> list[Any]:
    """Each thing once, in the order of its first place."""
    return list({id(thing): thing for thing in things}.values())
