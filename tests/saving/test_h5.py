"""The reader of HDF5 files: the same numbers as h5py's, and nothing that a file only promises."""

import io
import zlib

import h5py
import numpy as np
import pytest

from tricera import config
from tricera.errors import SafetyError
from tricera.saving import budget, h5

GRID = np.arange(323.0).reshape(17, 19)
FORMS = {
    "plain": {"data": GRID.astype("float32")},
    "big_endian": {"data": GRID.astype(">f4")},
    "half": {"data": GRID.astype("float16")},
    "whole": {"data": GRID.astype("int64")},
    "truth": {"data": GRID > 9},
    "complex": {"data": GRID.astype("complex64")},
    "scalar": {"data": 3},
    "empty": {"data": np.zeros((0, 3))},
    "chunked": {"data": GRID, "chunks": (4, 5)},
    "packed": {"data": GRID, "chunks": (4, 5), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "checked": {"data": GRID.astype("uint8"), "chunks": (3, 3), "fletcher32": True},
    "growing": {"data": GRID, "maxshape": (None, 19), "compression": 9},
    "later": {"shape": (3, 4), "dtype": "float32", "fillvalue": 7},
    "later_chunked": {"shape": (3, 4), "dtype": "float32", "chunks": (2, 2), "fillvalue": 7},
}


def built(fill, **kwargs):
    memory = io.BytesIO()
    with h5py.File(memory, "w", **kwargs) as file:
        fill(file)
    return memory


def opened(memory):
    return h5.Reader(memory, "f.h5", len(memory.getvalue()))


@pytest.mark.parametrize("kwargs", [{}, {"libver": "latest"}, {"userblock_size": 512}], ids=str)
def test_every_form_of_storage_gives_the_numbers_of_h5py(kwargs):
    memory = built(lambda file: [file.create_dataset(f"a/{k}", **v) for k, v in FORMS.items()], **kwargs)
    skipped = {"packed", "checked", "growing"} if "userblock_size" in kwargs else set()
    with h5py.File(memory) as theirs, opened(memory) as ours:
        assert set(ours.paths) == {f"a/{name}" for name in FORMS} and ours.groups == ["", "a"]
        assert set(ours.names("a")) == set(FORMS) and ours.names() == ["a"]
        for path in (f"a/{name}" for name in FORMS if name not in skipped):
            mine, other = ours.read(path), theirs[path][()]
            np.testing.assert_array_equal(mine, other)
            assert mine.dtype == other.dtype.newbyteorder("=") and ours.dtype(path) == mine.dtype.name
            assert ours.shape(path) == mine.shape and mine.flags.writeable
    assert opened(memory).read("a/plain").ctypes.data % 64 == 0 or kwargs


def test_attributes_are_texts_lists_of_texts_and_numbers():
    def fill(file):
        file.attrs.update(text="ä", raw=b"bytes", names=np.asarray([b"a", b"bc"]), several=["x", "y"], number=3)
        file.attrs["layer_names0"], file.attrs["layer_names1"] = np.asarray([b"a", b"b"]), np.asarray([b"c"])
        file.create_group("g").attrs["weight_names"] = np.asarray([b"g/kernel:0"])

    with opened(built(fill)) as reader:
        found = reader.attributes
        assert (found["text"], found["raw"], found["number"]) == ("ä", "bytes", 3)
        assert (found["names"], found["several"]) == (["a", "bc"], ["x", "y"])
        assert reader.texts("", "layer_names") == ["a", "b", "c"] and reader.texts("", "none") == []
        assert reader.texts("g", "weight_names") == ["g/kernel:0"] and "none" not in reader.attributes_of("g")
        with pytest.raises(ValueError) as error:
            reader.read("g/../g/kernel:0")
        assert str(error.value) == "f.h5 has no array 'g/../g/kernel:0'."


def inflates(file):
    data = file.create_dataset("x", (4,), "uint8", chunks=(4,), compression="gzip")
    data.id.write_direct_chunk((0,), zlib.compress(bytes(1 << 22)))


def is_short(file):
    file.create_dataset("x", (4,), "float64", chunks=(4,), compression="gzip").id.write_direct_chunk(
        (0,), zlib.compress(b"1")
    )


def is_no_stream(file):
    file.create_dataset("x", (4,), "uint8", chunks=(4,), compression="gzip").id.write_direct_chunk((0,), b"1234")


def has_another_checksum(file):
    file.create_dataset("x", (4,), "uint8", chunks=(4,), fletcher32=True).id.write_direct_chunk((0,), b"12345678")


def is_text(file):
    file["x"] = ["text"]


BROKEN = {
    inflates: "a chunk is larger than it declares, or incomplete",
    is_short: "a chunk has another size than it declares",
    is_no_stream: "a chunk cannot be inflated (Error -3 while decompressing data: incorrect header check)",
    has_another_checksum: "a chunk does not have its checksum",
    is_text: "it holds no numbers (object)",
}


@pytest.mark.parametrize("fill", BROKEN)
def test_chunks_that_are_not_what_they_declare(fill):
    with opened(built(fill)) as reader, pytest.raises(ValueError) as error:
        reader.read("x")
    assert str(error.value) == f"f.h5: 'x' cannot be read: {BROKEN[fill]}."


def wide_chunk(file):
    file.create_dataset("x", (4,), "uint8", maxshape=(None,), chunks=(1 << 31,))


def reference(file):
    file.create_dataset("x", (1,), h5py.ref_dtype)


def foreign_filter(file):
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4,))
    plan.set_filter(307, h5py.h5z.FLAG_OPTIONAL)
    h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4,)), plan)


REFUSED = {
    wide_chunk: "'x' makes the file declare far more than the",
    reference: "'x' holds no numbers (object)",
    foreign_filter: "'x' needs a filter that is not part of HDF5",
}


