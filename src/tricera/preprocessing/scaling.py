"""Features brought to one scale by what the training data say."""

from typing import Any

import numpy as np

from tricera.errors import report


class StandardScaler:
    """`(x - mean) / deviation` of each feature, with the mean and the deviation of the data that `fit` saw.

    Fit it to the training data only, and let it transform all: what is said of the test data must not be known in
    training. A feature that is constant in the training data is only shifted to 0.

    Shapes: `(samples, ..., features) -> (samples, ..., features)`; a mean for each feature.

    >>> scaler = StandardScaler()
    >>> scaler.fit_transform([[1.0, 5.0], [3.0, 5.0]]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    >>> scaler.inverse_transform([[2.0, 0.0]]).tolist()
    [[4.0, 5.0]]
    """

    def __init__(self) -> None:
        self.mean: Any = None
        self.deviation: Any = None

    def fit(self, x: Any) -> "StandardScaler":
        """Take mean and deviation of these samples."""
        x = np.asarray(x, "float64")
        axes = tuple(range(max(1, x.ndim - 1)))
        self.mean, deviation = x.mean(axes), x.std(axes)
        # Rounding leaves a constant feature a deviation of about its size times the float's epsilon.
        constant = deviation <= 1e-12 * np.maximum(1, abs(self.mean))
        self.deviation = np.where(constant, 1.0, deviation)
        return self

    def transform(self, x: Any) -> np.ndarray:
        """These samples on the scale."""
        self._require_fitted()
        return (np.asarray(x) - self.mean) / self.deviation

    def fit_transform(self, x: Any) -> np.ndarray:
        """`fit(x).transform(x)`."""
        return self.fit(x).transform(x)

    def inverse_transform(self, x: Any) -> np.ndarray:
        """Samples on the scale, as they were."""
        self._require_fitted()
        return np.asarray(x) * self.deviation + self.mean

    def _require_fitted(self) -> None:
        if self.mean is None:
            raise ValueError(report("The StandardScaler knows no data yet.", fix="scaler.fit(x_train) first."))
