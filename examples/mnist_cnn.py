"""Train a small convolutional network on handwritten digits, and look at what it learned.

Uses MNIST where it is in the cache or can be downloaded, else the 1,797 digits that scikit-learn carries.
Writes into the folder `demo`: the model, its learning curves, and a picture of predictions.
"""

import sys
import time
from pathlib import Path

import numpy as np

import tricera as keras
from tricera import layers, visualization

FOLDER = Path("demo")
BATCH = 32


def load_digits():
    """`(x_train, y_train), (x_test, y_test)`: images of 28 x 28 in uint8, and the number of epochs to train."""
    try:
        return (*keras.datasets.mnist.load_data(), 5)
    except OSError:
        print("MNIST is neither cached nor downloadable: training on the 1,797 digits that scikit-learn carries.")
    except ValueError as error:
        print(f"{str(error).splitlines()[0]} Training on the 1,797 digits that scikit-learn carries.")
    return (*keras.datasets.digits.load_data(size=28), 20)


def build_model(steps):
    """The network of two convolutions, compiled to train for so many steps, ever smaller ones."""
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits_cnn",
    )
    rate = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=steps)
    model.compile(keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    start = time.perf_counter()
    keras.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test), epochs = load_digits()
    x_train, x_test = (x[..., None].astype("float32") / 255 for x in (x_train, x_test))
    FOLDER.mkdir(exist_ok=True)

    model = build_model(steps=epochs * len(x_train) // BATCH)
    model.summary()
    history = model.fit(x_train, y_train, batch_size=BATCH, epochs=epochs, validation_split=0.1)
    print(model.train_plan)

    model.save(FOLDER / "digits_cnn.keras")
    visualization.learning_curves(history, FOLDER / "learning_curves.png")
    chosen = np.random.default_rng(0).choice(len(x_test), 24, replace=False)
    probabilities = model.predict(x_test[chosen], verbose=0)
    visualization.predictions(x_test[chosen], probabilities, y_test[chosen], FOLDER / "predictions.png")

    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{time.perf_counter() - start:.0f} s; model and pictures are in {FOLDER.resolve()}")
    print(f"test accuracy: {accuracy:.4f}")


if __name__ == "__main__":
    sys.exit(main())
