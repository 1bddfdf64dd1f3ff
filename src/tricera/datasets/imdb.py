"""IMDB: 50,000 film reviews, half of them positive."""

import numpy as np

from tricera.datasets.npz import Array
from tricera.datasets.samples import as_objects, coded, shuffled
from tricera.datasets.source import arrays, load, word_index
from tricera.errors import did_you_mean, report

SOURCE = arrays(
    "imdb.npz",
    "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    {
        "x_train": Array("sequences", ("train",)),
        "y_train": Array("int64", ("train",), below=2),
        "x_test": Array("sequences", ("test",)),
        "y_test": Array("int64", ("test",), below=2),
    },
)
WORDS = word_index("imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
_ARGUMENTS = ("path", "num_words", "skip_top", "maxlen", "seed", "start_char", "oov_char", "index_from")


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    **kwargs,
):
    """The reviews as lists of word numbers, and whether they are positive: `(x_train, y_train), (x_test, y_test)`.

    Words are numbered by frequency, 1 the most frequent one, raised by `index_from`.

    Shapes: `x (25000)` of lists, `y (25000)` of 0 and 1.

    Args:
        num_words: numbers from here on become `oov_char`, as do those below `skip_top`; without `oov_char` they go.
        maxlen: only reviews with fewer numbers than this stay.
        start_char: the first number of each review, or None.

    Reference: Maas et al., Learning word vectors for sentiment analysis, 2011.
    """
    if kwargs:
        name = next(iter(kwargs))
        raise TypeError(report(f"Unrecognized keyword arguments: {kwargs}.", fix=did_you_mean(name, _ARGUMENTS)))
    found = load(SOURCE, path)
    # One generator draws both orders, one after the other.
    rng = np.random.RandomState(seed)
    (x_train, y_train), (x_test, y_test) = (
        shuffled(rng, found[f"x_{part}"], found[f"y_{part}"]) for part in ("train", "test")
    )
    x, y, kept = coded(
        [*x_train, *x_test],
        np.concatenate([y_train, y_test]),
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        start_char=start_char,
        oov_char=oov_char,
        index_from=index_from,
    )
    count = int(kept[: len(x_train)].sum())
    return (as_objects(x[:count]), y[:count]), (as_objects(x[count:]), y[count:])


def get_word_index(path="imdb_word_index.json"):
    """The number of each word, without `index_from`: `{"the": 1, "and": 2, ...}`."""
    return load(WORDS, path)
