"""Models as estimators of scikit-learn."""

from tricera import errors
from tricera.wrappers.estimators import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]

__getattr__ = errors.missing(__name__, globals())
