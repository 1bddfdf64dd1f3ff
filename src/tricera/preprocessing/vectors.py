"""Word vectors in text files, as GloVe and word2vec write them, made into the weights of an Embedding layer."""

import gzip
import os
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np

from tricera import config
from tricera.errors import report

Word = tuple[str, str]
_LONGEST = 1 << 20  # characters of a line


def embedding_matrix(
    path: str | os.PathLike,
    word_index: Mapping[str, int],
    num_words: int | None = None,
    missing: Any = "zeros",
    dtype: Any = None,
) -> np.ndarray:
    """The vectors of numbered words: row `word_index[word]` is the vector that the file has for `word`.

    Use it as `Embedding(*matrix.shape, weights=[matrix], trainable=False)`.

    Shapes: `-> (num_words, size)`; row 0, which stands for padding, is zero.

    Args:
        path: a text file with a word and its numbers in each line, `.gz` or not; word2vec's first line (the number
            of words, the size) may be there.
        word_index: numbers of words, such as `Tokenizer.word_index`.
        num_words: only words with numbers below it; by default the largest number + 1.
        missing: the vectors of words that the file does not have: `"zeros"`, or `"normal"`: drawn from NumPy's
            global generator with the mean and the deviation of those that it has.
        dtype: `floatx` by default.

    Raises:
        ValueError: a line that is no word with numbers, with its number; or nothing of the file is in `word_index`.
    """
    if missing not in ("zeros", "normal"):
        raise ValueError(report("Unknown `missing`.", expected="'zeros' or 'normal'", got=repr(missing)))
    rows = max(word_index.values(), default=0) + 1 if num_words is None else num_words
    found: dict[int, np.ndarray] = {}
    with _open(path) as file:
        for number, word, numbers in _lines(file, path):
            row = word_index.get(word, rows)
            if row < rows:
                found[row] = _vector(numbers, path, number)
    if not found:
        raise ValueError(
            report(
                "None of the words has a vector.",
                got=f"{len(word_index)} words, none in {os.fspath(path)!r}",
                fix="GloVe's words are lower case; check what `word_index` holds.",
            )
        )
    return _matrix(found, rows, missing).astype(dtype or config.floatx())


def _matrix(found: dict[int, np.ndarray], rows: int, missing: str) -> np.ndarray:
    vectors = np.stack(list(found.values()))
    matrix = np.zeros((rows, vectors.shape[1]), "float32")
    if missing == "normal":
        matrix = np.random.normal(vectors.mean(), vectors.std(), matrix.shape)  # noqa: NPY002
        matrix[0] = 0
    matrix[list(found)] = vectors
    return matrix


def _open(path: str | os.PathLike) -> IO[bytes]:
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else open(path, "rb")  # type: ignore[return-value]


def _lines(file: IO[bytes], path: Any) -> Iterator[tuple[int, str, bytes]]:
    """`(line number, word, its numbers)`; a word may hold spaces where the first line tells how many numbers follow."""
    size = None
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
        if len(line) == _LONGEST:
            raise _broken(path, number, "a line without end")
        parts = line.split()
        if (number == 1 and len(parts) == 2) or not parts:  # word2vec's header, or nothing
            continue
        if size is None:
            size = len(parts) - 1
        word, _, numbers = line.partition(b" ")
        if len(parts) > size + 1:
            word, numbers = b" ".join(parts[:-size]), b" ".join(parts[-size:])
        elif len(parts) < size + 1:
            raise _broken(path, number, f"{len(parts) - 1} numbers, {size} in the lines before")
        yield number, word.decode("utf-8", "replace"), numbers


def _vector(numbers: bytes, path: Any, number: int) -> np.ndarray:
    try:
        return np.array(numbers.split(), "float32")
    except ValueError as error:
        raise _broken(path, number, str(error)) from None


def _broken(path: Any, number: int, got: str) -> ValueError:
    return ValueError(
        report(
            f"{os.fspath(path)!r}, line {number}: no word with its vector.",
            expected="a word and its numbers, with spaces between them",
            got=got,
            fix="word2vec's binary files are another format: write them as text first.",
        )
    )
