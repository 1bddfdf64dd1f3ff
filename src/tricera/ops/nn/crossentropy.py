"""Cross-entropies of classes, and classes as vectors of zeros and ones."""

from jax import nn
from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op
from tricera.errors import report


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """1 at the place of each class along a new `axis`, 0 elsewhere; zeros for a class that does not exist."""
    x = jnp.asarray(x)
    return nn.one_hot(x.astype("int32"), num_classes, dtype=dtype or config.floatx(), axis=axis)


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """1 at the place of each class that a row names, 0 elsewhere: `(batch, n) -> (batch, num_classes)`."""
    inputs = jnp.asarray(inputs).astype("int32")
    num_classes = kwargs.get("num_tokens") if num_classes is None else num_classes
    hot = nn.one_hot(inputs, num_classes, dtype=dtype or config.floatx(), axis=axis)
    return jnp.max(hot, 1 if inputs.ndim > 1 else 0)


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-sum(target * log(output))` along `axis`.

    Args:
        output: probabilities, made to sum to 1 and kept `epsilon` away from 0 and 1; or logits.
    """
    target, output = jnp.asarray(target), jnp.asarray(output)
    _check_alike(target, output, 1)
    return -jnp.sum(target * _log_probabilities(output, from_logits, axis), axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-log(output[target])` along `axis`; 0 where the class `target` does not exist.

    Args:
        target: whole numbers, without the axis of classes (or with size 1 there).
        output: probabilities, made to sum to 1 and kept `epsilon` away from 0 and 1; or logits.
    """
    target, output = jnp.asarray(target), jnp.asarray(output)
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = jnp.squeeze(target, -1)
    axis = axis % max(output.ndim, 1)
    rest = (*output.shape[:axis], *output.shape[axis + 1 :])
    if output.ndim < 1:
        raise ValueError(_mismatch("Argument `output` must be at least rank 1", target, output))
    if target.ndim != len(rest) or _known_and_different(target.shape, rest):
        raise ValueError(_mismatch("Arguments `target` and `output` must have the same shape up until the last axis",
                                   target, output))  # fmt: skip
    log_probability = _log_probabilities(output, from_logits, axis)
    hot = nn.one_hot(target.astype("int32"), output.shape[axis], dtype=bool, axis=axis)
    return -jnp.sum(jnp.where(hot, log_probability, 0), axis)


@op
def binary_crossentropy(target, output, from_logits=False):
    """`-(target * log(output) + (1 - target) * log(1 - output))`, elementwise.

    Args:
        output: probabilities, kept `epsilon` away from 0 and 1; or logits.
    """
    target, output = jnp.asarray(target), jnp.asarray(output)
    _check_alike(target, output)
    if from_logits:
        return -(target * nn.log_sigmoid(output) + (1 - target) * nn.log_sigmoid(-output))
    output = _clip(output)
    return -(target * jnp.log(output) + (1 - target) * jnp.log(1 - output))


def _log_probabilities(output, from_logits, axis):
    if from_logits:
        return nn.log_softmax(output, axis)
    return jnp.log(_clip(output / jnp.sum(output, axis, keepdims=True)))


def _clip(probabilities):
    return jnp.clip(probabilities, config.epsilon(), 1 - config.epsilon())


def _check_alike(target, output, rank=0):
    if target.ndim != output.ndim or target.ndim < rank:
        raise ValueError(_mismatch("Arguments `target` and `output` must have the same rank", target, output))
    if _known_and_different(target.shape, output.shape):
        raise ValueError(_mismatch("Arguments `target` and `output` must have the same shape", target, output))


def _known_and_different(first, second):
    pairs = zip(first, second, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)


def _mismatch(what, target, output):
    return report(f"{what}.", got=f"target {target.shape}, output {output.shape}")
