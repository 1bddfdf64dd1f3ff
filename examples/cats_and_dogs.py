"""Cats and dogs from a folder of photos, turned and mirrored anew in each epoch so that few of them go far."""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from found import FOLDER, digits, file

import tricera as keras
from tricera import layers, visualization

SIZE, SAMPLES, EPOCHS = (100, 100), 150, 25


def folder():
    """A folder with one folder of pictures a class in each of `train` and `test`."""
    found = file("cats_and_dogs_small", "The folder of cats and dogs", "pictures of threes and eights")
    if found is None:
        found = Path(mkdtemp())
        for part, (x, y) in zip(("train", "test"), digits(), strict=True):
            for number in (3, 8):
                (found / part / str(number)).mkdir(parents=True)
                for i, image in enumerate(x[y == number][:SAMPLES]):
                    keras.utils.save_img(found / part / str(number) / f"{i}.png", image)
    return found


def main():
    keras.utils.set_random_seed(0)
    place = folder()
    read = {"label_mode": "binary", "image_size": SIZE, "batch_size": 25, "seed": 0}
    train, test = (keras.utils.image_dataset_from_directory(place / part, **read) for part in ("train", "test"))
    augmented = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
    stages = [
        layer
        for filters in (16, 32, 64, 64)
        for layer in (layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D())
    ]
    top = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(128, activation="relu"), layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((*SIZE, 3)), *augmented, layers.Rescaling(1 / 255), *stages, *top])
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(train, epochs=EPOCHS, validation_data=test, verbose=2)
    visualization.learning_curves(history, FOLDER / "cats_and_dogs_curves.png", smooth=0.5)
    images, labels = (np.concatenate(parts)[:16] for parts in zip(*([*test][:1]), strict=True))
    said = model.predict(images, verbose=0)
    visualization.predictions(images, said, labels, FOLDER / "cats_and_dogs.png", test.class_names)


if __name__ == "__main__":
    main()
