"""Are two digits the same? One encoder for both learns to lay like to like (Hadsell et al., 2006)."""

import numpy as np
from found import FOLDER, digits

import tricera as keras
from tricera import layers, ops, visualization

PAIRS, EPOCHS, MARGIN, KINDS = 20000, 8, 1.0, 6


def pairs(x, y, draw):
    """Images beside images, half of them of the same digit: `(first, second), same`."""
    first = draw.integers(0, len(y), PAIRS)
    places = [np.flatnonzero(y == kind) for kind in range(10)]
    like = np.array([draw.choice(places[kind]) for kind in y[first]])
    second = np.where(draw.random(PAIRS) < 0.5, like, draw.integers(0, len(y), PAIRS))
    return [x[first], x[second]], (y[first] == y[second]).astype("float32")


def contrastive(same, distance):
    """Like digits together, others apart by the margin at least."""
    distance = distance[:, 0] if len(distance.shape) > len(same.shape) else distance
    return ops.mean(same * distance**2 + (1 - same) * ops.maximum(MARGIN - distance, 0) ** 2)


def main():
    keras.utils.set_random_seed(0)
    (x, y), (x_test, y_test) = digits()
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(8),
        ],
        name="encoder",
    )
    left, right = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    between = ops.sqrt(ops.sum(ops.square(encoder(left) - encoder(right)), axis=-1, keepdims=True) + 1e-6)
    model = keras.Model([left, right], between)
    model.compile("adam", contrastive)
    draw = np.random.default_rng(0)
    model.fit(*pairs(x, y, draw), batch_size=128, epochs=EPOCHS, verbose=2)
    seen, same = pairs(x_test, y_test, draw)
    right_ones = (model.predict(seen, verbose=0)[:, 0] < MARGIN / 2) == (same > 0.5)
    print(f"{right_ones.mean():.1%} of pairs of test digits told rightly")
    chosen = np.flatnonzero(y_test < KINDS)[:300]
    codes = encoder.predict(x_test[chosen], verbose=0)
    kinds = [f"digit {kind}" for kind in y_test[chosen]]
    visualization.embedding_projector(codes, [""] * 300, 300, kinds, FOLDER / "siamese.png")


if __name__ == "__main__":
    main()
