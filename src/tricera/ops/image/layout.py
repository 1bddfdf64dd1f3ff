"""Images with their channels last and a batch in front, whatever the caller has."""

from collections.abc import Callable

from jax import numpy as jnp

from tricera import config
from tricera.errors import report


def on_batch(function: Callable, images, data_format, rank: int = 2):
    """`function` of `(batch, *spatial, channels)`; its result, of as many axes, in the layout of `images`."""
    images, first = jnp.asarray(images), config.standardize_data_format(data_format) == "channels_first"
    if images.ndim not in (rank + 1, rank + 2):
        what = f"Invalid images rank: expected rank {rank + 1} (single image) or rank {rank + 2} (batch of images)."
        raise ValueError(report(what, got=f"shape {images.shape}"))
    single = images.ndim == rank + 1
    images = images[None] if single else images
    made = function(jnp.moveaxis(images, 1, -1) if first else images)
    made = jnp.moveaxis(made, rank + 1, 1) if first else made
    return made[0] if single else made
