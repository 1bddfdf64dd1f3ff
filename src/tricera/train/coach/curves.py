"""What the losses over the epochs tell."""

from collections.abc import Sequence

import numpy as np

_AFTER = 3  # epochs without a better one, before it is called overfitting
_WORSE = 1.01


def overfitting_from(training: Sequence[float], validation: Sequence[float]) -> int | None:
    """The first epoch, counted from 1, from which on only the training loss gets better; None where there is none."""
    if not len(training) == len(validation) > 0 or not np.isfinite([*training, *validation]).all():
        return None
    best = int(np.argmin(validation))
    after = validation[best + 1 :]
    if len(after) < _AFTER or np.median(after) < _WORSE * validation[best] or training[-1] >= training[best]:
        return None
    return best + 2
