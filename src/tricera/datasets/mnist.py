"""MNIST: 70,000 handwritten digits."""

from tricera.datasets.npz import Array
from tricera.datasets.source import arrays, load

SOURCE = arrays(
    "mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    {
        "x_train": Array("uint8", ("train", 28, 28)),
        "y_train": Array("uint8", ("train",), below=10),
        "x_test": Array("uint8", ("test", 28, 28)),
        "y_test": Array("uint8", ("test",), below=10),
    },
)


def load_data(path="mnist.npz"):
    """The digits and their labels, `(x_train, y_train), (x_test, y_test)`, all uint8.

    Shapes: `x (60000 and 10000, 28, 28)` with 0 for paper and 255 for ink; `y (60000 and 10000)`.

    Args:
        path: a name in `config.home()/datasets`, or an absolute path.

    Reference: LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """
    found = load(SOURCE, path)
    return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])
