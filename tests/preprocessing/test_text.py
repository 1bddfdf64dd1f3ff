"""Tokenizers count and number words as keras-preprocessing 1.1.2 does, which gave the values here."""

import hashlib
import json
import tarfile

import numpy as np
import pytest

from tricera.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

TEXTS = ["The cat sat on the mat.", "the dog; a cat", ["List", "of", "words"]]
INDEX = {"<o>": 1, "the": 2, "cat": 3, "sat": 4, "on": 5, "mat": 6, "dog": 7, "a": 8, "list": 9, "of": 10, "words": 11}


def fitted(**kwargs):
    made = Tokenizer(**{"num_words": 5, "oov_token": "<o>"} | kwargs)
    made.fit_on_texts(TEXTS)
    return made


def test_counts_and_numbers():
    made = fitted()
    assert made.word_index == INDEX and made.index_word[3] == "cat" and made.document_count == 3
    assert list(made.word_counts.items())[:3] == [("the", 3), ("cat", 2), ("sat", 1)]
    assert made.word_docs["the"] == 2 and made.index_docs[3] == 2
    made.fit_on_texts(["dog dog dog"])
    assert list(made.word_index)[:4] == ["<o>", "dog", "the", "cat"] and made.document_count == 4
    made.fit_on_sequences([[1, 2, 2], [2]])
    assert made.document_count == 6 and made.index_docs[2] == 4


def test_sequences_and_back():
    made = fitted()
    assert made.texts_to_sequences(["the cat zzz", ["List", "the"]]) == [[2, 3, 1], [1, 2]]
    assert made.sequences_to_texts([[1, 2, 3, 99]]) == ["<o> the cat <o>"]
    assert fitted(oov_token=None).texts_to_sequences(["the mat zzz cat"]) == [[1, 2]]
    assert fitted(oov_token=None).sequences_to_texts([[1, 2, 8]]) == ["the cat"]
    assert fitted(num_words=None).texts_to_sequences(["words"]) == [[11]]
    letters = Tokenizer(char_level=True)
    letters.fit_on_texts(["Hello", "ab"])
    assert letters.texts_to_sequences(["hel lo"]) == [[2, 3, 1, 1, 4]]
    dashes = Tokenizer(analyzer=lambda text: text.split("-"))
    dashes.fit_on_texts(["a b-c", "c"])
    assert dashes.word_index == {"c": 1, "a b": 2}


@pytest.mark.parametrize(
    "mode, row",
    {
        "binary": [0, 1, 1, 1, 0],
        "count": [0, 1, 2, 1, 0],
        "freq": [0, 0.25, 0.5, 0.25, 0],
        "tfidf": [0, 1.38629436, 1.17360019, 0.69314718, 0],
    }.items(),
)
def test_matrices(mode, row):
    np.testing.assert_allclose(fitted().texts_to_matrix(["the the cat zzz"], mode), [row], rtol=1e-7)


def test_json_goes_round_and_is_the_original_s():
    made = fitted()
    again = tokenizer_from_json(made.to_json(indent=1))
    assert vars(again) == vars(made)
    theirs = (
        '{"class_name": "Tokenizer", "config": {"num_words": 5, "filters": "!", "lower": true, "split": " ", '
        '"char_level": false, "oov_token": null, "document_count": 1, "word_counts": "{\\"a\\": 2}", '
        '"word_docs": "{\\"a\\": 1}", "index_docs": "{\\"1\\": 1}", "index_word": "{\\"1\\": \\"a\\"}", '
        '"word_index": "{\\"a\\": 1}"}}'
    )
    read = tokenizer_from_json(theirs)
    assert read.texts_to_sequences(["a! b a"]) == [[1, 1]] and read.to_json() == theirs


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("Hello, World!\tyes",), ["hello", "world", "yes"]),
        (("a--b,c", ",", False, ","), ["a--b", "c"]),
        (("Ünï, çödé — x",), ["ünï", "çödé", "—", "x"]),
        (("one\rtwo three\x0bfour",), ["one\rtwo", "three\x0bfour"]),
        (("  ",), []),
        (("A-B", "-", False, "::"), ["A", "B"]),
    ],
)
def test_words(arguments, words):
    assert text_to_word_sequence(*arguments) == words


def test_hashes():
    assert hashing_trick("the cat", 10, "md5") == [6, 3]
    assert hashing_trick("the cat", 10, lambda word: 7) == [8, 8]
    first, second = one_hot("cat cat", 10)
    assert first == second and 1 <= first < 10


MESSAGES = {
    "text": (
        lambda: Tokenizer().fit_on_texts([1]),
        (
            "A text is expected.\n"
            "  expected: a string, or a list of words\n"
            "  got:      1, of type int\n"
            "  fix:      decode bytes by `.decode()`; make numbers and gaps of a table texts by `.astype(str)`."
        ),
    ),
    "dimension": (
        lambda: Tokenizer().texts_to_matrix(["a"]),
        "Specify a dimension (`num_words` argument), or fit on some text data first.",
    ),
    "tfidf": (
        lambda: Tokenizer(3).texts_to_matrix(["a"], "tfidf"),
        "Fit the Tokenizer on some data before using tfidf mode.\n  fix:      tokenizer.fit_on_texts(texts)",
    ),
    "mode": (
        lambda: fitted().texts_to_matrix(["a"], "counts"),
        "Unknown vectorization mode: 'counts'.\n  fix:      did you mean 'count'?",
    ),
    "no texts": (
        lambda: Tokenizer().texts_to_sequences(3),
        "Not a list: `texts`.\n  expected: a list of texts\n  got:      3, of type int",
    ),
    "no sequences": (
        lambda: fitted().sequences_to_texts([[1], 2]),
        "Not a list: an element of `sequences`.\n  expected: a list of lists of numbers\n  got:      2, of type int",
    ),
    "argument": (
        lambda: Tokenizer(num_word=3),
        "Unrecognized keyword arguments: {'num_word': 3}.\n  fix:      did you mean 'num_words'?",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value) == text


def test_nb_words_is_an_old_name():
    with pytest.warns(UserWarning, match="`nb_words` of `Tokenizer` is named `num_words`"):
        assert Tokenizer(nb_words=3).num_words == 3


def test_real_reviews_get_the_original_s_numbers(shared):
    with tarfile.open(shared / "data/aclImdb/aclImdb_4000.tar.gz") as archive:
        members = [m for m in archive if m.isfile() and m.name.endswith(".txt")]
        texts = [archive.extractfile(m).read().decode() for m in members]
    made = Tokenizer(num_words=10000)
    made.fit_on_texts(texts[:2000])
    made.fit_on_texts(texts[2000:])
    numbers = json.dumps(made.texts_to_sequences(texts)).encode()
    assert hashlib.md5(numbers).hexdigest() == "f2344fede70eb022a96b056ef1d09644"
    counts = [list(made.word_counts.items()), sorted(made.word_docs.items()), sorted(made.index_docs.items())]
    assert hashlib.md5(repr(counts).encode()).hexdigest() == "7f4d46d88bfd2c9d5cf1995a7611d16c"
