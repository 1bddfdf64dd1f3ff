"""CIFAR-10: 60,000 colour pictures of ten things."""

from tricera.datasets.cifar import Batches, load_batches

BATCHES = Batches(
    "cifar-10-batches-py",
    "cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    tuple(f"data_batch_{part}" for part in range(1, 6)),
    ("test_batch",),
)


def load_data():
    """The pictures and their labels, `(x_train, y_train), (x_test, y_test)`, all uint8.

    The labels: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Shapes: `x (50000 and 10000, 32, 32, 3)`, or channels first by `image_data_format`; `y (50000 and 10000, 1)`.

    Reference: Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """
    return tuple((x, y.astype("uint8")) for x, y in load_batches(BATCHES, "labels", 10))
