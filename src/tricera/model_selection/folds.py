"""Folds of samples: each is held out once, while the others train."""

from typing import Any

import numpy as np

from tricera.errors import report
from tricera.utils.splits import samples_in_order


def folds(
    samples: int, k: int = 4, shuffle: bool = False, stratify: Any = None, seed: int | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """`(numbers of the training samples, numbers of the held-out samples)` of each of k folds.

    All folds have `samples // k` samples, so that one compiled program trains them all; the last `samples % k`
    samples of the order always train.

    Args:
        shuffle: folds of samples in a random order, not in their own.
        stratify: labels; each of them is in each fold as often as in all samples.
        seed: of the order; without it NumPy's global generator says it.

    Raises:
        ValueError: fewer than 2 folds, or fewer samples than folds.
    """
    if not isinstance(k, int | np.integer) or not 2 <= k <= samples:
        raise ValueError(
            report("`k` is not a number of folds.", expected=f"an integer from 2 to {samples}, the samples", got=k)
        )
    order = samples_in_order(samples, shuffle, stratify, seed)
    size = samples // k
    starts = range(0, size * k, size)
    return [(np.delete(order, slice(i, i + size)), order[i : i + size]) for i in starts]
