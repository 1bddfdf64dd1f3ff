"""TensorBoard: event files that other programs read."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

import tricera
from tricera import callbacks, layers, optimizers
from tricera.callbacks import tensorboard
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


def test_each_of_several_optimizers_has_its_rate(tmp_path):
    slow, fast = optimizers.SGD(0.125, name="slow"), optimizers.SGD(0.5, name="fast")
    both = optimizers.MultiOptimizer(optimizers.OptimizerMap(slow, {".*bias": fast}))
    for folder, optimizer in (("several", both), ("scaled", optimizers.LossScaleOptimizer(optimizers.SGD(0.125)))):
        model = tricera.Sequential([tricera.Input((2,)), layers.Dense(1)])
        model.compile(optimizer, "mse")
        board = callbacks.TensorBoard(tmp_path / folder)
        model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0, callbacks=[board])
    several, scaled = (read(tmp_path / folder / "train")[0] for folder in ("several", "scaled"))
    assert several["epoch_learning_rate_slow"] == {0: 0.125} and several["epoch_learning_rate_fast"] == {0: 0.5}
    assert scaled["epoch_learning_rate"] == {0: 0.125}


def test_the_checksum_is_castagnolis():
    crc = 0xE3069283  # of "123456789", RFC 3720
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fitted(folder, epochs=2, **options):
    tricera.utils.set_random_seed(0)
    stages = [layers.Embedding(5, 3, name='e"/../e'), layers.Flatten(), layers.Dense(4, name="d"), layers.Dense(1)]
    model = tricera.Sequential([tricera.Input((2,)), *stages], name="net")
    model.compile("sgd", "mse")
    x, y = np.ones((8, 2), "int32"), np.ones((8, 1), "float32")
    board = callbacks.TensorBoard(folder, **options)
    kept = {"batch_size": 2, "epochs": epochs, "validation_data": (x, y), "callbacks": [board], "verbose": 0}
    return model, model.fit(x, y, **kept).history


def read(folder):
    """What the package `tensorboard` reads of a folder: by tag, the values by step."""
    board = EventAccumulator(str(folder), {"tensors": 0, "histograms": 0}).Reload()
    scalars = {tag: {e.step: e.value for e in board.Scalars(tag)} for tag in board.Tags()["scalars"]}
    histograms = {tag: board.Histograms(tag) for tag in board.Tags()["histograms"]}
    images = {tag: {e.step: e.tensor_proto.string_val for e in board.Tensors(tag)} for tag in board.Tags()["tensors"]}
    return scalars, histograms, images


def test_values_are_read_back(tmp_path):
    model, history = fitted(tmp_path, histogram_freq=1, write_images=True, update_freq=2, write_steps_per_second=True)
    scalars, histograms, images = read(tmp_path / "train")
    names = ["batch_loss", "batch_steps_per_second", "epoch_learning_rate", "epoch_loss", "epoch_steps_per_second"]
    assert sorted(scalars) == names
    assert list(scalars["epoch_loss"].values()) == pytest.approx(history["loss"])
    assert list(scalars["epoch_learning_rate"].values()) == pytest.approx([0.01] * 2)
    assert list(scalars["batch_loss"]) == list(scalars["batch_steps_per_second"]) == [2, 4, 6, 8]
    assert min(scalars["epoch_steps_per_second"].values()) > 0

    validation, _, _ = read(tmp_path / "validation")
    assert list(validation["epoch_loss"].values()) == pytest.approx(history["val_loss"])
    assert list(validation["evaluation_loss_vs_iterations"]) == [4, 8]
    assert list(validation["evaluation_loss_vs_iterations"].values()) == pytest.approx(history["val_loss"])

    assert set(histograms) == {f"{weight.path}/histogram" for weight in model.weights}
    assert [event.step for event in histograms["net/d/bias/histogram"]] == [0, 1]
    width, height, png = images["net/d/kernel/image"][1]
    with Image.open(io.BytesIO(png)) as image:
        assert (image.width, image.height) == (int(width), int(height)) == (6, 4)
        assert (np.asarray(image).min(), np.asarray(image).max()) == (0, 255)


def test_a_histogram_counts_all_values(tmp_path):
    writer = EventWriter(tmp_path)
    writer.histogram("h", np.arange(10.0), 3)
    writer.close()
    assert len(records(tmp_path)) == 2
    ((event,),) = read(tmp_path)[1].values()
    histogram = event.histogram_value
    assert (event.step, histogram.min, histogram.max, histogram.num, sum(histogram.bucket)) == (3, 0, 9, 10, 10)


@pytest.mark.parametrize(
    ("shape", "pictures"), [((7,), (1, 1, 7)), ((5, 2), (1, 2, 5)), ((3, 3, 1, 4), (4, 3, 3)), ((2, 2, 2, 2), None)]
)
def test_pictures_of_weights(shape, pictures):
    found = tensorboard._planes(np.zeros(shape, "float32"))
    assert found is None if pictures is None else found.shape == pictures


def test_embeddings(tmp_path):
    model, _ = fitted(tmp_path, epochs=1, embeddings_freq=1, embeddings_metadata={'e"/../e': "labels.tsv"})
    config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    assert (embedding.tensor_name, embedding.metadata_path) == ('e"/../e', "labels.tsv")
    rows = np.loadtxt(tmp_path / embedding.tensor_path, delimiter="\t")
    np.testing.assert_allclose(rows, model.layers[0].embeddings, rtol=1e-5)


def test_a_profile(tmp_path):
    fitted(tmp_path, epochs=1, profile_batch=(2, 3))
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda folder: callbacks.TensorBoard(update_freq="often"),
            'Unrecognized update_freq: \'often\'.\n  expected: "epoch", "batch", or a positive number of batches',
        ),
        (
            lambda folder: callbacks.TensorBoard(profile_batch="3,2"),
            (
                "TensorBoard: `profile_batch` is no batch, and no first and last batch.\n"
                "  expected: a number counted from 1, two of them, or 0\n  got:      '3,2'"
            ),
        ),
        (
            lambda folder: fitted(folder, embeddings_freq=1, embeddings_metadata={"f": "labels.tsv"}),
            (
                "TensorBoard: `embeddings_metadata` names an Embedding layer that is not there: 'f'.\n"
                "  expected: some of ['e\"/../e']"
            ),
        ),
    ],
)
def test_messages(tmp_path, make, message):
    with pytest.raises(ValueError) as error:
        make(tmp_path)
    assert str(error.value) == message
