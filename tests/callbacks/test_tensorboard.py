"""TensorBoard: event files that other programs read."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tricera
from tricera import callbacks, layers
from tricera.callbacks.events import EventWriter, masked_crc


def records(folder):
    """The payloads of the one file of a folder, whose checksums fit."""
    (path,) = Path(folder).iterdir()
    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12])[0] == masked_crc(data[:8])
        payload, data = data[12 : 12 + length], data[12 + length :]
        assert struct.unpack("<I", data[:4])[0] == masked_crc(payload)
        found.append(payload)
        data = data[4:]
    return found


def test_the_checksum_is_castagnolis():
    crc = 0xE3069283  # of "123456789", RFC 3720
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fitted(folder, before=(), **options):
    tricera.utils.set_random_seed(0)
    model = tricera.Sequential([tricera.Input((2,)), *before, layers.Dense(1, name="d")])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    board = callbacks.TensorBoard(folder, **options)
    return model.fit(x, y, batch_size=2, epochs=2, validation_data=(x, y), callbacks=[board], verbose=0).history


def test_values_are_read_back_by_tensorflow(tmp_path):
    tf = pytest.importorskip("tensorflow")
    history = fitted(tmp_path, histogram_freq=1, update_freq=2)
    assert len(records(tmp_path / "validation")) == 5
    scalars, histograms = {}, {}
    for part in ("train", "validation"):
        (path,) = (tmp_path / part).iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                kept = histograms if value.HasField("histo") else scalars
                kept[part, value.tag, event.step] = value.histo if value.HasField("histo") else value.simple_value
    for epoch in range(2):
        assert scalars["train", "epoch_loss", epoch] == pytest.approx(history["loss"][epoch])
        assert scalars["validation", "epoch_loss", epoch] == pytest.approx(history["val_loss"][epoch])
        assert scalars["train", "epoch_learning_rate", epoch] == pytest.approx(0.01)
    assert sorted(step for _, tag, step in scalars if tag == "batch_loss") == [2, 4, 6, 8]
    assert {histogram.num for histogram in histograms.values()} == {1, 2}


def test_a_histogram_counts_all_values(tmp_path):
    tf = pytest.importorskip("tensorflow")
    writer = EventWriter(tmp_path)
    writer.histogram("h", np.arange(10.0), 3)
    writer.close()
    (path,) = tmp_path.iterdir()
    *_, event = tf.compat.v1.train.summary_iterator(str(path))
    histogram = event.summary.value[0].histo
    assert (event.step, histogram.min, histogram.max, histogram.num, sum(histogram.bucket)) == (3, 0, 9, 10, 10)


def test_weights_are_pictures_too(tmp_path):
    fitted(tmp_path, write_images=True, histogram_freq=2)
    pictures = [record.partition(b"\x89PNG") for record in records(tmp_path / "train") if b"\x89PNG" in record]
    assert [b"d/kernel/image" in before for before, *_ in pictures] == [True]  # the bias is one number
    image = Image.open(io.BytesIO(b"".join(pictures[0][1:])))
    assert (image.size, image.mode, sorted(np.asarray(image).ravel())) == ((2, 1), "L", [0, 255])


def test_the_projector_is_told_where_tables_are(tmp_path):
    before = [layers.Embedding(3, 2, name="table"), layers.Flatten()]
    fitted(tmp_path, before, embeddings_freq=2, embeddings_metadata={"table": "words.tsv"})
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        'embeddings {\n  tensor_name: "layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE"\n'
        '  metadata_path: "words.tsv"\n}\n'
    )
    assert [path.name for path in (tmp_path / "train").glob("*.h5")] == ["keras_embedding.ckpt-0.weights.h5"]


def test_each_batch_and_each_evaluation_has_its_values(tmp_path):
    fitted(tmp_path, update_freq="batch", write_steps_per_second=True)
    assert sum(b"batch_steps_per_second" in record for record in records(tmp_path / "train")) == 8
    assert sum(b"evaluation_loss_vs_iterations" in record for record in records(tmp_path / "validation")) == 2


def test_messages(tmp_path):
    with pytest.raises(ValueError) as error:
        callbacks.TensorBoard(update_freq="often")
    assert str(error.value) == (
        'Unrecognized update_freq: \'often\'.\n  expected: "epoch", "batch", or a positive number of batches'
    )
    with pytest.raises(NotImplementedError) as error:
        callbacks.TensorBoard(profile_batch=2)
    assert str(error.value) == (
        "TensorBoard: `profile_batch` is not supported.\n  got:      2\n  fix:      use `jax.profiler`."
    )
    with pytest.raises(ValueError) as error:
        fitted(tmp_path, embeddings_freq=1, embeddings_metadata={"tabel": "words.tsv"})
    assert str(error.value) == (
        "Unrecognized `Embedding` layer names passed to `TensorBoard` as `embeddings_metadata`.\n"
        "  expected: some of []\n"
        "  got:      ['tabel']"
    )
