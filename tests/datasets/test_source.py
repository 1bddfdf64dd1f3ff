"""Cached files that are not the published ones, damaged ones, and files made to do harm."""

import gzip
import io
import json
import pickle
import sys
import zipfile

import numpy as np
import pytest

from tricera.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    npz,
    reuters,
)
from tricera.datasets.pickled import loads
from tricera.errors import SafetyError

FIX = "  fix:      delete it to download the published file again, or put a valid one in its place."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache of data sets; no network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def digits_like(**changes):
    parts = {"train": 6, "test": 2}
    arrays = {f"x_{part}": np.full((count, 28, 28), 7, "uint8") for part, count in parts.items()}
    arrays |= {f"y_{part}": np.arange(count, dtype="uint8") for part, count in parts.items()}
    return {name: value for name, value in (arrays | changes).items() if value is not None}


def message(call):
    with pytest.raises(ValueError) as caught:
        call()
    return str(caught.value)


def test_another_valid_file_is_used_and_one_line_says_so(folder, capfd):
    np.savez_compressed(folder / "mnist.npz", **digits_like(y_train=np.arange(6)))
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert (x_train.shape, x_test.shape) == ((6, 28, 28), (2, 28, 28))
    assert y_train.dtype == y_test.dtype == x_train.dtype == "uint8"
    assert x_train.flags.writeable
    line = "is not the published file (its SHA-256 differs), but its contents are valid: used as it is."
    assert capfd.readouterr() == ("", f"tricera: {folder}/mnist.npz {line}\n")


def test_a_path_of_the_users_own(folder, tmp_path):
    np.savez(tmp_path / "mine.npz", **digits_like())
    assert mnist.load_data(str(tmp_path / "mine.npz"))[0][0].shape == (6, 28, 28)
    expected = "`path` leaves the cache.\n  got:      '../mine.npz'\n  fix:      give a file name or an absolute path."
    assert message(lambda: mnist.load_data("../mine.npz")) == expected


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"x_test": None}, "array 'x_test' is missing"),
        ({"y_test": np.zeros(0, "uint8"), "x_test": np.zeros((0, 28, 28), "uint8")}, "array 'x_test' is empty"),
        ({"x_train": np.zeros((6, 28), "uint8")}, "array 'x_train' has shape (6, 28), not (6, 28, 28)"),
        ({"x_train": np.zeros((6, 28, 27), "uint8")}, "array 'x_train' has shape (6, 28, 27), not (6, 28, 28)"),
        ({"y_train": np.zeros(5, "uint8")}, "array 'y_train' has shape (5,), not (6,)"),
        ({"y_test": np.uint8([1, 10])}, "array 'y_test' holds values that are no integers from 0 to 9 (dtype uint8)"),
        (
            {"x_test": np.zeros((2, 28, 28))},
            "array 'x_test' holds values that are no integers from 0 to 255 (dtype float64)",
        ),
    ],
)
def test_invalid_arrays(folder, changes, why):
    np.savez(folder / "mnist.npz", **digits_like(**changes))
    assert message(mnist.load_data) == f"{folder}/mnist.npz cannot be used: {why}.\n{FIX}"


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: data[:100] + b"X" * 50 + data[150:]])
def test_damaged_zip(folder, damage):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **digits_like())
    (folder / "mnist.npz").write_bytes(damage(buffer.getvalue()))
    text = message(mnist.load_data)
    assert text.startswith(f"{folder}/mnist.npz cannot be used: the file is damaged (")
    assert text.endswith(FIX)


def test_no_network(folder):
    with pytest.raises(OSError) as caught:
        mnist.load_data()
    lines = str(caught.value).split("\n")
    url = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
    assert lines[0].startswith(f"URL fetch failure on {url}: ")
    assert lines[1:] == [
        "  expected: the file mnist.npz",
        f"  fix:      connect to the network, or put the file into {folder} yourself.",
    ]
    assert not list(folder.iterdir())


