"""Write the small files of a release that later releases must read: `python tools/write_golden.py [folder]`.

Each has a model with layers of several kinds, compiled and trained for two steps, in one form of file; `recorded.npz`
holds an input, the model's outputs for it, and its weights after one more step from there.
"""

import sys
from pathlib import Path

import numpy as np

import tricera as keras
from tricera import layers

FORMS = ("m.keras", "m.h5", "folder", "w.weights.h5", "w.h5", "shards.weights.json")


def model() -> keras.Model:
    """A model whose layers, settings and optimizer say something in a file."""
    image = layers.Input((6, 6, 1), name="image")
    x = layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2", name="conv")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Flatten(name="flat")(x)
    made = keras.Model(image, layers.Dense(3, activation="softmax", name="classes")(x), name="golden")
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    made.compile(keras.optimizers.Adam(schedule), loss="categorical_crossentropy", metrics=["accuracy"])
    return made


def data() -> tuple[np.ndarray, np.ndarray]:
    """A batch of images, and of classes."""
    return np.linspace(0, 1, 144, dtype="float32").reshape(4, 6, 6, 1), np.eye(3, dtype="float32")[[0, 1, 2, 1]]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(1)
    x, y = data()
    trained = model()
    for _ in range(2):
        trained.train_on_batch(x, y)
    for form in FORMS:
        if form == "folder":
            trained.save(folder / form, zipped=False)
        elif form.startswith("m"):
            trained.save(folder / form)
        else:
            size = 1e-6 if form.endswith("json") else None
            trained.save_weights(folder / form, max_shard_size=size)
    recorded = {"x": x, "y": y, "outputs": np.asarray(trained(x))}
    trained.train_on_batch(x, y)
    after = {f"after_{i}": weight for i, weight in enumerate(trained.get_weights())}
    np.savez_compressed(folder / "recorded.npz", **recorded, **after)


if __name__ == "__main__":
    root = Path(__file__).parents[1] / "tests" / "golden" / "files"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root / keras.__version__)
