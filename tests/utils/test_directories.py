"""Data sets from folders, from series, and cut in two: what Keras 3.15 gives, which gave the values here."""

import re
import wave

import numpy as np
import pytest

from tricera import utils
from tricera.data import Dataset
from tricera.utils.sounds import resample


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    for name in "ab":
        (root / name / "sub").mkdir(parents=True)
        for i in range(5):
            (root / name / f"{i}.txt").write_text(f"text {name}{i} é", "utf-8")
    (root / "a/sub/z.txt").write_text("deep")
    (root / "a/n.md").write_text("no")
    return root


IN_ORDER = [f"text a{i} é" for i in range(5)] + ["deep"] + [f"text b{i} é" for i in range(5)]


def read(folder, **kwargs):
    return utils.text_dataset_from_directory(folder, **{"shuffle": False, "batch_size": 11, "verbose": False} | kwargs)


def test_texts_of_folders(texts, capsys):
    made = read(texts, verbose=True)
    assert capsys.readouterr().out == "Found 11 files belonging to 2 classes.\n"
    ((batch, labels),) = list(made)
    assert batch.tolist() == IN_ORDER and labels.tolist() == [0] * 6 + [1] * 5 and labels.dtype == "int32"
    assert made.class_names == ["a", "b"] and len(made) == 1 and made.file_paths[5].endswith("z.txt")
    ((_, labels),) = list(read(texts, label_mode="binary"))
    assert labels.shape == (11, 1) and labels.dtype == "float32"
    turned = read(texts, label_mode="categorical", class_names=["b", "a"], max_length=3, batch_size=2)
    batch, labels = next(iter(turned))
    assert batch.tolist() == ["tex", "tex"] and labels.tolist() == [[1, 0]] * 2 and len(turned) == 6
    assert list(read(texts, label_mode=None, batch_size=None)) == IN_ORDER
    assert read(texts, labels=list(range(11))).class_names == [str(i) for i in range(11)]


def test_parts_of_folders(texts, capsys):
    train, held = read(texts, shuffle=True, seed=1, validation_split=0.3, subset="both", verbose=True)
    assert capsys.readouterr().out.endswith("Using 8 files for training.\nUsing 3 files for validation.\n")
    (one,), (again,), (part,) = list(train), list(train), list(held)
    assert sorted(part[0]) == ["deep", "text b2 é", "text b4 é"]  # as Keras draws them
    assert sorted([*one[0], *part[0]]) == sorted(IN_ORDER) and one[0].tolist() != again[0].tolist()
    alone = read(texts, shuffle=True, seed=1, validation_split=0.3, subset="validation")
    assert sorted(next(iter(alone))[0]) == sorted(part[0])


def test_an_unknown_format(texts):
    with pytest.raises(ValueError) as caught:
        read(texts, format="grains")
    assert str(caught.value) == (
        "Invalid `format`.\n  expected: 'tf', 'grain'\n  got:      'grains'\n  fix:      did you mean 'grain'?"
    )


def test_folders_without_files(tmp_path, texts):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere")
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"Folders in {str(tmp_path)!r} hold no files that are known.\n"
        "  expected: names like *.txt\n"
        "  got:      none in 'a'\n"
        "  fix:      remove the empty folders, or name the classes that count: `class_names=[...]`."
    )
    path = tmp_path / "a/bad.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError) as caught:
        list(read(tmp_path))
    assert str(caught.value) == (
        f"{str(path)!r} is no text in UTF-8.\n"
        "  got:      'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\n"
        "  fix:      write it in UTF-8, or take it away."
    )


def test_grain(texts):
    pytest.importorskip("grain")
    ((batch, labels),) = list(read(texts, format="grain"))
    assert batch.tolist() == IN_ORDER and labels.tolist() == [0] * 6 + [1] * 5
    made = utils.timeseries_dataset_from_array(np.arange(9), np.arange(9), 5, batch_size=8, format="grain")
    assert [len(x) for x, _ in made] == [5]


# ---- sounds


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    root = tmp_path_factory.mktemp("sounds")
    for name in "ab":
        (root / name).mkdir()
        for i in range(2):
            write(root / name / f"{i}.wav", (np.arange(4 + i) * 1000).astype("<i2"))
    return root


