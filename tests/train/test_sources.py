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


def reader(**kwargs):
    words = tricera.Input((None,), dtype="int32", name="words")
    pooled = layers.GlobalAveragePooling1D()(layers.Embedding(10, 2, name="table")(words))
    model = tricera.Model({"words": words}, layers.Dense(1)(pooled))
    model.compile("sgd", "mse")
    return model


def test_words_beyond_the_embedding_are_told_at_once():
    x, y = np.arange(12, dtype="int32").reshape(6, 2) % 10, np.zeros((6, 1), "float32")
    x[4, 1] = 10
    text = (
        'Embedding layer "table": an index is beyond its `input_dim`.\n'
        "  expected: integers from 0 to 9\n"
        "  got:      10 in sample {}; 1 of {} beyond\n"
        "  fix:      give the layer input_dim=11, or take fewer words (`num_words=10`)."
    )
    model = reader()
    for run in (model.predict, lambda x, **kwargs: model.fit(x, y, **kwargs)):
        with pytest.raises(ValueError) as caught:
            run({"words": x}, verbose=0)
        assert str(caught.value) == text.format(4, 12)
    for run in (model.fit, model.evaluate):  # a batch that is not the first
        weights = model.get_weights()
        with pytest.raises(ValueError) as caught:
            run((({"words": x[i : i + 2]}, y[i : i + 2]) for i in (0, 2, 4)), verbose=0)
        assert str(caught.value) == text.format(0, 4)
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert any((a != b).any() for a, b in zip(weights, reader().get_weights(), strict=True))  # what was trained stays
    sequential = tricera.Sequential([layers.Embedding(10, 2), layers.Flatten(), layers.Dense(1)])
    sequential.compile("sgd", "mse")
    with pytest.raises(ValueError, match="number the words from 0: -1 stands for none"):
        sequential.fit(np.minimum(x, 9) - 1, y, verbose=0)


def test_an_endless_one_of_tensorflow_needs_a_number_of_steps():
    with pytest.raises(ValueError, match=r"^The data set never ends"):
        trained(tf_dataset().repeat())