@pytest.mark.parametrize("fill", REFUSED)
def test_what_no_file_of_arrays_has(fill):
    with pytest.raises(SafetyError) as error:
        opened(built(fill))
    assert str(error.value).startswith(f"f.h5: {REFUSED[fill]}")


def test_a_text_that_many_attributes_share():
    data = built(lambda file: file.attrs.update({"x": ["a" * 1_000_000] + ["b"] * 899})).getvalue()
    first = data.index(data.index(b"GCOL").to_bytes(8, "little")) - 4
    shared = io.BytesIO(data[:first] + 900 * data[first : first + 16] + data[first + 900 * 16 :])
    with opened(shared) as reader, pytest.raises(SafetyError, match="'@x' declares far more than the file stores"):
        _ = reader.attributes["x"]
    memory = built(lambda file: file.attrs.update({"x": file.ref}))
    with opened(memory) as reader, pytest.raises(SafetyError, match="'@x' is neither text nor number"):
        _ = reader.attributes["x"]


def test_the_limit_holds_for_what_is_not_stored(monkeypatch):
    assert budget.allowed(1 << 40) == 1 << 40 and budget.allowed(0) == budget.FREE
    assert budget.allowed(1 << 30) == 1 << 32
    monkeypatch.setitem(config._settings, "load_limit", 0)
    config.set_load_limit(100)
    assert config.load_limit() == 100 and budget.allowed(5) == 100


def with_texts(file):
    file.attrs["model_config"] = "x" * 100
    file["a"] = np.arange(6.0)
    file["low"] = np.arange(6, dtype="uint16").view("V2")
    file["low"].attrs["dtype"] = "bfloat16"


def at_heap(data, offset, value):
    heap = data.index(b"GCOL")
    return data[: heap + offset] + value + data[heap + offset + len(value) :]


HEAPS = {
    "without a size, for ever": (lambda d: at_heap(d, 16, bytes(16)), "a heap of texts is not in order"),
    "beyond its heap": (lambda d: at_heap(d, 24, b"\xff" * 8), "a heap of texts is not in order"),
    "longer than its pointer": (
        lambda d: at_heap(d, 24, (103).to_bytes(8, "little")),
        "a text is longer than it declares",
    ),
    "beyond the file": (lambda d: at_heap(d, 8, b"\xff" * 4), "a heap of texts is larger than the file"),
}


@pytest.mark.parametrize("what", HEAPS)
def test_texts_that_would_lead_the_library_astray(what):
    change, why = HEAPS[what]
    memory = built(lambda file: file.attrs.update(model_config="x" * 100))
    with opened(memory) as reader:
        assert reader.attributes["model_config"] == "x" * 100
    with opened(io.BytesIO(change(memory.getvalue()))) as reader, pytest.raises(ValueError, match=why):
        _ = reader.attributes["model_config"]


def test_many_names_beside_large_arrays_and_texts_that_declare_too_much():
    """The names of hundreds of layers are few bytes, whatever the size of the file; a pointer may not say otherwise."""
    names = [f"layer_{i}" for i in range(300)]

    def fill(file):
        file["kernel"] = np.zeros(1 << 18, "float32")
        file.attrs.create("layer_names", names, dtype=h5py.string_dtype())

    memory = built(fill)
    with opened(memory) as reader:
        assert reader.attributes["layer_names"] == names
    data = memory.getvalue()
    pointer = data.index(data.index(b"GCOL").to_bytes(8, "little")) - 4
    longer = io.BytesIO(data[:pointer] + (1 << 20).to_bytes(4, "little") + data[pointer + 4 :])
    with opened(longer) as reader, pytest.raises(SafetyError, match="'@layer_names' declares far more"):
        _ = reader.attributes["layer_names"]


def test_no_text_stands_among_the_numbers_of_an_array():
    """An array that is said to stand over a heap, or over what points to one, hides nothing from the check."""
    memory = built(lambda file: [file.attrs.update(model_config="x" * 100), file.create_dataset("a", data=GRID[0, :6])])
    with h5py.File(memory) as file:
        place = file["a"].id.get_offset()
    data = at_heap(memory.getvalue(), 24, (103).to_bytes(8, "little"))
    heap = data.index(b"GCOL")
    pointer = data.index(heap.to_bytes(8, "little")) - 4
    for over, found in ((pointer, ""), (heap, None), (heap + 16, None)):
        moved = io.BytesIO(data.replace(place.to_bytes(8, "little"), over.to_bytes(8, "little")))
        with opened(moved) as reader:
            if found is None:
                with pytest.raises(ValueError, match=r"an attribute of '/' cannot be read: .*heap"):
                    _ = reader.attributes["model_config"]
            else:
                assert reader.attributes["model_config"] == found


def test_the_letters_of_a_heap_in_a_text_and_in_an_array():
    def fill(file):
        file.attrs["text"] = "GCOL" * 100
        file["a"] = np.frombuffer(b"GCOL" * 100, "uint8")

    with opened(built(fill)) as reader:
        assert reader.attributes["text"] == "GCOL" * 100 and bytes(reader.read("a")) == b"GCOL" * 100


@pytest.mark.parametrize("kwargs", [{}, {"libver": "latest"}], ids=str)
def test_texts_and_low_precision_in_a_file(tmp_path, kwargs):
    (tmp_path / "f.h5").write_bytes(built(with_texts, **kwargs).getvalue())
    with h5.Reader(tmp_path / "f.h5", "f.h5", (tmp_path / "f.h5").stat().st_size) as reader:
        assert reader.attributes["model_config"] == "x" * 100 and reader.dtype("low") == "bfloat16"
