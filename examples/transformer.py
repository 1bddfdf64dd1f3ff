"""A transformer's encoder reads reviews of films, and shows what each word looked at (Vaswani et al., 2017)."""

from found import FOLDER, texts, word_index

import tricera as keras
from tricera import layers, ops, visualization

WORDS, LENGTH, SIZE, HEADS, REVIEWS, EPOCHS = 5000, 32, 32, 2, 16000, 5


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
    spread = keras.initializers.RandomNormal(stddev=0.7)  # so that words look at some more than at others
    vectors = encoder(Positions()(layers.Embedding(WORDS, SIZE, spread)(tokens)))
    said = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.3)(ops.mean(vectors, axis=1)))
    model = keras.Model(tokens, said)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x[:REVIEWS], y[:REVIEWS], batch_size=64, epochs=EPOCHS, validation_split=0.1, verbose=2)
    print(f"test accuracy {model.evaluate(x_test[:REVIEWS], y_test[:REVIEWS], verbose=0)[1]:.3f}")

    words = word_index(WORDS)
    review = x_test[:1]
    names = [words[number] for number in review[0]]
    visualization.attention_map(model, review, "attention", names, FOLDER / "transformer.png")


if __name__ == "__main__":
    main()
