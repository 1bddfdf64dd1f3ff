"""What a network for digits sees: every channel, what each filter wants, where the digit was recognized."""

from found import FOLDER, digits

import tricera as keras
from tricera import layers, visualization

SAMPLES, EPOCHS = 6000, 6


def main():
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = digits()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu", name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(32, 3, activation="relu", name="conv2"),
            layers.Conv2D(64, 3, activation="relu", name="conv3"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:SAMPLES], y[:SAMPLES], batch_size=32, epochs=EPOCHS, verbose=2)
    print(f"test accuracy {model.evaluate(x_test, y_test, verbose=0)[1]:.3f}")

    image = x_test[y_test == 4][0]
    visualization.model_graph(model, FOLDER / "graph.png")
    visualization.activations(model, image, path=FOLDER / "activations.png")
    visualization.filters(model, "conv2", steps=40, high=1.0, path=FOLDER / "filters.png")
    visualization.class_heatmap(model, image, path=FOLDER / "heatmap.png")


if __name__ == "__main__":
    main()
