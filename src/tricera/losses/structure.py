"""Losses over whole regions, embeddings or sequences rather than single values."""

from typing import Any

import jax
import jax.numpy as jnp

from tricera import config
from tricera.engine import graph, masking
from tricera.engine.registry import register
from tricera.errors import report
from tricera.losses.loss import FunctionLoss, as_floats, formula
from tricera.ops.nn.ctc import ctc_loss


@formula()
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 * overlap / (sum(y_true) + sum(y_pred))` over `axis`, or over everything.

    Reference: Sudre et al., 2017, arXiv:1707.03237.
    """
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    both = jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis)
    return 1 - (2 * overlap + config.epsilon()) / (both + config.epsilon())


@formula()
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """`1 - overlap / (overlap + alpha * too little + beta * too much)` over `axis`, or over everything.

    Reference: Salehi et al., 2017, arXiv:1706.05721.
    """
    axis = tuple(axis) if isinstance(axis, list) else axis
    overlap = jnp.sum(y_true * y_pred, axis=axis)
    too_much = jnp.sum((1 - y_true) * y_pred, axis=axis)
    too_little = jnp.sum(y_true * (1 - y_pred), axis=axis)
    return 1 - (overlap + config.epsilon()) / (overlap + alpha * too_little + beta * too_much + config.epsilon())


@register("loss")
@graph.lift
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Pulls embeddings of one class together and pushes those of others away, each pair by how far it is from right.

    Shapes: `y_true (batch,)`, `y_pred (batch, features)`, of norm 1 `-> (batch,)`.

    Args:
        ref_labels, ref_embeddings: what to compare with, where that is not the batch itself.
        remove_diagonal: whether no example is compared with the reference of its own place.

    Reference: Sun et al., 2020, arXiv:2002.10857, equation 7.
    """
    y_pred = jnp.asarray(y_pred, as_floats(0, y_pred)[1].dtype)
    y_true = jnp.asarray(y_true).reshape(-1).astype("int32")
    labels = y_true if ref_labels is None else jnp.asarray(ref_labels).reshape(-1).astype("int32")
    references = y_pred if ref_embeddings is None else jnp.asarray(ref_embeddings, y_pred.dtype)
    s = jnp.minimum(y_pred @ references.T, 1)
    same = y_true[:, None] == labels
    positive = same & ~jnp.eye(*s.shape, dtype=bool) if remove_diagonal else same
    pull = gamma * jnp.maximum(1 + margin - s, 0) * (1 - margin - s)
    push = gamma * jnp.maximum(s + margin, 0) * (s - margin)
    losses = jax.nn.softplus(_log_sum_exp(pull, positive) + _log_sum_exp(push, ~same))
    masking.set_mask(losses, jnp.any(positive, axis=1) & jnp.any(~same, axis=1))  # others have nothing to learn
    return losses


@register("loss")
@graph.lift
def ctc(y_true: Any, y_pred: Any) -> Any:
    """Minus the log probability that `y_pred`, without repetitions and blanks, says `y_true`.

    Shapes: `y_true (batch, labels)`, zeros at the end are no labels; `y_pred (batch, steps, classes)`, logits, class 0
    is the blank; `-> (batch,)`.

    Reference: Graves et al., 2006, "Connectionist temporal classification".
    """
    y_true, y_pred = jnp.asarray(y_true).astype("int32"), jnp.asarray(y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            report(
                "CTC needs labels of rank 2 and predictions of rank 3.",
                expected="y_true (batch, labels), y_pred (batch, steps, classes)",
                got=f"y_true {y_true.shape}, y_pred {y_pred.shape}",
            )
        )
    steps = jnp.full(y_pred.shape[0], y_pred.shape[1], "int32")
    return ctc_loss(y_true, y_pred, jnp.sum(y_true != 0, axis=1), steps)


def _log_sum_exp(x: Any, where: Any) -> Any:
    return jax.nn.logsumexp(jnp.where(where, x, -jnp.inf), axis=1)


@register("loss")
class Dice(FunctionLoss, fn=dice):
    """`1 - 2 * overlap / (sum(y_true) + sum(y_pred))`."""

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(reduction, name, dtype, axis=axis)


@register("loss")
class Tversky(FunctionLoss, fn=tversky):
    """`1 - overlap / (overlap + alpha * too little + beta * too much)`."""

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


@register("loss")
class Circle(FunctionLoss, fn=circle):
    """Pulls embeddings of one class together and pushes those of others away."""

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)


@register("loss")
class CTC(FunctionLoss, fn=ctc):
    """Minus the log probability of a sequence of labels, whenever each of them is said."""

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(reduction, name, dtype)
