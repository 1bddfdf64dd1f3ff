"""Two networks against each other: one draws digits, one tells drawn from real ones (Goodfellow et al., 2014)."""

import numpy as np
from found import FOLDER, digits

import tricera as keras
from tricera import layers
from tricera.visualization import figure as figures

STEPS, BATCH, NOISE = 2000, 64, 32


def main():
    keras.utils.set_random_seed(0)
    (x, y), _ = digits()
    x = x[np.isin(y, (0, 1, 3, 7))] * 2 - 1  # some digits only: a minute is short
    leaky = {"activation": "leaky_relu"}
    generator = keras.Sequential(
        [
            keras.Input((NOISE,)),
            layers.Dense(128, **leaky),
            layers.BatchNormalization(momentum=0.8),
            layers.Dense(256, **leaky),
            layers.BatchNormalization(momentum=0.8),
            layers.Dense(28 * 28, activation="tanh"),
            layers.Reshape((28, 28, 1)),
        ],
        name="generator",
    )
    hidden = [layers.Flatten(), layers.Dense(256, **leaky), layers.Dropout(0.3), layers.Dense(128, **leaky)]
    critic = keras.Sequential([keras.Input((28, 28, 1)), *hidden, layers.Dense(1, "sigmoid")], name="critic")
    critic.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), "binary_crossentropy")
    critic.trainable = False
    both = keras.Sequential([generator, critic])
    both.compile(keras.optimizers.Adam(2e-4, beta_1=0.5), "binary_crossentropy")
    critic.trainable = True

    draw = np.random.default_rng(0)
    marks = np.repeat([[0.9], [0.0]], BATCH, 0).astype("float32")
    for step in range(STEPS):
        noise = draw.normal(size=(BATCH, NOISE)).astype("float32")
        real, made = x[draw.integers(0, len(x), BATCH)], generator.predict_on_batch(noise)
        critic.trainable = True
        told = critic.train_on_batch(np.concatenate([real, made]), marks)
        critic.trainable = False
        fooled = both.train_on_batch(noise, np.ones((BATCH, 1), "float32"))
        if step % 500 == 0:
            print(f"step {step}: loss of the critic {float(told):.2f}, of the generator {float(fooled):.2f}")
    made = generator.predict(draw.normal(size=(40, NOISE)).astype("float32"), verbose=0)[..., 0]
    figure, axis = figures.new(8, 3.5)
    axis.imshow(figures.tiles(made, 10, 2, -1.0), cmap="gray_r")
    figures.bare(axis, f"drawn by the generator after {STEPS:,} steps", loc="left", fontsize=11)
    figures.finish(figure, FOLDER / "gan.png")


if __name__ == "__main__":
    main()
