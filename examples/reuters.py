"""Which of 46 topics is a newswire about?"""

import numpy as np
from found import FOLDER, texts

import tricera as keras
from tricera import layers, visualization

WORDS, TOPICS, EPOCHS = 5000, 46, 10


def bags(lists):
    """One column a word: 1 where the newswire has it."""
    return np.stack([np.bincount(row, minlength=WORDS) > 0 for row in lists]).astype("float32")


def main():
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = texts("reuters", WORDS)
    model = keras.Sequential(
        [
            keras.Input((WORDS,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(TOPICS, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(bags(x), y, batch_size=256, epochs=EPOCHS, validation_split=0.1, verbose=2)
    visualization.learning_curves(history, FOLDER / "reuters_curves.png")
    probabilities = model.predict(bags(x_test), verbose=0)
    visualization.confusion_matrix(y_test, probabilities, path=FOLDER / "reuters.png")
    print(f"test accuracy {(probabilities.argmax(-1) == y_test).mean():.3f}")


if __name__ == "__main__":
    main()
