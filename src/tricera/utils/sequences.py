"""Sequences of different lengths as one array."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tricera.errors import report


def pad_sequences(
    sequences: Iterable[Sequence[Any]],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences cut and filled up to one length.

    Shapes: `count` sequences of `(steps_i, ...) -> (count, maxlen, ...)`.

    Args:
        maxlen: the length; that of the longest sequence where None.
        padding: where `value` is put, `"pre"` or `"post"`.
        truncating: where long sequences are cut, `"pre"` or `"post"`.

    Raises:
        ValueError: something is no sequence, or a place is neither `"pre"` nor `"post"`.
    """
    for name, place in (("padding", padding), ("truncating", truncating)):
        if place not in ("pre", "post"):
            raise ValueError(report(f"Invalid `{name}`.", expected="'pre' or 'post'", got=repr(place)))
    rows = list(sequences) if hasattr(sequences, "__iter__") else [sequences]
    for row in rows:
        if not hasattr(row, "__len__"):
            raise ValueError(
                report(
                    "`sequences` must be a list of iterables.", got=f"{row!r} among them", fix="pass a list of lists."
                )
            )
    length = maxlen if maxlen is not None else max(map(len, rows), default=0)
    if isinstance(value, str) and not np.issubdtype(np.dtype(dtype), np.str_) and dtype is not object:
        raise ValueError(report(f"`dtype` {dtype} is not compatible with `value`'s type str.", fix="dtype=object"))
    inner = next((np.shape(row)[1:] for row in rows if len(row)), ())
    padded = np.full((len(rows), length, *inner), value, dtype)
    for target, row in zip(padded, rows, strict=True):
        kept = row[-length:] if truncating == "pre" else row[:length]
        if length == 0 or not len(kept):
            continue
        if np.shape(kept)[1:] != inner:
            raise ValueError(
                report("The sequences have steps of different shapes.", expected=inner, got=np.shape(kept)[1:])
            )
        try:
            target[(slice(None, len(kept)) if padding == "post" else slice(-len(kept), None))] = kept
        except ValueError:
            raise _no_numbers(kept, padded.dtype) from None
    return padded


def _no_numbers(sequence: Any, dtype: np.dtype) -> ValueError:
    """What to raise where words were to become numbers."""
    fix = "number the words first: `Tokenizer.texts_to_sequences`; or pass `dtype=object` and a text as `value`."
    what = "An element of `sequences` does not hold numbers."
    return ValueError(report(what, expected=f"numbers, as dtype={dtype.name!r}", got=repr(sequence), fix=fix))
