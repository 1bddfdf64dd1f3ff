"""Masks travel with arrays: as an attribute of a concrete or symbolic one, in the scope's table for a traced one."""

from typing import Any

from tricera.engine import scope


def get_mask(x: Any) -> Any:
    """The mask of an array, or None."""
    mask = getattr(x, "_keras_mask", None)
    if mask is None and (masks := scope.current().masks):
        mask = masks.get(id(x), (None, None))[1]
    return mask


def set_mask(x: Any, mask: Any) -> None:
    """Let `x` carry `mask`."""
    try:
        x._keras_mask = mask
    except AttributeError:  # tracers take no attributes
        masks = scope.current().masks
        if masks is not None:
            masks[id(x)] = (x, mask)  # the array too: an id lives as long as its object
