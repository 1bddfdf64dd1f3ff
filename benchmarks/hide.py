"""Hides modules that are installed. None in `sys.modules` would do too, but SciPy takes that for a module."""

import sys
from collections.abc import Iterable
from typing import Any


class _Hidden:
    def __init__(self, names: Iterable[str]):
        self.names = frozenset(names)

    def find_spec(self, name: str, *_: Any) -> None:
        if name in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide(names: Iterable[str]) -> None:
    """Let no later import find these modules."""
    sys.meta_path.insert(0, _Hidden(names))  # type: ignore[arg-type]
