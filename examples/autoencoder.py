"""An autoencoder squeezes a digit through 32 numbers, and learns to take the noise away."""

import numpy as np
from found import FOLDER, digits

import tricera as keras
from tricera import layers
from tricera.visualization import figure as figures

SAMPLES, EPOCHS, CODE, NOISE = 8000, 15, 32, 0.4


def noisy(x):
    """The images with noise, still from 0 to 1."""
    return np.clip(x + NOISE * np.random.default_rng(0).normal(size=x.shape), 0, 1).astype("float32")


def main():
    keras.utils.set_random_seed(0)
    (x, _), (x_test, _) = digits()
    x, x_test = x[:SAMPLES], x_test[:12]
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(CODE, activation="relu", name="code"),
            layers.Dense(256, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    model.fit(noisy(x), x, batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=2)

    rows = {"given": noisy(x_test), "made of it": model.predict(noisy(x_test), verbose=0), "wanted": x_test}
    figure, axes = figures.new(8, 2.9, nrows=3)
    for axis, (title, images) in zip(axes, rows.items(), strict=True):
        axis.imshow(figures.tiles(images[..., 0], len(images), 2, 0.0), cmap="gray_r", vmin=0, vmax=1)
        figures.bare(axis, title, loc="left")
    figures.finish(figure, FOLDER / "autoencoder.png")


if __name__ == "__main__":
    main()