# Lists of word numbers: pickles.


def lists(*rows):
    array = np.empty(len(rows), object)
    array[:] = rows
    return array


def npy(value, shape, protocol):
    """The bytes of an object array's file."""
    header = f"{{'descr': '|O', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + pickle.dumps(value, protocol)


def newswires(path, x, y, shape=None, protocol=3):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", x if isinstance(x, bytes) else npy(x, shape or x.shape, protocol))
        buffer = io.BytesIO()
        np.save(buffer, y)
        archive.writestr("y.npy", buffer.getvalue())


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_pickle_protocols(folder, protocol, module):
    rows = lists([1, 300, 70000], [2], [9, 2**31 - 9], list(range(3000)))
    data = npy(rows, rows.shape, protocol)
    if protocol < 4:
        data = data.replace(b"numpy._core.multiarray", module).replace(b"numpy.core.multiarray", module)
    newswires(folder / "reuters.npz", data, np.arange(4))
    (x, y), _ = reuters.load_data(num_words=2**40, start_char=None, index_from=0, test_split=0)
    assert {label: tuple(words) for label, words in zip(y, x, strict=True)} == dict(enumerate(map(tuple, rows)))


class Gadget:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("function", "name"),
    [(exec, "exec"), (getattr, "getattr"), (np.load, "load"), (pickle.loads, "loads"), (np.frombuffer, "frombuffer")],
)
def test_code_in_a_pickle_is_refused(folder, protocol, function, name):
    newswires(folder / "reuters.npz", lists([1], Gadget(function, "raise SystemExit")), np.arange(2), protocol=protocol)
    with pytest.raises(
        SafetyError, match=rf"cannot be used: its pickle asks for `[\w.]+{name}`, which no array needs\."
    ):
        reuters.load_data()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.", "it calls|damaged"),
        (b"\x80\x02cnumpy\nndarray\n}U\x01aK\x01sb.", "it changes what is no new array"),
        (b"\x80\x02cnumpy\nndarray\n.", "a function stands where data belong"),
        (b"\x80\x02]r\xff\xff\xff\xff.", "does not have the shape"),
        (b"\x80\x02\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "it ends too early"),
        (b"\x80\x02K\x01K", "it ends too early|instruction"),
        (b"\x80\x02h\x07.", "KeyError"),
        (b"\x80\x02e.", "damaged"),
        (b"\x80\x02\x82\x01.", "instruction b'\\\\x82'"),
        (b"\x80\x02Pname\n.", "instruction b'P'"),
    ],
)
def test_hostile_pickles(folder, data, why):
    head = npy(None, (1,), 2)
    newswires(folder / "reuters.npz", head[: head.index(b"\n") + 1] + data, np.arange(1))
    with pytest.raises(ValueError, match=why):
        reuters.load_data()


def test_an_array_in_a_pickle_that_declares_more_than_it_holds(folder):
    rows = lists([1], [2])
    data = pickle.dumps(rows, 2).replace(b"K\x02\x85", b"J\xff\xff\xff\x7f\x85", 1)
    head = npy(None, (2,), 2)
    newswires(folder / "reuters.npz", head[: head.index(b"\n") + 1] + data, np.arange(2))
    with pytest.raises(ValueError, match="an array's size is not that of its content"):
        reuters.load_data()


@pytest.mark.parametrize("row", [["a"], [1.5], [True], [-1], (1,), 3, [[1]]])
def test_lists_of_something_else(folder, row):
    newswires(folder / "reuters.npz", lists([1], row), np.arange(2))
    assert "array 'x' does not hold lists of word numbers" in message(reuters.load_data)


