"""Metrics that Keras 1 had as functions of a batch, helpers of its `np_utils`, and `multi_gpu_model` of Keras 2."""

import numpy as np

from tricera import ops
from tricera.config import epsilon
from tricera.errors import report


def _counted(y_true, y_pred):
    """How many are rightly found, how many are found, and how many there are; above one half counts as one."""
    true, found = (ops.round(ops.clip(y, 0, 1)) for y in (y_true, y_pred))
    return ops.sum(true * found), ops.sum(found), ops.sum(true)


def precision(y_true, y_pred):
    """The share of what is found that is right."""
    right, found, _ = _counted(y_true, y_pred)
    return right / (found + epsilon())


def recall(y_true, y_pred):
    """The share of what there is that is found."""
    right, _, true = _counted(y_true, y_pred)
    return right / (true + epsilon())


def fbeta_score(y_true, y_pred, beta=1):
    """`(1 + beta^2) * precision * recall / (beta^2 * precision + recall)`, 0 where there is nothing to find.

    Raises:
        ValueError: `beta` is negative.
    """
    if beta < 0:
        raise ValueError(
            report("fbeta_score: `beta` says how much recall counts beside precision.", expected="0 or more", got=beta)
        )
    found, complete = precision(y_true, y_pred), recall(y_true, y_pred)
    return (1 + beta**2) * found * complete / (beta**2 * found + complete + epsilon())


def fmeasure(y_true, y_pred):
    """The harmonic mean of precision and recall."""
    return fbeta_score(y_true, y_pred, beta=1)


def matthews_correlation(y_true, y_pred):
    """The correlation of two classes, as they are and as they are found: 1 for all right, -1 for all wrong.

    Reference: Matthews, 1975, Biochimica et Biophysica Acta 405(2).
    """
    right, found, true = _counted(y_true, y_pred)
    size = ops.sum(ops.ones_like(y_true))
    both_not = size - found - true + right
    product = right * both_not - (found - right) * (true - right)
    return product / (ops.sqrt(found * true * (size - found) * (size - true)) + epsilon())


def cosine_proximity(y_true, y_pred):
    """The mean over all elements of the products of both, each vector of length 1; with the sign of a loss."""
    return -ops.mean(ops.normalize(y_true, axis=-1) * ops.normalize(y_pred, axis=-1))


cosine = cosine_proximity


def probas_to_classes(y_pred):
    """The class of each row of probabilities: the largest, or of one alone whether it is above one half."""
    several = y_pred.ndim > 1 and y_pred.shape[1] > 1
    return (
        categorical_probas_to_classes(y_pred) if several else np.array([1 if p > 0.5 else 0 for p in np.ravel(y_pred)])
    )


def categorical_probas_to_classes(p):
    """The most probable class of each row."""
    return np.argmax(p, axis=1)


def accuracy(p, y):
    """The share of `p` that is `y`."""
    return np.mean([a == b for a, b in zip(p, y, strict=False)])


def binary_logloss(p, y):
    """`-mean(y * log(p) + (1 - y) * log(1 - p))`, probabilities kept from 0 and 1."""
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def multiclass_logloss(p, y):
    """`-mean(log(p[y]))`."""
    return -np.mean(np.log(np.clip(p, 1e-15, 1))[np.arange(len(p)), np.asarray(y, int).ravel()])


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """The model itself: several devices are a matter of `distribution`, not of the model."""
    return model
