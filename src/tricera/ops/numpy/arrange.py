"""The same elements in another shape or order."""

import numpy as np
from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.graph import op
from tricera.errors import report


@op
def reshape(x, newshape):
    """The elements of `x`, in order, in another shape; one size may be -1 (or None): whatever is left."""
    x = jnp.asarray(x)
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    kept = x.shape if -1 in sizes else [-1] * len(sizes)  # beside a -1, None keeps the size of its axis
    return jnp.reshape(x, [kept[axis] if size is None else size for axis, size in enumerate(sizes)])


@op
def ravel(x):
    """The elements of `x` along one axis."""
    return jnp.ravel(jnp.asarray(x))


@op
def view(x, dtype=None):
    """The bytes of `x` read as another dtype."""
    return jnp.asarray(x).view(dtype)


@op
def transpose(x, axes=None):
    """`x` with its axes in the order `axes`; None turns the order round."""
    return jnp.transpose(jnp.asarray(x), axes)


@op
def moveaxis(x, source, destination):
    """`x` with the axes `source` moved to the places `destination`."""
    return jnp.moveaxis(jnp.asarray(x), source, destination)


@op
def swapaxes(x, axis1, axis2):
    """`x` with two axes exchanged."""
    return jnp.swapaxes(jnp.asarray(x), axis1, axis2)


@op
def expand_dims(x, axis):
    """`x` with a new axis of size 1 at each place of `axis`."""
    return jnp.expand_dims(jnp.asarray(x), axis)


@op
def squeeze(x, axis=None):
    """`x` without the axes `axis` of size 1; without all such where None."""
    return jnp.squeeze(jnp.asarray(x), axis)


@op
def broadcast_to(x, shape):
    """`x` repeated to this shape."""
    return jnp.broadcast_to(jnp.asarray(x), shape)


@op
def repeat(x, repeats, axis=None):
    """Each element `repeats` times in a row, along `axis`."""
    repeats = np.asarray(repeats) if isinstance(repeats, list | tuple) else repeats  # known while tracing
    return jnp.repeat(jnp.asarray(x), repeats, axis)


@op
def tile(x, repeats):
    """`x` as a whole, `repeats` times along each axis."""
    return jnp.tile(jnp.asarray(x), repeats)


@op
def flip(x, axis=None):
    """The elements in the opposite order along `axis`."""
    return jnp.flip(jnp.asarray(x), axis)


@op
def fliplr(x):
    """`x` with its second axis turned round."""
    return jnp.fliplr(jnp.asarray(x))


@op
def flipud(x):
    """`x` with its first axis turned round."""
    return jnp.flipud(jnp.asarray(x))


@op
def roll(x, shift, axis=None):
    """The elements moved on by `shift` along `axis`; those that fall off at the end come in at the front."""
    return jnp.roll(jnp.asarray(x), shift, axis)


@op
def rot90(array, k=1, axes=(0, 1)):
    """`array` turned `k` times by a right angle in the plane of `axes`, from the first towards the second."""
    return jnp.rot90(jnp.asarray(array), k, axes)


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """`x` made larger on both sides of each axis.

    Args:
        pad_width: `(before, after)` for each axis, or for all; or one number for all sides.
        mode: "constant", "reflect", "symmetric", "edge", "wrap", ...
    """
    fill = {} if constant_values is None else {"constant_values": constant_values}
    if fill and mode != "constant":
        what = "Argument `constant_values` can only be provided when `mode == 'constant'`."
        raise ValueError(report(what, got=f"mode={mode!r}"))
    x = jnp.asarray(x)
    if mode not in ("constant", "edge", "empty"):  # the others take so many turns
        scope.spend("pad", steps=int(np.max(pad_width, initial=0)) // max(1, min(x.shape, default=1)))
    return jnp.pad(x, pad_width, mode, **fill)


# ---- joining


@op
def concatenate(xs, axis=0):
    """The arrays one after the other along `axis`."""
    return jnp.concatenate([jnp.asarray(x) for x in xs], axis)


@op
def stack(x, axis=0):
    """The arrays one after the other along a new axis."""
    return jnp.stack([jnp.asarray(each) for each in x], axis)


@op
def hstack(xs):
    """The arrays side by side: along the second axis; vectors along their only one."""
    return jnp.hstack([jnp.asarray(x) for x in xs])


@op
def vstack(xs):
    """The arrays one above the other: along the first axis; vectors become rows."""
    return jnp.vstack([jnp.asarray(x) for x in xs])


@op
def dstack(xs):
    """The arrays one behind the other: along the third axis."""
    return jnp.dstack([jnp.asarray(x) for x in xs])


@op
def append(x1, x2, axis=None):
    """`x2` after `x1` along `axis`; both flat where None."""
    return jnp.append(jnp.asarray(x1), jnp.asarray(x2), axis)


# ---- splitting


@op
def split(x, indices_or_sections, axis=0):
    """A list of the parts of `x` along `axis`: so many equal ones, or cut at these places."""
    x, places = jnp.asarray(x), indices_or_sections
    scope.spend("split", steps=_count(places))
    if isinstance(places, int) and not isinstance(size := jnp.size(x, axis), int):  # whether it divides is open yet
        places = [size // places * part for part in range(1, places)]
    return jnp.split(x, places, axis)


@op
def array_split(x, indices_or_sections, axis=0):
    """As `split`; the first parts are larger by one where the number does not divide the size."""
    scope.spend("array_split", steps=_count(indices_or_sections))
    return jnp.array_split(jnp.asarray(x), indices_or_sections, axis)


def _count(indices_or_sections):
    return indices_or_sections if isinstance(indices_or_sections, int) else len(indices_or_sections)


@op
def hsplit(x, indices_or_sections):
    """`split` along the second axis; of a vector along its only one."""
    return split(x, indices_or_sections, axis=min(1, jnp.ndim(x) - 1))


@op
def vsplit(x, indices_or_sections):
    """`split` along the first axis."""
    return split(x, indices_or_sections)


@op
def dsplit(x, indices_or_sections):
    """`split` along the third axis."""
    return split(x, indices_or_sections, axis=2)


# ---- asking


@op
def size(x):
    """The number of elements."""
    count = jnp.asarray(x).size
    return count if isinstance(count, int) else jnp.asarray(count)


@op
def ndim(x):
    """The number of axes."""
    return jnp.asarray(x).ndim