def test_header_and_zip_bombs(folder, monkeypatch):
    head = b"\x93NUMPY\x01\x00\x60\x00" + b"{'descr': '|u1', 'fortran_order': False, 'shape': (%s,), }"
    for size, why in ((b"9" * 18, "declares shape"), (b"-5", "unknown header")):
        newswires(folder / "reuters.npz", (head % size).ljust(106), np.arange(1))
        assert why in message(reuters.load_data)
    monkeypatch.setattr(npz, "FREE", 1 << 16)
    newswires(folder / "reuters.npz", bytes(1 << 22), np.arange(1))
    with pytest.raises(SafetyError, match="far more than the file stores"):
        reuters.load_data()


def test_no_sequence_is_short_enough(folder):
    newswires(folder / "reuters.npz", lists([1, 2], [3, 4]), np.arange(2))
    assert message(lambda: reuters.load_data(maxlen=2)) == (
        "After filtering for sequences shorter than maxlen=2, no sequence was kept.\n  fix:      Increase maxlen."
    )


def test_unknown_argument():
    with pytest.raises(TypeError) as caught:
        imdb.load_data(num_word=3)
    assert str(caught.value) == (
        "Unrecognized keyword arguments: {'num_word': 3}.\n  fix:      did you mean 'num_words'?"
    )


@pytest.mark.parametrize(
    ("content", "why"), [("{", "it is no JSON"), ("[1]", "it is no table"), ('{"a": "b"}', "it is no table")]
)
def test_word_index_of_something_else(folder, content, why):
    (folder / "imdb_word_index.json").write_text(content)
    assert why in message(imdb.get_word_index)


def test_word_index(folder, capfd):
    (folder / "imdb_word_index.json").write_text(json.dumps({"a": 1}))
    assert imdb.get_word_index() == {"a": 1}
    assert "(its MD5 differs)" in capfd.readouterr().err


# The other data sets.


def test_california_housing(keras, folder, monkeypatch):
    rng = np.random.default_rng(0)
    np.savez(folder / "california_housing.npz", x=rng.random((700, 8), "float32"), y=rng.random(700, "float32"))
    theirs = sys.modules["keras.src.datasets.california_housing"]
    monkeypatch.setattr(theirs, "get_file", lambda *_, **__: str(folder / "california_housing.npz"))
    for arguments in ({}, {"version": "small", "test_split": 0.1, "seed": 3}):
        expected, got = theirs.load_data(**arguments), california_housing.load_data(**arguments)
        for a, b in zip([*expected[0], *expected[1]], [*got[0], *got[1]], strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
    assert message(lambda: california_housing.load_data("tiny")) == (
        "Argument `version` must be one of 'small', 'large'.\n  got:      'tiny'"
    )


@pytest.mark.parametrize("module", [boston_housing, california_housing, digits])
def test_test_split(module):
    assert message(lambda: module.load_data(test_split=1)) == (
        "Invalid `test_split` argument.\n  expected: between 0 and 1 (exclusive of 1)\n  got:      1"
    )


def idx(path, array, magic=None):
    magic = magic or bytes((0, 0, 8, array.ndim))
    path.write_bytes(gzip.compress(magic + np.array(array.shape, ">u4").tobytes() + array.tobytes()))


def test_fashion_mnist(folder):
    folder = folder / "fashion-mnist"
    folder.mkdir()
    for part, count in (("train", 4), ("t10k", 2)):
        idx(folder / f"{part}-images-idx3-ubyte.gz", np.full((count, 28, 28), count, "uint8"))
        idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(count, dtype="uint8"))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train == 4).all()
    assert (x_test == 2).all()
    assert (y_train.tolist(), y_test.tolist()) == ([0, 1, 2, 3], [0, 1])
    idx(folder / "train-labels-idx1-ubyte.gz", np.arange(3, dtype="uint8"))
    assert "it has shape (3,), not (4,)" in message(fashion_mnist.load_data)
    bomb = bytes((0, 0, 8, 3)) + bytes([255] * 12)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(bomb))
    with pytest.raises(SafetyError):
        fashion_mnist.load_data()


