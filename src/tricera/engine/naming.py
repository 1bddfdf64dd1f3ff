"""Names that nobody gave: `dense`, `dense_1`, ..."""

import re
from collections import Counter

_taken: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """`MaxPooling2D -> max_pooling2d`, `LSTM -> lstm`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def unique(prefix: str) -> str:
    """`prefix` the first time, then `prefix_1`, `prefix_2`, ..."""
    count = _taken[prefix]
    _taken[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def auto_name(cls_or_function) -> str:
    """The next free name for an object of this class, or for a call of this function."""
    return unique(snake_case(cls_or_function.__name__))


def reset() -> None:
    """Start to count anew, as `clear_session` does."""
    _taken.clear()
