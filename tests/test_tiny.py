"""The quick suite: every kind of model learns, is evaluated, predicts, is saved and comes back, within seconds."""

import numpy as np
import pytest

import tricera
from tricera import Input, Model, Sequential, layers, saving

X = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
Y = X[:, :2]


def stack():
    return Sequential([layers.Dense(3, activation="relu", input_shape=(4,)), layers.Dropout(0.1), layers.Dense(2)])


def graph():
    a = Input((4,))
    return Model(a, layers.Dense(2)(layers.Dense(4)(a) + a))


@tricera.utils.register_keras_serializable("tiny")
class Net(Model):
    """A model of the user's."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.top = layers.Dense(2)

    def call(self, x):
        return self.top(x)


@pytest.mark.parametrize("make", [stack, graph, Net], ids=["stack", "graph", "subclass"])
def test_a_model_learns_and_comes_back_from_its_file(make, tmp_path):
    tricera.utils.set_random_seed(0)
    model = make()
    model.compile(tricera.optimizers.Adam(0.05), "mse", metrics=["mae"])
    losses = model.fit(X, Y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = saving.load_model(tmp_path / "model.keras")
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)


def test_images_and_classes():
    model = Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten()])
    model.add(layers.Dense(3, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(np.ones((6, 6, 6)), np.arange(6) % 3, validation_split=0.5, verbose=0).history
    assert [*history] == ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_words_of_any_number():
    model = Sequential([layers.Embedding(5, 2, mask_zero=True), layers.LSTM(2), layers.Dense(1, "sigmoid")])
    one, padded = model(np.array([[1, 2]])), model(np.array([[1, 2, 0]]))
    np.testing.assert_allclose(one, padded, rtol=1e-6)


def test_the_error_that_everybody_meets():
    model = Sequential([Input((28, 28, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(10)], name="mnist")
    model.compile("adam", "mse")
    with pytest.raises(ValueError) as error:
        model.fit(np.ones((4, 784)), np.ones((4, 10)), verbose=0)
    assert "expected:" in str(error.value) and "got:" in str(error.value) and "fix:" in str(error.value)
    with pytest.raises(ValueError) as name:
        model.compile("adamm", "mse")
    assert "did you mean 'adam'?" in str(name.value)
