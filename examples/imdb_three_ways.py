"""Is a review of a film good or bad? A dense net on bags of words, an LSTM, and an embedding of pretrained vectors."""

import numpy as np
from found import FOLDER, file, texts, word_index

import tricera as keras
from tricera import layers, visualization
from tricera.preprocessing.vectors import embedding_matrix

WORDS, LENGTH, REVIEWS, EPOCHS = 5000, 80, 8000, 6


def bags(lists):
    """One column a word: 1 where the review has it."""
    return np.stack([np.bincount(row, minlength=WORDS) > 0 for row in lists]).astype("float32")


def dense():
    hidden = [layers.Dense(16, "relu"), layers.Dropout(0.3), layers.Dense(16, "relu")]
    return [keras.Input((WORDS,)), *hidden, layers.Dense(1, "sigmoid")]


def lstm():
    return [keras.Input((LENGTH,)), layers.Embedding(WORDS, 32), layers.LSTM(32), layers.Dense(1, "sigmoid")]


def pretrained():
    """The vectors of words come from a far larger text, and stay as they are."""
    path = file("glove/*100d*", "A file of GloVe vectors", "a random table")
    index = {word: number for number, word in word_index(WORDS).items()}
    table = embedding_matrix(path, index, WORDS) if path else np.random.default_rng(0).normal(size=(WORDS, 100))
    vectors = layers.Embedding(WORDS, 100, weights=[table], trainable=False)
    return [keras.Input((LENGTH,)), vectors, layers.GlobalAveragePooling1D(), layers.Dense(32, "relu"),
            layers.Dense(1, "sigmoid")]  # fmt: skip


def main():
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = texts("imdb", WORDS, LENGTH)
    x, y, x_test, y_test = x[:REVIEWS], y[:REVIEWS], x_test[:REVIEWS], y_test[:REVIEWS]
    curves = {}
    for build in (dense, lstm, pretrained):
        data, test = (bags(x), bags(x_test)) if build is dense else (x, x_test)
        model = keras.Sequential(build(), name=build.__name__)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        history = model.fit(data, y, batch_size=128, epochs=EPOCHS, validation_split=0.2, verbose=2).history
        print(f"{model.name}: test accuracy {model.evaluate(test, y_test, verbose=0)[1]:.3f}")
        curves[f"{model.name}_accuracy"] = history["accuracy"]
        curves[f"val_{model.name}_accuracy"] = history["val_accuracy"]
    visualization.learning_curves(curves, FOLDER / "imdb_three_ways.png")


if __name__ == "__main__":
    main()
