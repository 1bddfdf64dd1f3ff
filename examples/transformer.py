"""A transformer's encoder reads reviews of films, and shows what each word looked at (Vaswani et al., 2017)."""

import numpy as np
from found import FOLDER, texts, word_index

import tricera as keras
from tricera import layers, ops, visualization

WORDS, LENGTH, SIZE, HEADS, REVIEWS, EPOCHS = 5000, 64, 32, 2, 8000, 4


class Positions(layers.Layer):
    """Adds to each vector one that stands for its place."""

    def build(self, input_shape):
        self.table = self.add_weight(tuple(input_shape[1:]), "uniform", name="table")

    def call(self, x):
        return x + self.table


def encoder(x):
    """Attention, then a dense layer at each place; each beside a way around it, and normalized."""
    seen = layers.MultiHeadAttention(HEADS, SIZE // HEADS, dropout=0.1, name="attention")(x, x)
    x = layers.LayerNormalization()(x + seen)
    inner = layers.Dense(SIZE)(layers.Dense(2 * SIZE, activation="gelu")(x))
    return layers.LayerNormalization()(x + layers.Dropout(0.1)(inner))


def main():
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = texts("imdb", WORDS, LENGTH)
    tokens = keras.Input((LENGTH,), dtype="int32")
    vectors = encoder(Positions()(layers.Embedding(WORDS, SIZE)(tokens)))
    said = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.3)(ops.mean(vectors, axis=1)))
    model = keras.Model(tokens, said)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x[:REVIEWS], y[:REVIEWS], batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=2)
    print(f"test accuracy {model.evaluate(x_test[:REVIEWS], y_test[:REVIEWS], verbose=0)[1]:.3f}")

    review = x_test[:1]
    words = word_index(WORDS)
    names = [words[number] for number in review[0]]
    figure = visualization.attention_map(model, review, "attention", names)
    for axis in figure.axes[:HEADS]:  # the last words of the review, so that they can be read
        axis.set(xlim=(LENGTH - 24.5, LENGTH - 0.5), ylim=(LENGTH - 0.5, LENGTH - 24.5))
        for ticks in (axis.set_xticks, axis.set_yticks):
            ticks(np.arange(LENGTH - 24, LENGTH), names[-24:], fontsize=7)
        axis.tick_params(axis="x", rotation=90)
    figure.set_size_inches(8, 4.4)
    visualization.figure.finish(figure, FOLDER / "transformer.png")


if __name__ == "__main__":
    main()
