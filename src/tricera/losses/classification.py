"""Crossentropies and their relatives: losses between classes and probabilities (or logits)."""

from typing import Any

import jax
import jax.numpy as jnp

from tricera import config
from tricera.engine import graph, masking
from tricera.engine.registry import register
from tricera.errors import report
from tricera.losses.loss import FunctionLoss, formula
from tricera.ops.nn import crossentropy


@formula("bce", "BCE")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))` over `axis`.

    Args:
        from_logits: whether `y_pred` is before the sigmoid.
        label_smoothing: by how much labels move towards 0.5, in [0, 1].
    """
    y_true = _smooth(y_true, label_smoothing, 2)
    return jnp.mean(crossentropy.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)


@formula("bfce", "BFCE")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`(1 - p)^gamma * binary crossentropy`, p the probability of the right class; mean over `axis`.

    Args:
        apply_class_balancing: whether class 1 weighs `alpha` and class 0 `1 - alpha`.

    Reference: Lin et al., 2017, arXiv:1708.02002.
    """
    y_true = _smooth(y_true, label_smoothing, 2)
    q = jax.nn.sigmoid(y_pred) if from_logits else y_pred
    p = y_true * q + (1 - y_true) * (1 - q)
    losses = (1 - p) ** gamma * crossentropy.binary_crossentropy(y_true, q)
    if apply_class_balancing:
        losses *= y_true * alpha + (1 - y_true) * (1 - alpha)
    return jnp.mean(losses, axis=axis)


@formula("cce", "CCE")
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-sum(y_true * log(y_pred))` over the classes, for one-hot `y_true`.

    Args:
        from_logits: whether `y_pred` is before the softmax.
        label_smoothing: how much of each label is shared evenly among the classes, in [0, 1].
    """
    y_true = _smooth(y_true, label_smoothing, y_pred.shape[axis])
    return crossentropy.categorical_crossentropy(y_true, y_pred, from_logits, axis)


@formula("cfce", "CFCE")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-sum(alpha * (1 - p)^gamma * y_true * log(p))` over the classes, for one-hot `y_true`.

    Args:
        alpha: the weight of all classes, or of each.

    Reference: Lin et al., 2017, arXiv:1708.02002.
    """
    y_true = _smooth(y_true, label_smoothing, y_pred.shape[axis])
    p = jax.nn.softmax(y_pred, axis) if from_logits else y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)
    p = _clip(p)
    return -jnp.sum(jnp.asarray(alpha, p.dtype) * (1 - p) ** gamma * y_true * jnp.log(p), axis=axis)


@register("loss", "scce")
@graph.lift
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """`-log(y_pred[y_true])`: categorical crossentropy for whole numbers as classes.

    Shapes: `y_true (...)` or `(..., 1)`, `y_pred (..., classes) -> (...)`.

    Args:
        ignore_class: a class whose values are zero and weigh nothing.
    """
    losses = crossentropy.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)
    if ignore_class is None:
        return losses
    counts = jnp.asarray(y_true).reshape(losses.shape) != ignore_class
    losses = jnp.where(counts, losses, 0)
    masking.set_mask(losses, counts)
    return losses


@register("loss")
@graph.lift
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p^q) / q`, p the probability of the right class, whole numbers as classes: robust to wrong labels.

    Reference: Zhang and Sabuncu, 2018, arXiv:1805.07836.
    """
    y_pred = jnp.asarray(y_pred)
    ids = jnp.asarray(y_true).astype("int32")
    if ids.ndim == y_pred.ndim and ids.shape[-1] == 1:
        ids = ids[..., 0]
    p = jnp.sum(jax.nn.one_hot(ids, y_pred.shape[-1], dtype=y_pred.dtype) * y_pred, axis=-1)
    power = jnp.where(p > 0, jnp.where(p > 0, p, 1) ** q, 0)  # its gradient at 0 is infinite
    return (1 - power) / q


@formula("kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`sum(y_true * log(y_true / y_pred))` over the last axis."""
    y_true, y_pred = (jnp.clip(y, config.epsilon(), 1) for y in (y_true, y_pred))
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


# ---- what they share


def _clip(p: Any) -> Any:
    return jnp.clip(p, config.epsilon(), 1 - config.epsilon())


def _smooth(y: Any, label_smoothing: float, classes: int) -> Any:
    return y * (1 - label_smoothing) + label_smoothing / classes if label_smoothing else y


@register("loss")
class BinaryCrossentropy(FunctionLoss, fn=binary_crossentropy):
    """Crossentropy of independent yes-or-no answers."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing: float = 0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **options)


@register("loss")
class BinaryFocalCrossentropy(FunctionLoss, fn=binary_focal_crossentropy):
    """Binary crossentropy that weighs what is already right less."""

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing: float = 0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        focus = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        super().__init__(reduction, name, dtype, **focus, **options)


@register("loss")
class CategoricalCrossentropy(FunctionLoss, fn=categorical_crossentropy):
    """Crossentropy of one choice among classes, for one-hot labels."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing: float = 0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, **options)


@register("loss")
class CategoricalFocalCrossentropy(FunctionLoss, fn=categorical_focal_crossentropy):
    """Categorical crossentropy that weighs what is already right less."""

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing: float = 0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(reduction, name, dtype, alpha=alpha, gamma=gamma, **options)


@register("loss")
class SparseCategoricalCrossentropy(FunctionLoss, fn=sparse_categorical_crossentropy):
    """Crossentropy of one choice among classes, for classes as whole numbers."""

    def __init__(
        self,
        from_logits=False,
        ignore_class: int | None = None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(reduction, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)


@register("loss")
class CategoricalGeneralizedCrossEntropy(FunctionLoss, fn=categorical_generalized_cross_entropy):
    """`(1 - p^q) / q`: between crossentropy (q near 0) and absolute error (q near 1)."""

    def __init__(
        self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None
    ):
        if not 0 < q < 1:
            raise ValueError(report("q must be in the interval (0, 1).", got=f"q={q}"))
        super().__init__(reduction, name, dtype, q=q)


@register("loss")
class KLDivergence(FunctionLoss, fn=kl_divergence):
    """`sum(y_true * log(y_true / y_pred))`."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(reduction, name, dtype)


bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
