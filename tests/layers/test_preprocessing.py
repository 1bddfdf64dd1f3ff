"""Layers of data: text, categories and statistics as Keras computes them with TensorFlow, whose values stand here."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tricera import Input, config, layers, models
from tricera.errors import SafetyError
from tricera.kernels import native

TEXTS = ["Hello, World! the the", "a b: the hello"]
ASKED = ["the hello zebra, a", "b"]
WORDS = np.array([["a", "b", "c", "b"], ["c", "c", "d", "e"]])
NORMAL = np.random.RandomState(0).normal(size=(1000, 3)).astype("float32")


@pytest.fixture(scope="module")
def tf():
    """Keras computes these layers with TensorFlow."""
    return pytest.importorskip("tensorflow")


# The layer, its arguments, what it adapts to, what it is asked.
CASES = {
    "hash": ("Hashing", {"num_bins": 1000003}, None, np.array([["a"], ["hello world"], ["x" * 99]])),
    "hash integers": ("Hashing", {"num_bins": 1000003}, None, np.array([[1, -3], [2, 1 << 40]])),
    "hash keyed": ("Hashing", {"num_bins": 99, "salt": [133, 137]}, None, np.array(["a", "hello world"])),
    "hash masked": ("Hashing", {"num_bins": 3, "mask_value": "", "output_mode": "one_hot"}, None,
                    np.array([["a"], [""]])),
    "integers": ("IntegerLookup", {"num_oov_indices": 2, "mask_token": 0}, np.array([[3, 3, 5], [0, 5, 3]]),
                 np.array([[3, 5], [0, 8]])),
    "integers hashed": ("IntegerLookup", {"vocabulary": [1], "num_oov_indices": 4, "oov_method": "farmhash", "salt": 5},
                        None, np.array([7, 8, -3, 1])),
    "strings": ("StringLookup", {}, WORDS, np.array([["c", "zz"], ["a", "b"]])),
    "strings limited": ("StringLookup", {"max_tokens": 5, "mask_token": "", "num_oov_indices": 2}, WORDS,
                        np.array([["c", "zz"], ["", "y"]])),
    "strings weighed": ("StringLookup", {"output_mode": "tf_idf"}, WORDS, np.array([["c", "zz"], ["b", "b"]])),
    "strings counted": ("StringLookup", {"vocabulary": ["a", "b"], "output_mode": "count"}, None,
                        np.array([["a", "x", "a"]])),
    "text": ("TextVectorization", {}, TEXTS, ASKED),
    "text of a length": ("TextVectorization", {"output_sequence_length": 3}, TEXTS, ASKED),
    "text weighed": ("TextVectorization", {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
                     TEXTS, ASKED),
    "text of n-grams": ("TextVectorization", {"ngrams": (1, 3), "output_mode": "count"}, TEXTS, ASKED),
    "text of letters": ("TextVectorization", {"split": "character", "standardize": "lower"}, TEXTS, ASKED),
    "text unsplit": ("TextVectorization", {"split": None, "standardize": "strip_punctuation"}, TEXTS, ASKED),
    "bins": ("Discretization", {"num_bins": 4}, NORMAL[:, :1], NORMAL[:9]),
    "statistics": ("Normalization", {"axis": -1}, NORMAL, NORMAL[:9]),
    "statistics undone": ("Normalization", {"axis": None, "invert": True}, NORMAL, NORMAL[:9]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_learned_and_computed_is_what_keras_does(case, keras, tf):
    name, arguments, data, asked = case
    ours, theirs = (getattr(namespace, name)(**arguments) for namespace in (layers, keras.layers))
    if data is not None:
        ours.adapt(data)
        theirs.adapt(data)
    assert_allclose(ours(asked), theirs(asked), rtol=1e-5, atol=1e-6)
    if hasattr(theirs, "get_vocabulary"):
        assert ours.get_vocabulary() == [str(x) if isinstance(x, str) else int(x) for x in theirs.get_vocabulary()]
    assert ours.get_config().get("vocabulary") == theirs.get_config().get("vocabulary")
    if data is not None:
        ours.adapt(data)  # anew, not on top
        assert_allclose(ours(asked), theirs(asked), rtol=1e-5, atol=1e-6)


def test_values_of_keras():
    assert_array_equal(layers.Hashing(1000003)(np.array(["a", "hello world"])), [291400, 234754])
    assert_array_equal(layers.Hashing(1000003)(np.array([1, 2, -3])), [361198, 476982, 705258])
    assert_array_equal(layers.Hashing(1000003, salt=133)(["a", "hello world"]), [177541, 98082])
    crossed = layers.HashedCrossing(1000003)((np.array(["a", "b"]), np.array([1, 2])))
    assert_array_equal(crossed, [245631, 703768])
    several = layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=3)
    assert_array_equal(several(["a", "x", "y", "zz", "hello"]), [3, 2, 2, 1, 1])
    text = layers.TextVectorization()
    text.adapt(TEXTS)
    assert text.get_vocabulary() == ["", "[UNK]", "the", "hello", "world", "b", "a"]
    assert_array_equal(text(ASKED), [[2, 3, 1, 6], [5, 0, 0, 0]])
    bins = layers.Discretization(num_bins=4)
    bins.adapt(np.arange(1000.0)[:, None])
    assert_allclose(bins.bin_boundaries, [249, 499, 749], atol=0.01)


def test_batches_count_as_the_whole():
    halves = [NORMAL[:500], NORMAL[500:]]
    one, many = layers.Normalization(), layers.Normalization()
    one.adapt(NORMAL)
    many.adapt(iter(halves))
    for a, b in zip(one.get_weights(), many.get_weights(), strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    words = layers.StringLookup()
    words.adapt(iter(WORDS))
    assert words.get_vocabulary() == ["[UNK]", "c", "b", "e", "d", "a"]
    words.adapt(iter(WORDS), steps=1)
    assert words.get_vocabulary() == ["[UNK]", "b", "c", "a"]


def test_numbers_become_tokens_again():
    assert layers.StringLookup(vocabulary=["a", "b"], invert=True)([[1, 0], [2, 9]]).tolist() == [
        ["a", "[UNK]"],
        ["b", "[UNK]"],
    ]
    assert_array_equal(layers.IntegerLookup(vocabulary=[10, 20], invert=True)([1, 0, 2]), [10, -1, 20])


def test_assets_and_states_restore_a_vocabulary(tmp_path):
    layer = layers.TextVectorization(output_mode="tf_idf")
    layer.adapt(TEXTS)
    layer.save_assets(tmp_path)
    assert (tmp_path / "vocabulary.txt").read_text() == "[UNK]\nthe\nhello\nworld\nb\na"
    store = {}
    layer.save_own_variables(store)
    again = layers.TextVectorization.from_config(layer.get_config())
    again.load_assets(tmp_path)
    again.load_own_variables(store)
    assert_allclose(again(ASKED), layer(ASKED))


def test_a_file_of_tokens_is_read_for_the_user_and_for_nobody_else(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("b\na\n")
    layer = layers.StringLookup(vocabulary=str(path))
    assert_array_equal(layer(["a", "b", "c"]), [2, 1, 0])
    config = layer.get_config()
    assert config["vocabulary"] == ["b", "a"]
    with pytest.raises(SafetyError) as error:
        layers.StringLookup.from_config({**config, "vocabulary": str(path)})
    assert str(error.value) == (
        "StringLookup: the configuration names a file as its vocabulary, which is not read.\n"
        f"  got:      {str(path)!r}\n  fix:      `set_vocabulary(path)` on the layer."
    )


def test_text_enters_a_model():
    text = Input((1,), dtype="string")
    numbers = Input((2,))
    words = layers.TextVectorization(output_sequence_length=3, vocabulary=["the", "a"])(text)
    assert words.shape == (None, 3)
    vectors = layers.Flatten()(layers.Embedding(4, 2)(words))
    model = models.Model([text, numbers], layers.Concatenate()([vectors, layers.Normalization()(numbers)]))
    outputs = model([np.array([["the a"], ["a"]]), np.ones((2, 2), "float32")])
    assert outputs.shape == (2, 8)


def test_statistics_of_batches_in_a_list_and_beside_targets():
    x = NORMAL.reshape(100, 10, 3)
    whole = layers.Normalization(axis=(1, 2))
    whole.adapt(x)
    for data in ([x[:50], x[50:]], [(x[:50], np.zeros(50)), (x[50:], np.zeros(50))]):
        parts = layers.Normalization(axis=(1, 2))
        parts.adapt(data)
        assert_allclose(parts(x), whole(x), rtol=1e-4, atol=1e-5)
    for data, message in (
        ([], "`adapt` was given an empty iterable, without a single batch."),
        (
            x[:, :9],
            "`adapt` was given data of an incompatible shape.\n  expected: (None, 10, 3)\n  got:      (100, 9, 3)",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            whole.adapt(data)
        assert str(caught.value) == f'Normalization layer "{whole.name}": {message}'


def test_statistics_of_fewer_axes_serve_all():
    layer = layers.Normalization(axis=(1, 2), mean=[1.0, 2.0], variance=[4.0, 9.0])
    assert_allclose(layer(np.ones((1, 3, 2))), np.broadcast_to([0, -1 / 3], (1, 3, 2)), atol=1e-6)


def test_a_vector_scales_channels_wherever_they_stand(monkeypatch):
    monkeypatch.setitem(config._settings, "image_data_format", "channels_first")
    assert_array_equal(layers.Rescaling([1.0, 2.0])(np.ones((1, 2, 1, 1)))[0, :, 0, 0], [1, 2])


def test_a_pipeline_is_its_layers():
    pipeline = layers.Pipeline([layers.StringLookup(vocabulary=["a", "b"]), layers.CategoryEncoding(3, "one_hot")])
    assert_array_equal(pipeline(["b", "x"]), [[0, 0, 1], [1, 0, 0]])
    assert layers.Pipeline.from_config(pipeline.get_config()).get_config() == pipeline.get_config()


def test_spectra_are_those_of_keras(keras):
    x = NORMAL[:600].T.copy()
    for arguments in (
        {},
        {"mode": "log", "fft_length": 512, "frame_step": 100},
        {"mode": "angle"},
        {"window": None},
        {"mode": "psd"},
    ):
        ours, theirs = (namespace.STFTSpectrogram(**arguments) for namespace in (layers, keras.layers))
        y, z = (np.asarray(layer(x[..., None])) for layer in (ours, theirs))
        y, z = (np.cos(y), np.cos(z)) if "angle" in arguments.values() else (y, z)
        assert_allclose(y, z, rtol=1e-3, atol=1e-3)
    for arguments in (
        {"fft_length": 64, "sequence_stride": 16, "num_mel_bins": 8, "sequence_length": 60},
        {"power_to_db": False, "fft_length": 256},
    ):
        ours, theirs = (namespace.MelSpectrogram(**arguments) for namespace in (layers, keras.layers))
        assert_allclose(ours(x), theirs(x), rtol=1e-3, atol=1e-3)


def test_a_call_does_not_look_through_the_vocabulary():
    class Closed(list):
        def __iter__(self):
            raise AssertionError("looked through")

    layer = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=2)
    layer._lookup_layer._tokens = Closed(["a", "b"])
    assert_array_equal(layer(["b a", "c"]), [[3, 2], [1, 0]])


LETTERS = list("aAbBZz  \t\n\x0b\x1c!.,'-éÉß\u2003日\x00_")


@pytest.mark.parametrize(
    "standardize", ["lower_and_strip_punctuation", "lower", "strip_punctuation", None, np.char.upper]
)
@pytest.mark.parametrize("rest", [{}, {"output_sequence_length": 7}, {"ngrams": (3, 1), "output_mode": "tf_idf"}])
def test_words_are_the_same_with_and_without_a_compiler(standardize, rest, monkeypatch):
    rng = np.random.default_rng(0)
    given = ["".join(rng.choice(LETTERS, rng.integers(0, 40))) for _ in range(200)] + ["", "   ", "a", "!!"]
    layer = layers.TextVectorization(max_tokens=60, standardize=standardize, **rest)
    layer.adapt(np.array(given))
    asked = [np.array(given), np.array([""]), np.array("ab Z")]
    copies = (
        [layer] if standardize is np.char.upper else [layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    )
    ours = [[np.asarray(each(x)) for x in asked] for each in copies]
    monkeypatch.setattr(native.library, "_state", "native kernels are not used: a test")
    plain = [np.asarray(layer(x)) for x in asked]
    for found in ours:
        for one, other in zip(found, plain, strict=True):
            assert one.dtype == other.dtype
            assert_array_equal(one, other)
