"""Pairs of words and windows of time series: what keras-preprocessing 1.1.2 gives, which gave the values here."""

import random

import numpy as np
import pytest

from tricera.preprocessing.sequence import (
    TimeseriesGenerator,
    make_sampling_table,
    pad_sequences,
    skipgrams,
    timeseries_generator_from_json,
)
from tricera.preprocessing.vectors import embedding_matrix


def test_skipgrams_draw_as_the_original_does():
    random.seed(3)
    assert skipgrams([1, 2, 0, 3, 4], 6, window_size=2, seed=7) == (
        [[2, 1], [2, 3], [3, 2], [3, 4], [3, 5], [3, 4], [4, 1], [2, 1], [1, 2], [1, 5], [2, 3], [4, 3]],
        [0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1],
    )
    pairs, labels = skipgrams([1, 2, 3], 6, 1, negative_samples=0.5, categorical=True, shuffle=False)
    assert pairs[:4] == [[1, 2], [2, 1], [2, 3], [3, 2]] and labels == [[0, 1]] * 4 + [[1, 0]] * 2
    random.seed(3)
    assert skipgrams([1, 2, 3], 6, 1, shuffle=False) == (
        [[1, 2], [2, 1], [2, 3], [3, 2], [3, 3], [1, 5], [2, 4], [2, 5]],
        [1] * 4 + [0] * 4,
    )
    random.seed(3)
    table = make_sampling_table(6, 0.1)
    assert skipgrams([1, 2, 3], 6, 1, sampling_table=table)[1] == [0, 1, 1, 0, 0, 1, 0, 1]


def test_sampling_table():
    wanted = [0.03152248, 0.03152248, 0.05475973, 0.07415564, 0.09128167, 0.10684345]
    np.testing.assert_allclose(make_sampling_table(6, 1e-3), wanted, rtol=1e-6)


def test_windows_of_a_time_series():
    made = TimeseriesGenerator(
        list(range(20)), list(range(20)), 4, sampling_rate=2, stride=3, start_index=2, batch_size=3
    )
    assert len(made) == 2
    (x, y), (last, _) = made[0], made[1]
    assert (
        x.tolist() == [[2, 4], [5, 7], [8, 10]] and y.tolist() == [6, 9, 12] and last.tolist() == [[11, 13], [14, 16]]
    )
    again = timeseries_generator_from_json(made.to_json())
    assert again.get_config() == made.get_config() and again[1][0].tolist() == last.tolist()
    turned = TimeseriesGenerator(list(range(10)), list(range(10)), 3, reverse=True, batch_size=4, end_index=8)
    assert turned[0][0].tolist() == [[2, 1, 0], [3, 2, 1], [4, 3, 2], [5, 4, 3]] and turned[0][1].tolist() == [
        3,
        4,
        5,
        6,
    ]
    table = np.arange(60).reshape(20, 3)
    x, y = TimeseriesGenerator(table, table[:, 0], 4, shuffle=True, batch_size=5)[0]
    assert x.shape == (5, 4, 3) and (x[:, -1, 0] + 3 == y).all()


MESSAGES = {
    "lengths": (
        lambda: TimeseriesGenerator([1, 2], [1], 1),
        "Data and targets have to be of same length.\n  got:      Data length is 2 while target length is 1",
    ),
    "short": (
        lambda: TimeseriesGenerator([1, 2], [1, 2], 5),
        (
            "`start_index+length=5 > end_index=1` is disallowed, as no part of the sequence would be left to be used "
            "as current step.\n  fix:      give a longer series, or a shorter `length`."
        ),
    ),
    "no sequences": (
        lambda: pad_sequences([1, 2]),
        "`sequences` must be a list of iterables.\n  got:      1 among them\n  fix:      pass a list of lists.",
    ),
    "words": (
        lambda: pad_sequences([[], ["a", "b"]]),
        (
            "An element of `sequences` does not hold numbers.\n"
            "  expected: numbers, as dtype='int32'\n"
            "  got:      ['a', 'b']\n"
            "  fix:      number the words first: `Tokenizer.texts_to_sequences`; or pass `dtype=object` and a text as "
            "`value`."
        ),
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == text


# ---- vectors of words


def test_real_vectors_become_rows(shared):
    folder = shared / "data/glove"
    index = {"the": 1, "of": 3, "qwertyuiop": 2, "late": 90}
    glove = embedding_matrix(folder / "glove.6B.100d.sample.txt.gz", index, num_words=4)
    assert glove.shape == (4, 100) and glove.dtype == "float32"
    np.testing.assert_allclose(glove[1, :3], [-0.038194, -0.24487, 0.72812])
    assert not glove[[0, 2]].any() and glove[3].any()
    drawn = embedding_matrix(folder / "glove.6B.100d.sample.txt.gz", index, num_words=4, missing="normal")
    assert drawn[2].std() > 0.1 and not drawn[0].any() and (drawn[1] == glove[1]).all()
    vectors = embedding_matrix(folder / "word2vec_sample_vec.txt", {"the": 1})
    np.testing.assert_allclose(vectors[1, :2], [-0.002167, -0.001903])
    assert vectors.shape == (2, 200)


def test_words_with_spaces_and_a_header(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\nthe 1 2\n. . 3 4\nx 5 6\n")
    assert embedding_matrix(path, {"the": 1, ". .": 2}).tolist() == [[0, 0], [1, 2], [3, 4]]


@pytest.mark.parametrize(
    "content, text",
    {
        "the 1 2\nof 3\n": "{path!r}, line 2: no word with its vector.\n"
        "  expected: a word and its numbers, with spaces between them\n"
        "  got:      1 numbers, 2 in the lines before\n"
        "  fix:      word2vec's binary files are another format: write them as text first.",
        "the 1 x\n": "{path!r}, line 1: no word with its vector.\n"
        "  expected: a word and its numbers, with spaces between them\n"
        "  got:      could not convert string to float: b'x'\n"
        "  fix:      word2vec's binary files are another format: write them as text first.",
        "of 1 2\n": "None of the words has a vector.\n"
        "  got:      1 words, none in {path!r}\n"
        "  fix:      GloVe's words are lower case; check what `word_index` holds.",
    }.items(),
)
def test_files_that_hold_no_vectors(tmp_path, content, text):
    path = tmp_path / "v.txt"
    path.write_text(content)
    with pytest.raises(ValueError) as caught:
        embedding_matrix(path, {"the": 1})
    assert str(caught.value) == text.format(path=str(path))
