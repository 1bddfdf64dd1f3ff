"""What is timed: each work once, as a function of the Keras module, with its twin in plain PyTorch.

A twin returns `(network, loss, optimizer)`; it takes images with their channels first, as PyTorch does, and leaves
out the metrics that Keras counts, which makes it faster, if anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Work:
    """One training to time.

    Args:
        build: from the Keras module (or Tricera) to a compiled model.
        twin: from the torch module to `(network, loss, optimizer)`.
        data: from a number of samples to `(x, y)`.
        samples: samples in an epoch.
        epochs: epochs of one timed `fit`.
        target: what best peer / Tricera must reach; None where nothing is asked yet.
    """

    name: str
    title: str
    build: Callable[[Any], Any]
    twin: Callable[[Any], tuple[Any, Any, Any]]
    data: Callable[[int], tuple[Array, Array]]
    samples: int
    batch: int
    epochs: int
    target: float | None = None

    @property
    def steps(self) -> int:
        """Steps in an epoch, the last, smaller one too."""
        return -(-self.samples // self.batch)


# ---- data: nothing but shapes and dtypes matters


def uniform(count: int, *shape: int) -> Array:
    """Numbers from 0 to 1."""
    return np.random.default_rng(0).random((count, *shape), dtype=np.float32)


def binary(count: int) -> Array:
    """Labels 0 and 1, as floats."""
    return np.random.default_rng(1).integers(0, 2, count).astype("float32")


def one_hot(count: int, classes: int) -> Array:
    """Rows with a single one."""
    return np.eye(classes, dtype=np.float32)[np.random.default_rng(1).integers(0, classes, count)]


def tokens(count: int, length: int, words: int) -> Array:
    """Rows of word numbers."""
    return np.random.default_rng(0).integers(1, words, (count, length), dtype=np.int32)


# ---- dense networks


def mlp(keras: Any) -> Any:
    """784-32-10."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    model.compile(keras.optimizers.RMSprop(0.001), "categorical_crossentropy", metrics=["accuracy"])
    return model


def mlp_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    net = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
    return net, nn.CrossEntropyLoss(), torch.optim.RMSprop(net.parameters(), 0.001, alpha=0.9)


def boston(keras: Any) -> Any:
    """13-64-64-1, the model of the k-fold loop."""
    layers = keras.layers
    hidden = [layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu")]
    model = keras.Sequential([keras.Input((13,)), *hidden, layers.Dense(1)])
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


def boston_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    net = nn.Sequential(nn.Linear(13, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1), nn.Flatten(0))
    return net, nn.MSELoss(), torch.optim.RMSprop(net.parameters(), 0.001, alpha=0.9)


def wide(keras: Any) -> Any:
    """60-1000-2000-1000-500-60, with dropout."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((60,)),
            layers.Dense(1000, activation="relu"),
            layers.Dense(2000, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(1000, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(500, activation="tanh"),
            layers.Dropout(0.1),
            layers.Dense(60),
        ]
    )
    model.compile("adam", "mse", metrics=["accuracy", "mae"])
    return model


def wide_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    front = [nn.Linear(60, 1000), nn.ReLU(), nn.Linear(1000, 2000), nn.ReLU(), nn.Dropout(0.2)]
    back = [nn.Linear(2000, 1000), nn.ReLU(), nn.Dropout(0.2), nn.Linear(1000, 500), nn.Tanh(), nn.Dropout(0.1)]
    net = nn.Sequential(*front, *back, nn.Linear(500, 60))
    return net, nn.MSELoss(), torch.optim.Adam(net.parameters(), 0.001)


def reviews(keras: Any) -> Any:
    """10000-16-16-1 over words that occur or not."""
    layers = keras.layers
    hidden = [layers.Dense(16, activation="relu"), layers.Dense(16, activation="relu")]
    model = keras.Sequential([keras.Input((10000,)), *hidden, layers.Dense(1, activation="sigmoid")])
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def reviews_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    net = nn.Sequential(nn.Linear(10000, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
    return net, nn.BCEWithLogitsLoss(), torch.optim.RMSprop(net.parameters(), 0.001, alpha=0.9)


# ---- convolutional networks


def digits(keras: Any) -> Any:
    """Two convolutions, pooling, dropout, dense: the CNN for MNIST."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def digits_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
    dense = [nn.Flatten(), nn.Linear(32 * 12 * 12, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)]
    net = nn.Sequential(*convolutions, *dense)
    return net, nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), 0.001)


def pets(keras: Any) -> Any:
    """Four convolutions with pooling and two dense layers, over photographs of cats and dogs."""
    layers = keras.layers
    body = [keras.Input((150, 150, 3))]
    for filters in (32, 64, 128, 128):
        body += [layers.Conv2D(filters, (3, 3), activation="relu"), layers.MaxPooling2D((2, 2))]
    head = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([*body, *head])
    model.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
    return model