def write(path, samples, channels=1, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(samples.dtype.itemsize)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def test_sounds_of_folders(sounds, tmp_path):
    load = lambda **kwargs: utils.audio_dataset_from_directory(sounds, shuffle=False, verbose=False, **kwargs)  # noqa: E731
    x, y = next(iter(load(batch_size=2)))
    assert x.dtype == "float32" and y.tolist() == [0, 0]
    assert x[..., 0].tolist() == [
        [0.0, 0.030517578125, 0.06103515625, 0.091552734375, 0.0],
        [0.0, 0.030517578125, 0.06103515625, 0.091552734375, 0.1220703125],
    ]
    assert next(iter(load(output_sequence_length=3)))[0].shape == (4, 3, 1)
    ragged, _ = next(iter(load(ragged=True)))
    assert [len(each) for each in ragged] == [4, 5, 4, 5]
    assert [each.shape for each, _ in load(batch_size=None, sampling_rate=16000)] == [(8, 1), (10, 1)] * 2
    (tmp_path / "c").mkdir()
    bad = tmp_path / "c/x.wav"
    bad.write_bytes(b"RIFF0000")
    with pytest.raises(ValueError, match=f"^{re.escape(repr(str(bad)))} is no WAV file of whole numbers."):
        list(utils.audio_dataset_from_directory(tmp_path, verbose=False))
    bad.unlink()
    for dtype, level in (("u1", 192), ("<i2", 1 << 14), ("<i4", 1 << 30)):
        write(bad, np.array([level] * 4, dtype), channels=2)
        ((sound, _),) = list(utils.audio_dataset_from_directory(tmp_path, verbose=False))
        assert sound.tolist() == [[[0.5, 0.5]] * 2]
    with pytest.raises(ValueError, match="Cannot set both `ragged` and `output_sequence_length`"):
        load(ragged=True, output_sequence_length=3)
    with pytest.raises(ValueError, match="`sampling_rate` should be higher than 0"):
        load(sampling_rate=-1)


def test_resampling_keeps_a_tone():
    tone = lambda rate: np.sin(2 * np.pi * 440 * np.arange(rate // 4) / rate)[:, None].astype("float32")  # noqa: E731
    for rate, wanted in ((8000, 16000), (16000, 8000), (44100, 16000)):
        ours = resample(tone(rate), rate, wanted)
        np.testing.assert_allclose(ours[200:-200], tone(wanted)[200:-200], atol=2e-3)


# ---- series


def windows(*args, **kwargs):
    made = utils.timeseries_dataset_from_array(*args, **kwargs)
    return [tuple(part.tolist() for part in each) if isinstance(each, tuple) else each.tolist() for each in made]


def test_windows_of_a_series():
    assert windows(np.arange(20), None, 5, 3, 2, batch_size=3) == [
        [[0, 2, 4, 6, 8], [3, 5, 7, 9, 11], [6, 8, 10, 12, 14]],
        [[9, 11, 13, 15, 17]],
    ]
    ((x, y),) = windows(np.arange(20), np.arange(20) + 100, 5, batch_size=8, start_index=4, end_index=15)
    assert x[0] == [4, 5, 6, 7, 8] and x[-1] == [10, 11, 12, 13, 14] and y == list(range(104, 111))
    (_, (x, y)) = windows(np.arange(20), np.arange(10) + 100, 5, batch_size=8)
    assert x == [[8, 9, 10, 11, 12], [9, 10, 11, 12, 13]] and y == [108, 109]
    assert windows(np.arange(20), np.arange(20), 5, batch_size=None, start_index=14) == [
        ([14, 15, 16, 17, 18], 14),
        ([15, 16, 17, 18, 19], 15),
    ]
    assert len(utils.timeseries_dataset_from_array(np.arange(20), None, 30)) == 0
    drawn = utils.timeseries_dataset_from_array(np.arange(20), np.arange(20), 5, shuffle=True, seed=1)
    ((x, y),) = list(drawn)
    assert (x[:, 0] == y).all() and sorted(y) == list(range(16)) and y.tolist() != sorted(y)


@pytest.mark.parametrize(
    "arguments, text",
    [
        ({"start_index": -1}, "`start_index` must be 0 or greater.\n  got:      -1"),
        (
            {"start_index": 30},
            "`start_index` must be lower than the length of the data.\n  got:      30, for data of length 20",
        ),
        (
            {"start_index": 5, "end_index": 3},
            "`end_index` must be higher than `start_index`.\n  got:      start_index=5, end_index=3",
        ),
        (
            {"end_index": 30},
            "`end_index` must be lower than the length of the data.\n  got:      30, for data of length 20",
        ),
        ({"sampling_rate": 0}, "`sampling_rate` must be higher than 0.\n  got:      0"),
        (
            {"sequence_stride": 30},
            "`sequence_stride` must be lower than the length of the data.\n  got:      30, for data of length 20",
        ),
    ],
)
def test_windows_outside_the_series(arguments, text):
    with pytest.raises(ValueError) as caught:
        utils.timeseries_dataset_from_array(np.arange(20), None, 5, **arguments)
    assert str(caught.value) == text


# ---- cut in two

SIZES = {(0.8, None): (8, 2), (None, 0.25): (8, 2), (None, 3): (7, 3), (0.5, 0.3): (5, 3), (0.33, 0.33): (3, 3)}
SIZES |= {(0.55, None): (6, 4), (3, 0.2): (3, 2)}


@pytest.mark.parametrize("sizes", SIZES)
def test_sizes_of_two_parts(sizes):
    assert tuple(map(len, utils.split_dataset(np.arange(10), *sizes))) == SIZES[sizes]


def test_parts_of_data_sets():
    left, right = utils.split_dataset(np.arange(10), 6, shuffle=True, seed=3)
    assert (list(left), list(right)) == ([1, 5, 6, 0, 9, 4], [7, 2, 8, 3])
    left, _ = utils.split_dataset([np.arange(6), np.arange(6) * 2], 3)
    assert list(left) == [(0, 0), (1, 2), (2, 4)] == list(left)
    left, right = utils.split_dataset(Dataset.range(10).batch(3).prefetch(), 0.5)
    assert [each.tolist() for each in (*left, *right)] == [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]


@pytest.mark.parametrize(
    "data, sizes, text",
    [
        (np.arange(10), (9, 2), "The sum of `left_size` and `right_size` should be smaller than 10.\n  got:      11"),
        (np.arange(10), (0.8, 0.3), "The sum of `left_size` and `right_size` is greater than 1.\n  got:      1.1"),
        (np.arange(10), (None, None), "At least one of the `left_size` or `right_size` must be specified."),
        (np.arange(10), ("a", None), "Invalid `left_size` Type.\n  expected: int, float or None\n  got:      str"),
        (
            np.arange(10),
            (1.5, None),
            (
                "`left_size` should be either a positive integer smaller than 10, or a float within the range "
                "`[0, 1]`.\n  got:      1.5"
            ),
        ),
        (
            np.arange(10),
            (0.01, None),
            (
                "With `dataset` of length=10, `left_size`=0 and `right_size`=10: one side is empty.\n"
                "  fix:      give more elements, or another size."
            ),
        ),
        ((np.arange(3), np.arange(4)), (0.5,), "Received arrays with different lengths.\n  got:      3, 4"),
        ([], (0.5,), "Received an empty list dataset.\n  expected: a list of arrays"),
        (
            "abc",
            (0.5,),
            "Unsupported dataset type: <class 'str'>.\n  expected: arrays, a list of arrays, or a data set",
        ),
    ],
)
def test_parts_that_cannot_be(data, sizes, text):
    with pytest.raises((ValueError, TypeError)) as caught:
        utils.split_dataset(data, *sizes)
    assert str(caught.value) == text


def test_packing_goes_round():
    pack, unpack = utils.pack_x_y_sample_weight, utils.unpack_x_y_sample_weight
    assert [pack(1), pack([1]), pack({"a": 1}), pack(1, 2), pack(1, None, 3)] == [1, ([1],), {"a": 1}, (1, 2), 1]
    assert unpack(pack(1, 2, 3)) == (1, 2, 3) and unpack([1, 2]) == (1, 2, None)
