"""Large weights: read where they stay, and not drawn before."""

import io

import numpy as np
import pytest

from tricera import initializers, layers, models, saving
from tricera.saving import h5, h5data, past


def net(units=600):
    return models.Sequential([layers.Input((units,)), layers.Dense(units), layers.Dense(units)])


def test_weights_that_a_file_says_are_not_drawn(tmp_path, monkeypatch):
    model = net()
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
        with monkeypatch.context() as patch:
            patch.setattr(initializers.VarianceScaling, "draw", lambda *_: 1 / 0)
            twin = saving.load_model(tmp_path / name)
        for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_bytes_of_weights_are_read_once(tmp_path):
    """Whole models and weights in the layout of Keras 2, too, whose texts are checked before HDF5 follows them."""

    class Counting(io.FileIO):
        count = 0

        def readinto(self, buffer):
            count = super().readinto(buffer)
            self.count += count
            return count

    model = net()
    model.save(tmp_path / "m.h5")
    model.save_weights(tmp_path / "w.h5")
    for name in ("m.h5", "w.h5"):
        size = (tmp_path / name).stat().st_size
        with Counting(tmp_path / name) as file, h5.Reader(file, name, size) as reader:
            past.weights.read(model, reader)
            assert model.get_weights()[0].nbytes * 2 < file.count < 1.1 * size


def test_large_arrays_are_read_in_pieces_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(h5data, "_PIECE", 40)
    content = np.random.default_rng(0).bytes(200)
    (tmp_path / "f").write_bytes(content)
    with open(tmp_path / "f", "rb", buffering=0) as file:
        found = bytearray(150)
        h5data._fill_at_once(file.fileno(), 7, memoryview(found))
        assert found == content[7:157]
        with pytest.raises(h5data.Damaged, match="it ends too early"):
            h5data._fill_at_once(file.fileno(), 100, memoryview(found))


def test_what_no_file_says_is_drawn_afterwards():
    with initializers.postponed() as draw:
        initializer = initializers.GlorotUniform(seed=1)
        model = models.Sequential([layers.Input((600,)), layers.Dense(600, kernel_initializer=initializer)])
    assert not np.any(model.get_weights()[0])
    draw(model.weights)
    np.testing.assert_array_equal(model.get_weights()[0], initializer((600, 600)))


def test_a_loaded_model_trains(tmp_path):
    """Its arrays may be given away to a step, as those that XLA made itself."""
    x = np.ones((2, 600), "float32")
    model = net()
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.keras")
    twin = saving.load_model(tmp_path / "m.keras")
    for each in (model, twin):
        each.fit(x, x, verbose=0)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
