"""What models of Keras 1 and 2 could be asked and told as containers of layers."""

import json
from typing import Any

from tricera.engine.layer import Layer
from tricera.legacy.functions import stored
from tricera.models import Model, Sequential
from tricera.saving.past.text import yaml_package


def install() -> None:
    """Give models these methods and properties."""
    for function in (to_yaml, save_weights_to_hdf5_group, load_weights_from_hdf5_group):
        setattr(Model, function.__name__, function)
    Model.load_weights_from_hdf5_group_by_name = load_weights_from_hdf5_group_by_name  # type: ignore[attr-defined]
    Model.run_internal_graph = run_internal_graph  # type: ignore[attr-defined]
    Sequential.model = property(lambda self: self)  # type: ignore[attr-defined]
    Sequential.flattened_layers = property(_flattened)  # type: ignore[attr-defined]


def to_yaml(self: Model, **kwargs: Any) -> str:
    """The configuration, without weights, as YAML; `kwargs` are those of `yaml.dump`.

    Raises:
        ImportError: the package that writes YAML is missing.
    """
    return yaml_package().safe_dump(json.loads(self.to_json()), **kwargs)


def save_weights_to_hdf5_group(self: Model, group: Any) -> None:
    """Write the weights of the layers into an open group of an HDF5 file."""
    stored.save_weights_to_hdf5_group(group, self.layers)


def load_weights_from_hdf5_group(self: Model, group: Any) -> None:
    """Read the weights of the layers, in their order, from an open group."""
    stored.load_weights_from_hdf5_group(group, self.layers)


def load_weights_from_hdf5_group_by_name(self: Model, group: Any) -> None:
    """Read the weights of those layers that an open group has by their names."""
    stored.load_weights_from_hdf5_group_by_name(group, self.layers)


def run_internal_graph(self: Model, inputs: Any, masks: Any = None) -> tuple[list[Any], list[Any], list[Any]]:
    """The outputs for these inputs, with their masks and shapes."""
    found = self.call(inputs, mask=masks)
    outputs = found if isinstance(found, list) else [found]
    return outputs, [getattr(each, "_keras_mask", None) for each in outputs], [tuple(each.shape) for each in outputs]


def _flattened(self: Model) -> list[Layer]:
    """The layers, those of stacks inside in their places."""
    return [each for layer in self.layers for each in (_flattened(layer) if isinstance(layer, Sequential) else [layer])]
