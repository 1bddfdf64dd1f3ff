"""Fine-tuning: a head is trained on frozen features, then the last convolutions with it, in small steps."""

import numpy as np
from cats_and_dogs import folder
from feature_extraction import convolutional_base, head, photos
from found import FOLDER

import tricera as keras
from tricera import visualization
from tricera.applications import squeezenet

EPOCHS, TUNED, FIRST = 30, 4, "fire9_squeeze1x1"


def unfreeze(base, first):
    """The layers from the one named `first` onwards are trained, those before it are not."""
    base.trainable = True
    for layer in base.layers[: base.layers.index(base.get_layer(first))]:
        layer.trainable = False


def main():
    keras.utils.set_random_seed(0)
    place, base = folder(), convolutional_base()
    (pictures, y_train), (shown, y_test) = (photos(place, part) for part in ("train", "test"))
    x_train, x_test = (squeezenet.preprocess_input(x) for x in (pictures, shown))
    top = head(base)
    top.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    top.fit(base.predict(x_train, verbose=0), y_train, batch_size=20, epochs=EPOCHS, verbose=0)

    unfreeze(base, FIRST)
    model = keras.Sequential([keras.Input(x_train.shape[1:]), base, top])
    model.compile(keras.optimizers.Adam(5e-5), "binary_crossentropy", metrics=["accuracy"])
    before = model.evaluate(x_test, y_test, verbose=0)[1]
    test = (x_test, y_test)
    history = model.fit(x_train, y_train, batch_size=20, epochs=TUNED, validation_data=test, verbose=2)
    FOLDER.mkdir(exist_ok=True)
    visualization.learning_curves(history, FOLDER / "fine_tuning_curves.png")
    said, some = model.predict(x_test, verbose=0), np.random.default_rng(0).permutation(len(x_test))[:16]
    picture = FOLDER / "fine_tuning.png"
    visualization.predictions(shown[some].astype("uint8"), said[some], y_test[some], picture, ["cat", "dog"])
    print(f"test accuracy: {before:.3f}, fine-tuned {np.mean((said > 0.5) == y_test.reshape(said.shape)):.3f}")


if __name__ == "__main__":
    main()
