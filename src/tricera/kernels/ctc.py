"""Connectionist temporal classification: sequences of labels from longer ones of probabilities, with blanks between.

Reference: Graves et al., 2006, "Connectionist temporal classification".
"""

import jax
from jax import lax
from jax import numpy as jnp

_NEVER = -1e30  # the logarithm of probability 0, with gradients that stay finite


def loss(target, logits, target_length, output_length, blank):
    """`-log p(target | logits)`: `(batch, labels), (batch, time, classes), (batch,), (batch,) -> (batch,)`."""
    log_p = jax.nn.log_softmax(logits)
    batch, labels = target.shape
    states = jnp.full((batch, 2 * labels + 1), blank).at[:, 1::2].set(target)  # blank l1 blank l2 ... blank
    twice_before = jnp.pad(states, ((0, 0), (2, 0)), constant_values=-1)[:, :-2]
    may_skip = (jnp.arange(states.shape[1]) % 2 == 1) & (states != twice_before)  # a blank, if no label repeats
    emitted = jnp.moveaxis(jnp.take_along_axis(log_p, states[:, None, :], 2), 1, 0)
    alpha = jnp.where(jnp.arange(states.shape[1]) < 2, emitted[0], _NEVER)

    def step(alpha, now):
        time, emitted = now
        one, two = (jnp.pad(alpha, ((0, 0), (n, 0)), constant_values=_NEVER)[:, :-n] for n in (1, 2))
        reached = jnp.logaddexp(jnp.logaddexp(alpha, one), jnp.where(may_skip, two, _NEVER)) + emitted
        return jnp.where((time < output_length)[:, None], reached, alpha), None

    alpha, _ = lax.scan(step, alpha, (jnp.arange(1, emitted.shape[0]), emitted[1:]))
    last = 2 * target_length[:, None]
    on_blank = jnp.take_along_axis(alpha, last, 1)
    on_label = jnp.where(last > 0, jnp.take_along_axis(alpha, jnp.maximum(last - 1, 0), 1), _NEVER)
    return -jnp.logaddexp(on_blank, on_label)[:, 0]


def greedy(inputs, lengths, merge_repeated, blank):
    """The best class at each time: labels `(1, batch, time)`, -1 behind their end, and scores `(batch, 1)`."""
    within = jnp.arange(inputs.shape[1]) < lengths[:, None]
    best = jnp.argmax(inputs, -1).astype("int32")
    kept = within & (best != blank)
    if merge_repeated:
        kept &= jnp.pad(best[:, 1:] != best[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    front = jnp.argsort(~kept, axis=1, stable=True)
    labels = jnp.take_along_axis(jnp.where(kept, best, -1), front, 1)
    score = -jnp.sum(jnp.where(within, jnp.max(inputs, -1), 0), 1, keepdims=True)
    return labels[None], score


def beam_search(logits, length, width, top, blank):
    """The `top` likeliest labels of `(time, classes)`, and their scores.

    Prefixes with the log probabilities that they end with a blank and with a label; equal ones are merged.
    """
    log_p = jax.nn.log_softmax(logits)
    time, classes = log_p.shape
    labels = jnp.array([c for c in range(classes) if c != blank % classes], "int32")
    width = max(width, top)

    def step(beams, now):
        t, p = now
        prefixes, ends, blanks, fulls = beams
        last = jnp.where(ends > 0, jnp.take_along_axis(prefixes, jnp.maximum(ends - 1, 0)[:, None], 1)[:, 0], -1)
        either = jnp.logaddexp(blanks, fulls)
        stay_full = jnp.where(last >= 0, fulls + p[last], _NEVER)
        grow = jnp.where(labels == last[:, None], blanks[:, None], either[:, None]) + p[labels]
        grown = jnp.where(jnp.arange(time) == ends[:, None, None], labels[:, None], prefixes[:, None])
        found = (
            jnp.concatenate([prefixes, grown.reshape(-1, time)]),
            jnp.concatenate([ends, jnp.repeat(ends + 1, labels.size)]),
            jnp.concatenate([either + p[blank], jnp.full(grow.size, _NEVER)]),
            jnp.concatenate([stay_full, grow.reshape(-1)]),
        )
        best = _best(*found, width)
        return jax.tree.map(lambda new, old: jnp.where(t < length, new, old), best, beams), None

    start = jnp.where(jnp.arange(width) == 0, 0.0, _NEVER)
    first = (jnp.full((width, time), -1, "int32"), jnp.zeros(width, "int32"), start, jnp.full(width, _NEVER))
    (prefixes, _, blanks, fulls), _ = lax.scan(step, first, (jnp.arange(time), log_p))
    scores, order = lax.top_k(jnp.logaddexp(blanks, fulls), top)
    return prefixes[order], scores


def _best(prefixes, ends, blanks, fulls, width):
    """The `width` most likely prefixes, the probabilities of equal ones added."""
    alike = jnp.all(prefixes[:, None] == prefixes[None], -1) & (ends[:, None] == ends)
    first = jnp.argmax(alike, 1) == jnp.arange(ends.size)
    blanks, fulls = (jax.nn.logsumexp(jnp.where(alike, p, _NEVER), 1) for p in (blanks, fulls))
    blanks, fulls = (jnp.where(first, jnp.maximum(p, _NEVER), _NEVER) for p in (blanks, fulls))
    _, order = lax.top_k(jnp.logaddexp(blanks, fulls), width)
    return prefixes[order], ends[order], blanks[order], fulls[order]
