"""Text on the host, as bytes: one pass of C over each text where Python has one."""

import string
from collections.abc import Callable, Sequence

import numpy as np

_PUNCTUATION = string.punctuation.encode()
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())

STANDARDIZE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "lower_and_strip_punctuation": lambda texts: [each.translate(_LOWER, _PUNCTUATION) for each in texts],
    "lower": lambda texts: [each.lower() for each in texts],
    "strip_punctuation": lambda texts: [each.translate(None, _PUNCTUATION) for each in texts],
}
SPLIT: dict[str, Callable[[list[bytes]], list[list[bytes]]]] = {
    "whitespace": lambda texts: [each.split() for each in texts],
    "character": lambda texts: [[letter.encode() for letter in each.decode(errors="replace")] for each in texts],
}


def ngrams(tokens: Sequence[bytes], lengths: Sequence[int]) -> list[bytes]:
    """All runs of neighbouring tokens of each of the lengths, joined by spaces."""
    return [b" ".join(tokens[i : i + n]) for n in lengths for i in range(len(tokens) - n + 1)]


def padded(ids: np.ndarray, lengths: np.ndarray, width: int | None, value: int) -> np.ndarray:
    """Rows of so many `ids` each, laid end to end, as a matrix; cut to `width`, or padded by `value`."""
    width = int(lengths.max(initial=0)) if width is None else width
    place = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    row = np.repeat(np.arange(len(lengths)), lengths)
    kept = place < width
    made = np.full((len(lengths), width), value, ids.dtype)
    made[row[kept], place[kept]] = ids[kept]
    return made
