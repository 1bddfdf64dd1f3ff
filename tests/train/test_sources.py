"""Data sets of other libraries, which are taken for what they do: none of the libraries is imported."""

import numpy as np
import pytest

import tricera
from tricera import layers

X, Y = np.arange(24.0, dtype="float32").reshape(12, 2) / 24, np.arange(12.0, dtype="float32")[:, None]


def torch_loader():
    torch = pytest.importorskip("torch")
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(pairs, batch_size=4)


def tf_dataset():
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)


def grain_dataset():
    grain = pytest.importorskip("grain")
    return grain.MapDataset.range(12).map(lambda i: (X[i], Y[i])).to_iter_dataset().batch(4)


class ByNumber:
    """What has the methods of a Keras 2 `Sequence`, and nothing else."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


def trained(*args, **kwargs):
    tricera.utils.set_random_seed(2)
    model = tricera.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = model.fit(*args, **kwargs, epochs=2, shuffle=False, verbose=0).history["loss"]
    return [*losses, model.evaluate(*args, **kwargs, verbose=0)]


@pytest.mark.parametrize("make", [torch_loader, tf_dataset, grain_dataset, ByNumber])
def test_fit_and_evaluate_take_them_epoch_after_epoch(make):
    np.testing.assert_allclose(trained(make()), trained(X, Y, batch_size=4), rtol=1e-5)


def test_an_endless_one_of_tensorflow_needs_a_number_of_steps():
    with pytest.raises(ValueError, match=r"^The data set never ends"):
        trained(tf_dataset().repeat())
