"""A variational autoencoder lays all digits out on a plane, to draw new ones from (Kingma and Welling, 2013)."""

import numpy as np
from found import FOLDER, digits

import tricera as keras
from tricera import layers, ops
from tricera.visualization import figure as figures

SAMPLES, EPOCHS, SIDE = 12000, 15, 15


class Sampling(layers.Layer):
    """A point drawn around the mean; its distance from the standard normal distribution is a loss."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        mean, log_variance = inputs
        divergence = -0.5 * ops.sum(1 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=-1)
        self.add_loss(ops.mean(divergence) / (28 * 28))
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def main():
    keras.utils.set_random_seed(0)
    (x, _), _ = digits()
    image = keras.Input((28, 28, 1))
    hidden = layers.Dense(256, activation="relu")(layers.Flatten()(image))
    hidden = layers.Dense(64, activation="relu")(hidden)
    code = Sampling(name="code")([layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)])
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(256, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ],
        name="decoder",
    )
    model = keras.Model(image, decoder(code))
    model.compile("adam", "binary_crossentropy")
    model.fit(x[:SAMPLES], x[:SAMPLES], batch_size=128, epochs=EPOCHS, verbose=2)

    line = np.linspace(-2, 2, SIDE)
    plane = np.stack(np.meshgrid(line, -line), -1).reshape(-1, 2)
    drawn = decoder.predict(plane.astype("float32"), verbose=0)[..., 0]
    figure, axis = figures.new(5, 5.3)
    axis.imshow(figures.tiles(drawn, SIDE, 0), cmap="gray_r")
    figures.bare(axis, "digits by their place on the plane", fontsize=11)
    figures.finish(figure, FOLDER / "variational_autoencoder.png")


if __name__ == "__main__":
    main()
