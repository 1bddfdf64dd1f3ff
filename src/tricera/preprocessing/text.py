"""Texts as lists of words, and words as numbers."""

import hashlib
import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tricera.errors import did_you_mean, report

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_OTHER_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f"
_MODES = ("binary", "count", "freq", "tfidf")


def text_to_word_sequence(text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text.

    Args:
        filters: characters that stand for `split`.
        lower: whether words are made lower case.
        split: what stands between words.
    """
    return _Splitter(filters, lower, split)(text)


class _Splitter:
    """From a text to its words. Plain ASCII between single spaces is split as bytes: the same, sooner."""

    def __init__(self, filters: Iterable[str], lower: bool, split: str):
        self._table, self._lower, self._split = str.maketrans(dict.fromkeys(filters, split)), lower, split
        plain = "".join(map(chr, range(128))).translate(self._table)
        self._bytes = None
        if split == " ":
            self._bytes = (plain.lower() if lower else plain).encode() + bytes(128)

    def __call__(self, text: str) -> list[str]:
        if not isinstance(text, str):
            raise TypeError(
                report(
                    "A text is expected.",
                    expected="a string, or a list of words",
                    got=f"{text!r}, of type {type(text).__name__}",
                    fix="decode bytes by `.decode()`; make numbers and gaps of a table texts by `.astype(str)`.",
                )
            )
        if self._bytes and text.isascii():
            words = text.encode().translate(self._bytes).decode()
            if not any(space in words for space in _OTHER_SPACES):
                return words.split()
            return [word for word in words.split(" ") if word]
        text = (text.lower() if self._lower else text).translate(self._table)
        return [word for word in text.split(self._split) if word]


def one_hot(text: str, n: int, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[int]:
    """The words of a text as numbers from 1 to `n - 1`, by Python's `hash`, which differs from process to process."""
    return hashing_trick(text, n, hash, filters, lower, split)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """The words of a text as numbers: `hash(word) % (n - 1) + 1`; different words may share one.

    Args:
        n: the numbers are below it; 0 is none of them.
        hash_function: `"md5"`, the same in every process, or a function of a word; by default Python's `hash`.
    """
    function = _md5 if hash_function == "md5" else hash_function or hash
    return [function(word) % (n - 1) + 1 for word in text_to_word_sequence(text, filters, lower, split)]  # type: ignore[operator]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Words, or characters, numbered by how often they occur: 1 is the most frequent.

    `fit_on_texts` counts, `texts_to_sequences` numbers, `texts_to_matrix` makes a row of each text. A text is a
    string, or a list of words.

    Args:
        num_words: only numbers below it are given; None for all.
        filters: characters that stand for `split`.
        lower: whether texts are made lower case.
        split: what stands between words.
        char_level: number characters, not words.
        oov_token: a word that stands for all unknown ones, and has the number 1; without it they are left out.
        analyzer: a function from a text to its words, instead of all the above.

    >>> tokenizer = Tokenizer()
    >>> tokenizer.fit_on_texts(["The cat sat.", "The dog"])
    >>> tokenizer.texts_to_sequences(["the dog sat on the cat"])
    [[1, 4, 3, 1, 2]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        document_count: int = 0,
        analyzer: Callable[[str], list[str]] | None = None,
        **kwargs: Any,
    ):
        if "nb_words" in kwargs:
            warnings.warn("`nb_words` of `Tokenizer` is named `num_words`.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        for name in kwargs:
            known = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count", "analyzer")
            raise TypeError(report(f"Unrecognized keyword arguments: {kwargs}.", fix=did_you_mean(name, known)))
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        # How often each word occurs, in how many texts, and the same by number.
        self.word_counts: Counter[str] = Counter()
        self.word_docs: Counter[str] = Counter()
        self.index_docs: Counter[int] = Counter()
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    # ---- counting

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number them; words of earlier calls count too."""
        counts, documents = Counter(self.word_counts), Counter(self.word_docs)
        for words in self._split(texts):
            self.document_count += 1
            counts.update(words)
            documents.update(set(words))
        self.word_counts, self.word_docs = counts, documents
        first = [] if self.oov_token is None else [self.oov_token]
        by_count = sorted(counts, key=counts.__getitem__, reverse=True)
        self.word_index = {word: i for i, word in enumerate([*first, *by_count], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        self.index_docs = Counter({self.word_index[word]: count for word, count in documents.items()})

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count in how many sequences each number occurs: what `sequences_to_matrix(..., "tfidf")` needs."""
        documents = Counter(self.index_docs)
        for sequence in _lists(sequences):
            self.document_count += 1
            documents.update(set(sequence))
        self.index_docs = documents

    def _split(self, texts: Iterable[Any]) -> Iterator[Sequence[str]]:
        """The words or characters of each text."""
        split = _Splitter(self.filters or "", self.lower, self.split)
        for text in _listed(texts, "`texts`", "a list of texts"):
            if isinstance(text, list):
                yield [str(word).lower() for word in text] if self.lower else text
            elif self.char_level:
                yield text.lower() if self.lower else text
            elif self.analyzer is not None:
                yield self.analyzer(text)
            else:
                yield split(text)

    # ---- texts and sequences

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The numbers of each text's words."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """The same, one after the other."""
        number, limit = self.word_index.get, self.num_words or math.inf
        unknown = None if self.oov_token is None else number(self.oov_token)
        for words in self._split(texts):
            numbers = map(number, words)
            if self.oov_token is None:
                yield [i for i in numbers if i is not None and i < limit]
            else:
                yield [i if i is not None and i < limit else unknown for i in numbers]  # type: ignore[misc]

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """The words of each sequence, with spaces between them."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Sequence[int]]) -> Iterator[str]:
        """The same, one after the other."""
        limit = self.num_words or math.inf
        for sequence in _lists(sequences):
            words = (self.index_word.get(i) if i < limit else None for i in sequence)
            yield " ".join(word if word is not None else self.oov_token for word in words if word or self.oov_token)  # type: ignore[misc]

    # ---- matrices

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """A row for each text: `sequences_to_matrix(texts_to_sequences(texts))`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Iterable[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """A row for each sequence, with a column for each number below `num_words`.

        Args:
            mode: `"binary"`, `"count"`, `"freq"` (`count / length`), or `"tfidf"`
                (`(1 + log count) * log(1 + texts / (1 + texts with this word))`).

        Raises:
            ValueError: an unknown mode, or too little is known.
        """
        columns = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        self._check_matrix(columns, mode)
        rows = list(_lists(sequences))
        matrix = np.zeros((len(rows), columns))
        for row, sequence in zip(matrix, rows, strict=True):
            numbers = np.asarray(sequence, "int64")
            row += np.bincount(numbers[numbers < columns], minlength=columns)
            if mode == "freq" and len(numbers):
                row /= len(numbers)
        if mode == "binary":
            return (matrix > 0).astype("float64")
        return self._weighted(matrix) if mode == "tfidf" else matrix

    def _check_matrix(self, columns: int, mode: str) -> None:
        what = fix = None
        if not columns:
            what, fix = "Specify a dimension (`num_words` argument), or fit on some text data first.", None
        elif mode == "tfidf" and not self.document_count:
            what, fix = "Fit the Tokenizer on some data before using tfidf mode.", "tokenizer.fit_on_texts(texts)"
        elif mode not in _MODES:
            what, fix = f"Unknown vectorization mode: {mode!r}.", did_you_mean(str(mode), _MODES)
        if what:
            raise ValueError(report(what, fix=fix))

    def _weighted(self, counts: np.ndarray) -> np.ndarray:
        documents = np.array([self.index_docs.get(i, 0) for i in range(counts.shape[1])])
        rarity = np.log(1 + self.document_count / (1 + documents))
        return np.where(counts > 0, (1 + np.log(np.maximum(counts, 1))) * rarity, 0.0)

    # ---- kept

    def get_config(self) -> dict[str, Any]:
        """Arguments and counts; the counts as JSON."""
        plain = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        config = {name: getattr(self, name) for name in plain}
        return config | {name: json.dumps(getattr(self, name)) for name in _COUNTED}

    def to_json(self, **kwargs: Any) -> str:
        """All of it as JSON, for `tokenizer_from_json`.

        Args:
            kwargs: of `json.dumps`.
        """
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def _listed(given: Any, name: str, expected: str) -> Iterable[Any]:
    if not hasattr(given, "__iter__"):
        got = f"{given!r}, of type {type(given).__name__}"
        raise TypeError(report(f"Not a list: {name}.", expected=expected, got=got))
    return given


def _lists(sequences: Any) -> Iterator[Any]:
    """The sequences, each told from a number that stands alone."""
    expected = "a list of lists of numbers"
    for sequence in _listed(sequences, "`sequences`", expected):
        yield _listed(sequence, "an element of `sequences`", expected)


_COUNTED = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `to_json` wrote."""
    config = dict(json.loads(json_string)["config"])
    counted = {name: json.loads(config.pop(name)) for name in _COUNTED}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts, tokenizer.word_docs = Counter(counted["word_counts"]), Counter(counted["word_docs"])
    tokenizer.index_docs = Counter({int(i): count for i, count in counted["index_docs"].items()})
    tokenizer.index_word = {int(i): word for i, word in counted["index_word"].items()}
    tokenizer.word_index = counted["word_index"]
    return tokenizer
