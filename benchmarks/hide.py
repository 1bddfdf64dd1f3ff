"""Hides modules that are installed: an import fails, a search finds nothing.

SciPy takes None in `sys.modules` for a module; PyTorch looks for others, and takes no error for an answer.
"""

import sys
from collections.abc import Iterable
from typing import Any


class _Hiding:
    """A finder that does not find some modules, and is otherwise the finder it was made of."""

    def __init__(self, finder: Any, names: frozenset[str]):
        self.finder, self.names = finder, names

    def find_spec(self, name: str, *rest: Any) -> Any:
        return None if name.partition(".")[0] in self.names else self.finder.find_spec(name, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.finder, name)


def hide(names: Iterable[str]) -> None:
    """Let no later import find these modules."""
    sys.meta_path[:] = [_Hiding(finder, frozenset(names)) for finder in sys.meta_path]  # type: ignore[misc]
