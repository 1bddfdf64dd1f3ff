"""Axes moved, joined and split by a pattern of names."""

import math
import re

from jax import numpy as jnp

from tricera.engine.graph import op
from tricera.errors import report


@op
def rearrange(tensor, pattern, **axes_lengths):
    """Axes in another order, joined or split: `"b (h p) c -> b h (p c)"`; sizes that are not clear as arguments.

    Raises:
        ValueError: the two sides do not name the same axes, or the left one not those of the tensor.
    """
    tensor = jnp.asarray(tensor)
    before, after = (_groups(side) for side in pattern.split("->"))
    names, order = ([name for group in side for name in group] for side in (before, after))
    if sorted(names) != sorted(order) or len(before) != tensor.ndim:
        what = f"rearrange: the pattern {pattern!r} does not fit."
        raise ValueError(report(what, got=f"a tensor of shape {tensor.shape}"))
    sizes = dict(axes_lengths)
    for group, size in zip(before, tensor.shape, strict=True):
        for name in [name for name in group if name not in sizes]:  # at most one: what is left of the size
            sizes[name] = size // math.prod(sizes[other] for other in group if other != name)
    split = jnp.reshape(tensor, [sizes[name] for name in names])
    moved = jnp.transpose(split, [names.index(name) for name in order])
    return jnp.reshape(moved, [math.prod(sizes[name] for name in group) for group in after])


def _groups(side):
    """`"b (h w) c"` -> `[["b"], ["h", "w"], ["c"]]`."""
    return [word.strip("()").split() for word in re.findall(r"\([^)]*\)|\w+", side)]
