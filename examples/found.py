"""The examples' data: real where the Keras folder has them or they can be downloaded; else what is at hand.

Beside the published data sets, the folder `$KERAS_HOME` (`~/.keras`) may hold `cats_and_dogs_small/train/...`,
`csv/auckland_cycling_weather_and_holidays.csv`, `glove/glove.6B.100d*.txt*` and `text/*.txt`.
"""

from pathlib import Path

import numpy as np

import tricera as keras

FOLDER = Path("demo")  # where the examples leave their pictures


def _or(load, what, instead):
    try:
        return load()
    except (OSError, ValueError):
        print(f"{what} is neither cached nor downloadable: {instead[0]} takes its place.")
        return instead[1]()


def digits(size=28):
    """`(x_train, y_train), (x_test, y_test)`: MNIST, or scikit-learn's digits; floats from 0 to 1, one channel."""
    small = lambda: keras.datasets.digits.load_data(size=28)  # noqa: E731
    pairs = _or(keras.datasets.mnist.load_data, "MNIST", ("scikit-learn's 1,797 digits", small))
    return [(x[:, :size, :size, None].astype("float32") / 255, y.astype("int32")) for x, y in pairs]


def texts(name, words, length=None):
    """`(x_train, y_train), (x_test, y_test)` of `imdb` or `reuters`: word numbers below `words`, padded to `length`."""
    source = getattr(keras.datasets, name)
    pairs = _or(lambda: source.load_data(num_words=words), name, ("made-up text", lambda: _made_up(name, words)))
    pad = keras.utils.pad_sequences
    return [(pad(x, length) if length else x, np.asarray(y, "int32")) for x, y in pairs]


def _made_up(name, words):
    """Word numbers, of which some are typical of each class."""
    draw, classes = np.random.default_rng(0), 46 if name == "reuters" else 2
    labels = draw.integers(0, classes, 3000)
    lists = [np.concatenate([draw.integers(4, words, 60), draw.integers(5, 40, 8) * classes + y]) for y in labels]
    lists = [draw.permutation(numbers % words).tolist() for numbers in lists]
    return (lists[:2000], labels[:2000]), (lists[2000:], labels[2000:])


def word_index(words):
    """The words of the numbers that `texts("imdb", ...)` gives, by number."""
    index = _or(keras.datasets.imdb.get_word_index, "The index of words", ("the numbers", dict))
    names = {number + 3: word for word, number in index.items() if number + 3 < words}
    return {number: f"<{number}>" for number in range(words)} | names | {0: "", 1: "<start>", 2: "<rare>"}


def file(pattern, what, instead):
    """The first file or folder of this pattern in the Keras folder; None, and a line, where there is none."""
    found = sorted(keras.config.home().glob(pattern))
    if not found:
        print(f"{what} is not in {keras.config.home()}: {instead} takes its place.")
    return found[0] if found else None
