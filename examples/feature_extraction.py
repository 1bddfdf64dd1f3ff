"""Features of a network that knows ImageNet, and a small head that tells cats from dogs by them."""

import numpy as np
from cats_and_dogs import folder
from found import FOLDER, file

import tricera as keras
from tricera import layers, visualization
from tricera.applications import squeezenet

SIZE, EPOCHS = (227, 227), 40
WEIGHTS = "models/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"


def photos(place, part):
    """The images of a part, from 0 to 255, and their labels."""
    read = {"label_mode": "binary", "image_size": SIZE, "batch_size": 50, "shuffle": False}
    batches = [*keras.utils.image_dataset_from_directory(place / part, **read)]
    return [np.concatenate([np.asarray(batch[i]) for batch in batches]) for i in (0, 1)]


def convolutional_base():
    """SqueezeNet without its top, with the weights of ImageNet where the Keras folder has them; frozen."""
    weights = file(WEIGHTS, "SqueezeNet's file of weights", "a network that has seen nothing")
    base = squeezenet.SqueezeNet(include_top=False, weights=weights, input_shape=(*SIZE, 3), pooling="avg")
    base.trainable = False
    return base


def head(base):
    """What is trained on top of the features."""
    parts = [layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input(base.output_shape[1:]), *parts])


def main():
    keras.utils.set_random_seed(0)
    place, base = folder(), convolutional_base()
    (x_train, y_train), (x_test, y_test) = (photos(place, part) for part in ("train", "test"))
    features, wanted = (base.predict(squeezenet.preprocess_input(x), verbose=0) for x in (x_train, x_test))
    model = head(base)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy", metrics=["accuracy"])
    test = (wanted, y_test)
    history = model.fit(features, y_train, batch_size=20, epochs=EPOCHS, validation_data=test, verbose=2)
    FOLDER.mkdir(exist_ok=True)
    visualization.learning_curves(history, FOLDER / "feature_extraction.png")
    print(f"test accuracy: {model.evaluate(*test, verbose=0)[1]:.3f}")


if __name__ == "__main__":
    main()
