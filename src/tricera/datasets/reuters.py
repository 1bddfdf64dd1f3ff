"""Reuters: 11,228 newswires of 46 topics."""

from tricera.datasets.npz import Array
from tricera.datasets.samples import as_objects, coded, shuffled
from tricera.datasets.source import arrays, load, word_index

SOURCE = arrays(
    "reuters.npz",
    "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    {"x": Array("sequences", ("samples",)), "y": Array("int64", ("samples",), below=46)},
)
WORDS = word_index("reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
# fmt: off
LABELS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog",
    "lead",
)
# fmt: on


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """The newswires as lists of word numbers, and their topics: `(x_train, y_train), (x_test, y_test)`.

    The arguments are those of `imdb.load_data`, and `test_split`, the part of the newswires that is for testing.

    Shapes: `x (8982 and 2246)` of lists, `y (8982 and 2246)` from 0 to 45.

    Reference: Lewis, Reuters-21578 text categorization test collection, 1997.
    """
    found = load(SOURCE, path)
    x, y = shuffled(seed, found["x"], found["y"])
    x, y, _ = coded(
        x,
        y,
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        start_char=start_char,
        oov_char=oov_char,
        index_from=index_from,
    )
    count = int(len(x) * (1 - test_split))
    return (as_objects(x[:count]), y[:count]), (as_objects(x[count:]), y[count:])


def get_word_index(path="reuters_word_index.json"):
    """The number of each word, without `index_from`."""
    return load(WORDS, path)


def get_label_names():
    """The names of the 46 topics, in the order of their numbers."""
    return LABELS
