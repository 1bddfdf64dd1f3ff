"""Class numbers as indicator rows, and rows of norm 1."""

import jax
import jax.numpy as jnp
import numpy as np

from tricera import config
from tricera.errors import report


def to_categorical(x, num_classes=None):
    """Indicators of class numbers: `out[..., c] = 1 if x[...] == c else 0`, in float64.

    A JAX array gives a JAX array, in `floatx`.

    Shapes: `(...)` or `(..., 1) -> (..., num_classes)`.

    Args:
        num_classes: the largest number + 1 by default.

    Raises:
        ValueError: a label is negative, not below `num_classes`, or not a number.
    """
    labels = _labels(x)
    shape = labels.shape[:-1] if labels.ndim > 1 and labels.shape[-1] == 1 else labels.shape
    labels = labels.reshape(-1)
    if not num_classes:
        num_classes = _largest(labels) + 1
    if labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        got = f"labels from {labels.min()} to {labels.max()}"
        fix = "number the classes from 0 (`np.unique(x, return_inverse=True)[1]` does), or raise `num_classes`."
        what = "`to_categorical` got a label outside its classes."
        raise ValueError(report(what, expected=f"labels from 0 to {num_classes - 1}", got=got, fix=fix))
    rows = np.zeros((len(labels), num_classes))
    rows[np.arange(len(labels)), labels] = 1
    rows = rows.reshape(*shape, num_classes)
    return jnp.asarray(rows, config.floatx()) if isinstance(x, jax.Array) else rows


def normalize(x, axis=-1, order=2):
    """`x / norm(x)` along `axis`; what has norm 0 stays.

    A JAX array gives a JAX array. Differs from Keras 3.15: `axis=0` is axis 0, as in Keras 1 and 2, not the last.

    Args:
        order: the norm, as in `np.linalg.norm`; 2 is the root of the sum of squares.
    """
    if isinstance(x, jax.Array):
        norm = jnp.linalg.norm(x, order, axis, keepdims=True)
        return x / jnp.maximum(norm, config.epsilon())
    x = np.asarray(x)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


def _labels(x) -> np.ndarray:
    labels = np.asarray(x)
    try:
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("not finite")
        return labels.astype("int64")
    except (ValueError, TypeError) as error:
        what = "`to_categorical` takes class numbers."
        fix = "number them first: `names, x = np.unique(x, return_inverse=True)`."
        raise ValueError(
            report(what, expected="integers", got=f"labels that are none, of dtype {labels.dtype}", fix=fix)
        ) from error


def _largest(labels: np.ndarray) -> int:
    if not labels.size:
        what = "`to_categorical` cannot tell the number of classes from no labels."
        raise ValueError(report(what, fix="pass `num_classes`."))
    return int(labels.max())
