"""CIFAR-100: 60,000 colour pictures of a hundred things in twenty groups."""

from tricera.datasets.cifar import Batches, load_batches
from tricera.errors import report

BATCHES = Batches(
    "cifar-100-python",
    "cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    ("train",),
    ("test",),
)
_CLASSES = {"fine": 100, "coarse": 20}


def load_data(label_mode="fine"):
    """The pictures, uint8, and their labels, int64: `(x_train, y_train), (x_test, y_test)`.

    Shapes: `x (50000 and 10000, 32, 32, 3)`, or channels first by `image_data_format`; `y (50000 and 10000, 1)`.

    Args:
        label_mode: `"fine"` for the 100 things, `"coarse"` for the 20 groups.

    Reference: Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """
    if label_mode not in _CLASSES:
        raise ValueError(report('`label_mode` must be one of `"fine"`, `"coarse"`.', got=repr(label_mode)))
    return load_batches(BATCHES, f"{label_mode}_labels", _CLASSES[label_mode])
