"""Digits: 1,797 real handwritten digits that come with scikit-learn, for where there is no network."""

import numpy as np

from tricera.datasets.samples import check_test_split, shuffled_split
from tricera.errors import report


def load_data(test_split=0.2, seed=113, size=None):
    """The digits and their labels, `(x_train, y_train), (x_test, y_test)`, all uint8.

    Shapes: `x (1437 and 360, 8, 8)`, or `(..., size, size)`, with 0 for paper and 255 for ink; `y (1437 and 360)`.

    Args:
        size: enlarge the pictures to so many pixels a side: with 28, they fit a network for MNIST.

    Raises:
        ImportError: scikit-learn is missing.

    Reference: Alpaydin and Kaynak, Optical recognition of handwritten digits, 1998.
    """
    check_test_split(test_split)
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        what = "`datasets.digits` comes with scikit-learn, which is not installed."
        raise ImportError(report(what, fix='pip install "tricera[demo]"')) from error
    found = load_digits()
    x = found.images * (255 / 16)
    x = np.rint(x if size is None else resized(x, size)).astype("uint8")
    return shuffled_split(x, found.target.astype("uint8"), test_split, seed)


def resized(images: np.ndarray, size: int) -> np.ndarray:
    """Bilinear: `W @ image @ W.T`, pixels as squares whose centers lie at halves.

    Shapes: `(n, side, side) -> (n, size, size)`.
    """
    if not isinstance(size, int) or size < 1:
        raise ValueError(
            report("`size` is no number of pixels.", expected="a positive integer or None", got=repr(size))
        )
    side = images.shape[-1]
    centers = np.clip((np.arange(size) + 0.5) * side / size - 0.5, 0, side - 1)
    weights = np.maximum(0, 1 - np.abs(centers[:, None] - np.arange(side)))
    return weights @ images @ weights.T