def pets_twin(torch: Any) -> tuple[Any, Any, Any]:
    nn = torch.nn
    body, channels = [], 3
    for filters in (32, 64, 128, 128):
        body += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    head = [nn.Flatten(), nn.Linear(128 * 7 * 7, 512), nn.ReLU(), nn.Linear(512, 1), nn.Flatten(0)]
    net = nn.Sequential(*body, *head)
    return net, nn.BCEWithLogitsLoss(), torch.optim.RMSprop(net.parameters(), 1e-4, alpha=0.9)


# ---- recurrent networks


def stacked(keras: Any) -> Any:
    """Three LSTM(32) on one another."""
    layers = keras.layers
    recurrent = [layers.LSTM(32, return_sequences=True), layers.LSTM(32, return_sequences=True), layers.LSTM(32)]
    model = keras.Sequential([keras.Input((8, 16)), *recurrent, layers.Dense(10, activation="softmax")])
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def sentiment(keras: Any) -> Any:
    """Embedding and LSTM over long reviews."""
    layers = keras.layers
    body = [layers.Embedding(10000, 32), layers.LSTM(32), layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.Input((500,), dtype="int32"), *body])
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def _recurrent(torch: Any, body: list[Any], outputs: int, **lstm: Any) -> Any:
    """`body`, an LSTM(32), and a dense layer over its last output."""
    nn = torch.nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.lstm, self.dense = nn.Sequential(*body), nn.LSTM(**lstm), nn.Linear(32, outputs)

        def forward(self, x: Any) -> Any:
            y = self.dense(self.lstm(self.body(x))[0][:, -1])
            return y[:, 0] if outputs == 1 else y

    return Recurrent()


def stacked_twin(torch: Any) -> tuple[Any, Any, Any]:
    net = _recurrent(torch, [], 10, input_size=16, hidden_size=32, num_layers=3, batch_first=True)
    return net, torch.nn.CrossEntropyLoss(), torch.optim.RMSprop(net.parameters(), 0.001, alpha=0.9)


def sentiment_twin(torch: Any) -> tuple[Any, Any, Any]:
    net = _recurrent(torch, [torch.nn.Embedding(10000, 32)], 1, input_size=32, hidden_size=32, batch_first=True)
    return net, torch.nn.BCEWithLogitsLoss(), torch.optim.RMSprop(net.parameters(), 0.001, alpha=0.9)


def _work(name: str, title: str, functions: tuple[Any, Any], data: Any, *sizes: int, target: Any = None) -> Work:
    return Work(name, title, *functions, data, *sizes, target=target)


# Samples, batch size, epochs. Samples are the notes' where an epoch is short, else fewer of them.
WORKS = (
    _work(
        "boston",
        "Boston housing MLP 13-64-64-1, batch 1",
        (boston, boston_twin),
        lambda n: (uniform(n, 13), uniform(n)),
        *(303, 1, 20),
        target=25,
    ),
    _work(
        "mlp",
        "MLP 784-32-10, batch 32",
        (mlp, mlp_twin),
        lambda n: (uniform(n, 784), one_hot(n, 10)),
        *(60000, 32, 2),
        target=2.5,
    ),
    _work(
        "lstm",
        "Three stacked LSTM(32), 8 steps, batch 64",
        (stacked, stacked_twin),
        lambda n: (uniform(n, 8, 16), one_hot(n, 10)),
        *(1000, 64, 20),
        target=1.1,
    ),
    _work(
        "mnist",
        "MNIST CNN, batch 32",
        (digits, digits_twin),
        lambda n: (uniform(n, 28, 28, 1), one_hot(n, 10)),
        *(3200, 32, 2),
        target=1.5,
    ),
    _work(
        "wide",
        "MLP 60-1000-2000-1000-500-60, batch 500",
        (wide, wide_twin),
        lambda n: (uniform(n, 60), uniform(n, 60)),
        *(10000, 500, 2),
        target=1.1,
    ),
    _work(
        "pets",
        "Cats-and-dogs CNN 150x150, batch 20",
        (pets, pets_twin),
        lambda n: (uniform(n, 150, 150, 3), binary(n)),
        *(200, 20, 2),
        target=1.0,
    ),
    _work(
        "sentiment",
        "Embedding + LSTM(32), 500 steps, batch 128",
        (sentiment, sentiment_twin),
        lambda n: (tokens(n, 500, 10000), binary(n)),
        *(1280, 128, 2),
    ),
    _work(
        "reviews",
        "IMDB dense net 10000-16-16-1, batch 512",
        (reviews, reviews_twin),
        lambda n: (uniform(n, 10000), binary(n)),
        *(5120, 512, 5),
    ),
)
BY_NAME = {work.name: work for work in WORKS}
