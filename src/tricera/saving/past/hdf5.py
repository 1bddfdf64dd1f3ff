"""How Keras 0.3, 1 and 2 laid out HDF5: a group for each layer, whose attributes name its arrays in order."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tricera.errors import report
from tricera.saving import h5

_MARKS = ("layer_names", "layer_names0", "nb_layers", "model_config")
_OF_TENSORFLOW = re.compile(r":\d+$")


class Group(NamedTuple):
    """The arrays of one layer: their names, and where they stand."""

    name: str
    names: list[str]
    paths: list[str]


class Origin(NamedTuple):
    """Where a file comes from: what the meaning of its arrays depends on."""

    generation: int  # 0: Keras 0.3 and older; 1; 2: Keras 2, tf.keras, and Keras 3's own files of this layout
    theano: bool
    whole: bool  # a whole model, hence of one and the same Keras throughout


def is_old(reader: h5.Reader) -> bool:
    """Whether a file of arrays is laid out as Keras 1 and 2 did."""
    names = reader.attributes
    return "model_weights" in reader.groups or any(name in names for name in _MARKS)


def root_of(reader: h5.Reader) -> str:
    """The group that holds the layers' groups."""
    return "model_weights" if "model_weights" in reader.groups else ""


def groups(reader: h5.Reader) -> list[Group]:
    """The layers of the file, in its order."""
    root = root_of(reader)
    attributes = reader.attributes_of(root)
    if "nb_layers" in attributes:
        return list(_numbered(reader, int(attributes["nb_layers"])))
    prefix = f"{root}/" if root else ""
    return [_group(reader, name, f"{prefix}{name}") for name in reader.texts(root, "layer_names")]


def optimizer_group(reader: h5.Reader) -> Group | None:
    """The optimizer's arrays, if the file has them."""
    if "optimizer_weights" not in reader.groups:
        return None
    return _group(reader, "optimizer_weights", "optimizer_weights")


def _group(reader: h5.Reader, name: str, path: str) -> Group:
    if path not in reader.groups:
        raise ValueError(report(f"{reader.label} names a layer {name!r}, but has no group for it."))
    names = reader.texts(path, "weight_names")
    return Group(name, names, [f"{path}/{each}" for each in names])


def _numbered(reader: h5.Reader, count: int) -> Iterator[Group]:
    """Keras 0.3's `layer_0/param_0`, ..."""
    for i in range(min(count, len(reader.paths) + 1000)):
        path = f"layer_{i}"
        if path not in reader.groups:
            raise ValueError(report(f"{reader.label} says that it has {count} layers, but has no group {path!r}."))
        number = int(reader.attributes_of(path).get("nb_params", 0))
        names = [f"param_{k}" for k in range(min(number, len(reader.paths)))]
        yield Group(path, names, [f"{path}/{name}" for name in names])


def origin(reader: h5.Reader, found: list[Group]) -> Origin:
    """Which Keras, on which backend, wrote the arrays; Keras 1 did not say on which: the names of variables do."""
    attributes = {**reader.attributes_of(root_of(reader)), **reader.attributes}
    whole = "model_config" in attributes
    if "nb_layers" in attributes:
        return Origin(0, True, whole)
    version = str(attributes.get("keras_version", "1"))
    if not version.startswith("1"):
        return Origin(2, attributes.get("backend") == "theano", whole)
    names = [name for group in found for name in group.names]
    return Origin(1, bool(names) and not any(_OF_TENSORFLOW.search(name) for name in names), whole)
