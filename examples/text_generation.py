"""An LSTM reads text letter by letter, learns what comes next, and then writes on by itself."""

import numpy as np
from found import FOLDER, file

import tricera as keras
from tricera import layers, visualization

LENGTH, LETTERS, EPOCHS, WRITTEN = 40, 150_000, 8, 120


def text():
    """A few hundred thousand letters: sentences from the Keras folder, or our own documentation."""
    path = file("text/raw_sentences.txt", "A text", "the documentation")
    paths = [path] if path else sorted(keras.config.Path(__file__).parents[1].glob("docs/**/*.md"))
    return "".join(each.read_text() for each in paths)[:LETTERS].lower()


def choose(probabilities, temperature, draw):
    """The number of a letter: the likely ones more often, the more so the lower the temperature."""
    weights = np.exp(np.log(probabilities + 1e-9) / temperature)
    return draw.choice(len(weights), p=weights / weights.sum())


def main():
    keras.utils.set_random_seed(0)
    read = text()
    letters = sorted(set(read))
    numbers = np.array([letters.index(letter) for letter in read])
    starts = np.arange(0, len(numbers) - LENGTH - 1, LENGTH // 2)
    x = np.stack([numbers[start : start + LENGTH] for start in starts])
    y = np.stack([numbers[start + 1 : start + LENGTH + 1] for start in starts])
    model = keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(len(letters), 24),
            layers.LSTM(128, return_sequences=True),
            layers.Dense(len(letters), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=EPOCHS, verbose=2)

    for temperature in (0.2, 0.6, 1.0):
        written, draw = list(x[0]), np.random.default_rng(0)
        for _ in range(WRITTEN):
            after = model.predict_on_batch(np.array([written[-LENGTH:]]))[0, -1]
            written.append(choose(after, temperature, draw))
        print(f"temperature {temperature}: {''.join(letters[n] for n in written[LENGTH:])!r}")
    kinds = ["vowel" if a in "aeiou" else "other letter" if a.isalpha() else "no letter" for a in letters]
    names = ["space" if a == " " else "newline" if a == "\n" else a for a in letters]
    visualization.embedding_projector(model, names, groups=kinds, path=FOLDER / "text_generation.png")


if __name__ == "__main__":
    main()
