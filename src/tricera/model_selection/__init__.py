"""Which model is better: cross-validation."""

from tricera import errors
from tricera.model_selection.crossed import CrossValidation as CrossValidation
from tricera.model_selection.crossed import cross_validate as cross_validate
from tricera.model_selection.folds import folds as folds

__getattr__ = errors.missing(__name__, globals())