def batch(path, count, labels, classes):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(count).integers(0, 256, (count, 3072)).astype("uint8")
    entries = {b"data": data} | {label: [i % classes for i in range(count)] for label in labels}
    path.write_bytes(pickle.dumps(entries, 3))


def test_a_batch_as_python_2_wrote_it():
    data = b"".join(
        (
            b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04",
            b"K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87R",
            b"q\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x06\x00\x00\x00abcdeftb",
            b"U\x06labelsq\x08]q\x09(K\x03K\x04eu.",
        )
    )
    found = loads(data)
    assert found[b"labels"] == [3, 4]
    np.testing.assert_array_equal(found[b"data"], np.frombuffer(b"abcdef", "uint8").reshape(2, 3), strict=True)
    np.testing.assert_array_equal(found[b"data"], pickle.loads(data, encoding="bytes")[b"data"], strict=True)


def test_cifar100(keras, folder, monkeypatch):
    for name, count in (("train", 6), ("test", 4)):
        batch(
            folder / "cifar-100-python-target" / "cifar-100-python" / name,
            count,
            [b"fine_labels", b"coarse_labels"],
            20,
        )
    theirs = sys.modules["keras.src.datasets.cifar100"]
    monkeypatch.setattr(theirs, "get_file", lambda *_, **__: str(folder / "cifar-100-python-target"))
    for mode in ("fine", "coarse"):
        expected, got = theirs.load_data(mode), cifar100.load_data(mode)
        for a, b in zip([*expected[0], *expected[1]], [*got[0], *got[1]], strict=True):
            np.testing.assert_array_equal(a, b, strict=True)
    assert message(lambda: cifar100.load_data("x")) == (
        '`label_mode` must be one of `"fine"`, `"coarse"`.\n  got:      \'x\''
    )


def test_cifar10_from_an_archive(folder, tmp_path, capfd):
    import tarfile

    source = tmp_path / "cifar-10-batches-py"
    for name in (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch"):
        batch(source / name, 2, [b"labels"], 10)
    with tarfile.open(folder / "cifar-10-batches-py-target_archive", "w:gz") as archive:
        archive.add(source, "cifar-10-batches-py")
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = cifar10.load_data()
        assert (x_train.shape, y_train.shape, x_test.shape) == ((10, 32, 32, 3), (10, 1), (2, 32, 32, 3))
        assert x_train.dtype == y_train.dtype == y_test.dtype == "uint8"
    assert capfd.readouterr().err.count("used as it is") == 1
    place = folder / "cifar-10-batches-py-target" / "cifar-10-batches-py" / "test_batch"
    place.write_bytes(pickle.dumps({b"data": Gadget(exec, "raise SystemExit")}, 2))
    with pytest.raises(SafetyError, match=r"test_batch cannot be used: its pickle asks for"):
        cifar10.load_data()


def test_digits(monkeypatch):
    (x_train, y_train), (x_test, _) = digits.load_data()
    assert (x_train.shape, x_test.shape, x_train.dtype, y_train.dtype) == ((1437, 8, 8), (360, 8, 8), "uint8", "uint8")
    assert (x_train.min(), x_train.max(), set(y_train)) == (0, 255, set(range(10)))
    large = digits.load_data(size=28)[0][0]
    assert (large.shape, large.dtype) == ((1437, 28, 28), "uint8")
    assert message(lambda: digits.load_data(size=0)) == (
        "`size` is no number of pixels.\n  expected: a positive integer or None\n  got:      0"
    )
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError) as caught:
        digits.load_data()
    assert str(caught.value) == (
        '`datasets.digits` comes with scikit-learn, which is not installed.\n  fix:      pip install "tricera[demo]"'
    )


def test_resized_is_bilinear():
    import jax

    images = np.arange(2 * 64.0).reshape(2, 8, 8) ** 1.5
    expected = jax.image.resize(images, (2, 28, 28), "bilinear")
    np.testing.assert_allclose(digits.resized(images, 28), expected, rtol=1e-5)
