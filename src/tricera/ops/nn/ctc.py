"""Connectionist temporal classification: sequences of labels from longer ones of probabilities, with blanks between.

Reference: Graves et al., 2006, "Connectionist temporal classification".
"""

import jax
from jax import numpy as jnp

from tricera.engine.graph import op
from tricera.errors import report
from tricera.kernels import ctc


@op
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """`-log p(target | output)`, p summed over all ways to spread the labels, and blanks, over time.

    Shapes: target `(batch, labels)`, output (logits) `(batch, time, classes)`, lengths `(batch,) -> (batch,)`.

    Args:
        mask_index: the class that is the blank.
    """
    lengths = (jnp.asarray(length).astype("int32") for length in (target_length, output_length))
    return ctc.loss(jnp.asarray(target).astype("int32"), _wide(output), *lengths, mask_index)


@op
def ctc_decode(
    inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0
):
    """The most likely labels, -1 behind their end, and their scores.

    Shapes: inputs (logits) `(batch, time, classes) -> (paths, batch, time), (batch, paths)`.

    Args:
        strategy: "greedy": the best class at each time; "beam_search": the best `top_paths` of label sequences.
        merge_repeated: whether a class that is repeated without a blank between is one label.
        mask_index: the class that is the blank.
    """
    inputs, lengths = _wide(inputs), jnp.asarray(sequence_lengths).astype("int32")
    if strategy == "greedy":
        return ctc.greedy(inputs, lengths, merge_repeated, mask_index)
    if strategy == "beam_search":
        paths, scores = jax.vmap(lambda x, n: ctc.beam_search(x, n, beam_width, top_paths, mask_index))(inputs, lengths)
        return jnp.moveaxis(paths, 1, 0), scores
    raise ValueError(report("Invalid strategy.", expected="'greedy' or 'beam_search'", got=repr(strategy)))


def _wide(x):
    """`x` in at least float32."""
    x = jnp.asarray(x)
    return x.astype(jnp.promote_types(x.dtype, "float32"))
