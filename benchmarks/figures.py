"""`python -m benchmarks.figures`: train what the notes train, on real data, and compare with the figures they print.

The data are those of `tricera.datasets`, in `$KERAS_HOME/datasets`, and photos in `$KERAS_HOME/cats_and_dogs_small`
(`train`, `validation`, `test`, each with a folder for each animal).
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tricera as keras
from tricera import config, layers
from tricera.model_selection import cross_validate

WORDS = 10_000


@dataclass(frozen=True)
class Figure:
    """Something to reach.

    Args:
        measure: trains, and gives the figure.
        target: at least this much, or at most, where `is_error`.
    """

    title: str
    measure: Callable[[], float]
    target: float
    is_error: bool = False

    def reached(self, value: float) -> bool:
        """Whether the figure is as good as the target."""
        return value <= self.target if self.is_error else value >= self.target


def multi_hot(sequences: np.ndarray) -> np.ndarray:
    """Rows with a one for each word that a text has."""
    rows = np.zeros((len(sequences), WORDS), "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        row[sequence] = 1
    return rows


def dense(units: int, outputs: int, activation: str | None, inputs: int) -> keras.Sequential:
    """Two hidden layers."""
    hidden = [layers.Dense(units, activation="relu") for _ in range(2)]
    return keras.Sequential([layers.Input((inputs,)), *hidden, layers.Dense(outputs, activation=activation)])


def imdb() -> float:
    """Test accuracy after 4 epochs."""
    (x, y), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=WORDS)
    model = dense(16, 1, "sigmoid", WORDS)
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    model.fit(multi_hot(x), y, batch_size=512, epochs=4, verbose=0)
    return model.evaluate(multi_hot(x_test), y_test, batch_size=512, verbose=0)[1]


def reuters() -> float:
    """Test accuracy after 9 epochs."""
    (x, y), (x_test, y_test) = keras.datasets.reuters.load_data(num_words=WORDS)
    model = dense(64, 46, "softmax", WORDS)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(multi_hot(x), y, batch_size=512, epochs=9, verbose=0)
    return model.evaluate(multi_hot(x_test), y_test, batch_size=512, verbose=0)[1]


def boston() -> float:
    """Mean absolute error, in thousands of dollars, over 4 folds."""
    (x, y), _ = keras.datasets.boston_housing.load_data()

    def build() -> keras.Sequential:
        model = dense(64, 1, None, x.shape[1])
        model.compile("rmsprop", "mse", metrics=["mae"])
        return model

    found = cross_validate(build, x, y, k=4, epochs=100, batch_size=1, standardize=True, verbose=0)
    return float(found.mean["val_mae"][-1])


def photos() -> float:
    """Test accuracy of the notes' network after 15 epochs over augmented photos in folders."""
    folder = config.home() / "cats_and_dogs_small"
    image = keras.preprocessing.image.ImageDataGenerator
    augment = image(
        rescale=1 / 255,
        rotation_range=40,
        width_shift_range=0.2,
        height_shift_range=0.2,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
    )
    flow = {"target_size": (150, 150), "batch_size": 20, "class_mode": "binary"}
    train = augment.flow_from_directory(str(folder / "train"), **flow)
    test = image(rescale=1 / 255).flow_from_directory(str(folder / "test"), **flow)
    model = keras.Sequential([layers.Input((150, 150, 3))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    for layer in (layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(1, activation="sigmoid")):
        model.add(layer)
    model.compile(keras.optimizers.RMSprop(1e-4), "binary_crossentropy", metrics=["accuracy"])
    model.fit(train, epochs=15, steps_per_epoch=len(train), verbose=0)
    return model.evaluate(test, steps=len(test), verbose=0)[1]


FIGURES = {
    "imdb": Figure("IMDB, dense network: test accuracy after 4 epochs", imdb, 0.87),
    "reuters": Figure("Reuters, dense network: test accuracy after 9 epochs", reuters, 0.78),
    "boston": Figure("Boston housing: mean absolute error over 4 folds", boston, 2.6, is_error=True),
    "photos": Figure("Cats and dogs from some hundred photos in a folder: test accuracy after 15 epochs", photos, 0.6),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*FIGURES, []], help="which; all by default")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    missed = 0
    for name in given.names or FIGURES:
        figure = FIGURES[name]
        keras.utils.set_random_seed(given.seed)
        begun = time.perf_counter()
        value = figure.measure()
        missed += not figure.reached(value)
        side = "at most" if figure.is_error else "at least"
        verdict = "reached" if figure.reached(value) else "MISSED"
        seconds = time.perf_counter() - begun
        print(f"{figure.title}: {value:.4f} ({side} {figure.target}: {verdict}; {seconds:.0f} s)", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
