"""What does a house cost? So few samples that each is held out once: cross-validation, all folds in one program."""

from found import FOLDER

import tricera as keras
from tricera import layers, visualization
from tricera.model_selection import cross_validate

EPOCHS, FOLDS = 100, 4


def houses():
    """Features and prices: Boston's, or the progress of diabetes that scikit-learn carries."""
    try:
        return keras.datasets.boston_housing.load_data()[0]
    except (OSError, ValueError):
        print("Boston's houses are neither cached nor downloadable: scikit-learn's diabetes data take their place.")
        from sklearn.datasets import load_diabetes

        x, y = load_diabetes(return_X_y=True)
        return x, y / 10


def build(features):
    model = keras.Sequential(
        [
            keras.Input((features,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


def main():
    keras.utils.set_random_seed(0)
    x, y = houses()
    found = cross_validate(lambda: build(x.shape[1]), x, y, k=FOLDS, epochs=EPOCHS, batch_size=16, standardize=True)
    print(found)
    means = {name: values[4:].tolist() for name, values in found.mean.items()}  # the first epochs hide the rest
    visualization.learning_curves(means, FOLDER / "boston_k_fold.png", smooth=0.5)


if __name__ == "__main__":
    main()
