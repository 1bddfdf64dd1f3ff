"""Text on the host, as bytes: words and their numbers in C where there is a compiler, else by what Python has of C."""

import ctypes
import string
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tricera.kernels import native

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


class Vocabulary:
    """The numbers of words, and of runs of neighbouring words, in texts.

    Args:
        table: the number of each token.
        unknown: the number of all others.
        standardize: one of `STANDARDIZE`, or None.
        lengths: those of the runs; they come in this order.
    """

    def __init__(self, table: Mapping[bytes, int], unknown: int, standardize: str | None, lengths: Sequence[int]):
        native.begin()
        self._unknown, self._known = unknown, b"".join(table)
        self._ends = _ends(list(table))
        self._numbers = np.fromiter(table.values(), "int32", len(table))
        self._becomes, self._lengths = _becomes(standardize), np.asarray(lengths, "int64")
        self._slots: np.ndarray | None = None

    def rows(self, texts: Sequence[bytes], width: int | None, filling: int) -> np.ndarray | None:
        """The numbers of each text, cut to `width` or filled; None where no library can do it.

        Args:
            width: by default that of the longest row.
        """
        if (read := native.host("words")) is None:
            return None
        if self._slots is None:
            slots = np.full(1 << (2 * len(self._ends)).bit_length(), -1, "int32")
            native.host("words_index")(ctypes.byref(self._layout(slots)))
            self._slots = slots
        letters, ends = b"".join(texts), _ends(texts)
        given = ctypes.byref(self._layout(self._slots)), letters, native.pointer(ends), ctypes.c_int64(len(texts))
        if width is None and (width := read(*given, ctypes.c_int64(0), filling, None)) < 0:
            return None
        made = np.empty((len(texts), width), "int32")
        return None if read(*given, ctypes.c_int64(width), filling, native.pointer(made)) < 0 else made

    def _layout(self, slots: np.ndarray) -> "_Layout":
        arrays = self._becomes, self._lengths, self._known, self._ends, slots, self._numbers
        sizes = len(self._lengths), len(self._ends), len(slots) - 1, self._unknown
        return _Layout(*(each if isinstance(each, bytes) else each.ctypes.data for each in arrays), *sizes)


class _Layout(ctypes.Structure):
    """`Vocabulary` in `words.h`."""

    _fields_ = [
        ("becomes", ctypes.c_void_p),
        ("runs", ctypes.c_void_p),
        ("known", ctypes.c_char_p),
        ("ends", ctypes.c_void_p),
        ("slots", ctypes.c_void_p),
        ("numbers", ctypes.c_void_p),
        ("run_lengths", ctypes.c_int64),
        ("tokens", ctypes.c_int64),
        ("last_slot", ctypes.c_int64),
        ("unknown", ctypes.c_int32),
    ]


def _ends(texts: Sequence[bytes]) -> np.ndarray:
    """Where each text ends if they are laid end to end."""
    return np.cumsum(np.fromiter(map(len, texts), "int64", len(texts)))


def _becomes(standardize: str | None) -> np.ndarray:
    """What each byte becomes: another one, -1 if it is dropped, -2 if it stands between words."""
    each = [bytes([i]) for i in range(256)]
    made = each if standardize is None else STANDARDIZE[standardize](each)
    return np.array([-1 if not one else ord(one) if one.split() else -2 for one in made], "int16")
