"""Weights from the HDF5 files of Keras 0.3, 1 and 2 into a model: all of them, or none."""

import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tricera.engine.inputs import where
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.saving import h5
from tricera.saving.past import arrays, hdf5, order
from tricera.saving.past.hdf5 import Group, Origin

_SEEDS = re.compile(r"(StateVar|random_generator|seed_generator)")


class Pair(NamedTuple):
    """A layer, and the arrays of the file that are its weights."""

    layer: Any
    group: Group


def read(
    model: Any, reader: h5.Reader, by_name: bool = False, skip_mismatch: bool = False
) -> tuple[list[Pair], Origin]:
    """Set the model's weights to the arrays of a file; which layer took what, and where the file comes from.

    Args:
        by_name: whether layers are found by their names; what has no counterpart stays as it is.
        skip_mismatch: leave the layers that do not fit as they are, with a warning.

    Raises:
        ValueError: file and model differ: every difference is named.
    """
    found = hdf5.groups(reader)
    origin = hdf5.origin(reader, found)
    found = [_without_seeds(group) for group in found]
    pairs = list(_paired_by_name(model, found)) if by_name else _paired(model, found, reader)
    wrong = {pair.layer.name: lines for pair in pairs if (lines := _differences(pair, reader, origin))}
    if wrong and not skip_mismatch:
        raise ValueError(_explain(reader, wrong))
    for pair in pairs:
        if pair.layer.name not in wrong:
            for variable, value in _values(pair, reader, origin, load=True):
                variable.assign(value)
    if wrong:
        warnings.warn(_explain(reader, wrong), stacklevel=4)
    return pairs, origin


def _without_seeds(group: Group) -> Group:
    """The arrays without the states of random generators, which tf.keras wrote among the weights."""
    kept = [i for i, name in enumerate(group.names) if not _SEEDS.search(name)]
    return Group(group.name, [group.names[i] for i in kept], [group.paths[i] for i in kept])


# ---- which arrays are whose


def _paired_by_name(model: Any, found: list[Group]) -> Iterator[Pair]:
    layers = order.leaves_by_name(model)
    return (Pair(layers[group.name], group) for group in found if group.names and group.name in layers)


def _paired(model: Any, found: list[Group], reader: h5.Reader) -> list[Pair]:
    """By name where the file's names are the model's, else in order."""
    with_arrays = [group for group in found if group.names]
    named = list(_paired_by_name(model, found))
    layers = [layer for layer in model.layers if layer.weights]
    covered = sum(len(pair.layer.weights) for pair in named) == len(model.weights)
    if len(named) == len(with_arrays) and covered:
        return named
    for candidates in (layers, list(_flattened(model))):
        if len(candidates) == len(with_arrays):
            return [Pair(layer, group) for layer, group in zip(candidates, with_arrays, strict=True)]
    raise ValueError(
        report(
            f"{where(model)}: Layer count mismatch when loading weights from file. Model expected {len(layers)} "
            f"layers, found {len(with_arrays)} saved layers.",
            expected=", ".join(layer.name for layer in layers) or "none",
            got=", ".join(group.name for group in with_arrays) or "none",
            fix="`load_weights(..., by_name=True)` to load what has the same name.",
        )
    )


def _flattened(model: Any) -> Iterator[Any]:
    """The layers with weights, those of stacks inside in their places, as Keras 1 wrote them."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flattened(layer)
        elif layer.weights:
            yield layer


# ---- values


def _values(pair: Pair, reader: h5.Reader, origin: Origin, load: bool) -> Iterator[tuple[Variable, np.ndarray]]:
    """The variables of a layer with their values; without `load`, with empty arrays of the values' shapes.

    Raises:
        ValueError: there are fewer or more arrays than variables.
    """
    start = 0
    for owner, variables in order.segments(pair.layer):
        count = arrays.count(owner, variables, pair.group.names[start:])
        paths = pair.group.paths[start : start + count]
        start += count
        values = [reader.read(path) if load else np.broadcast_to(np.float32(0), reader.shape(path)) for path in paths]
        if len(paths) == count:
            values = arrays.convert(owner, variables, values, origin)
        if len(values) != len(variables):
            raise ValueError(f"{len(variables)} weights in the model, {len(values)} in the file")
        yield from zip(variables, values, strict=True)
    if start != len(pair.group.paths):
        raise ValueError(f"{start} weights in the model, {len(pair.group.paths)} in the file")


def _differences(pair: Pair, reader: h5.Reader, origin: Origin) -> list[str]:
    """Where the variables of a layer and its arrays differ."""
    missing = [f"missing:     {path}" for path in pair.group.paths if path not in reader.paths]
    if missing:
        return missing
    try:
        found = list(_values(pair, reader, origin, load=False))
    except (ValueError, IndexError) as error:
        return [f"unlike:      {pair.layer.name}: {error}"]
    return [
        f"wrong shape: {variable.path}: {variable.shape} in the model, {value.shape} in the file"
        for variable, value in found
        if variable.shape != value.shape
    ]


def _explain(reader: h5.Reader, wrong: dict[str, list[str]]) -> str:
    title = f"{len(wrong)} layers could not be loaded from {reader.label}: file and model differ."
    return report(
        "\n".join([title, *(f"  {line}" for lines in wrong.values() for line in lines)]),
        fix="build the same model, or `load_weights(..., skip_mismatch=True)` to keep the layers that differ.",
    )
