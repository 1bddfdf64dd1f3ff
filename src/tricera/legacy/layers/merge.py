"""`Merge` and `merge` of Keras 1: all ways to join tensors in one, which could also be the first layer of a stack."""

from collections.abc import Callable, Sequence
from typing import Any

from tricera.engine import naming, registry
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.errors import did_you_mean, report
from tricera.layers import Lambda
from tricera.models import Functional, Sequential
from tricera.models.sequential import declared_input
from tricera.saving.past.merge import merged
from tricera.saving.past.names import MERGE_MODES


def merge(
    inputs,
    mode="sum",
    concat_axis=-1,
    dot_axes=-1,
    output_shape=None,
    output_mask=None,
    arguments=None,
    name=None,
):
    """The tensors joined to one.

    Args:
        mode: "sum", "mul", "ave", "max", "concat", "dot", "cos", or a function of the list of tensors.
        concat_axis: the axis that "concat" lays them along.
        dot_axes: the axis, or one axis for each, that "dot" and "cos" sum over.
        output_shape: of a function, where it cannot be traced.
        arguments: further arguments of a function.

    Raises:
        ValueError: another mode.
    """
    return joining(mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name)(inputs)


class Merge:
    """A layer that joins tensors as `merge` does; of layers or models, the model that joins their outputs."""

    def __new__(
        cls,
        layers=None,
        mode="sum",
        concat_axis=-1,
        dot_axes=-1,
        output_shape=None,
        output_mask=None,
        arguments=None,
        node_indices=None,
        tensor_indices=None,
        name=None,
    ):
        """Make what joins: a layer of a list of tensors, or a model of the inputs of all `layers`."""
        name = name or naming.auto_name(cls)
        if not layers:
            return joining(mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name)
        join = joining(mode, concat_axis, dot_axes, output_shape, output_mask, arguments, f"{name}_join")
        inputs, outputs = zip(*map(_ends, layers), strict=True)
        every = [tensor for each in inputs for tensor in (each if isinstance(each, list) else [each])]
        sources = list({id(tensor): tensor for tensor in every}.values())  # branches may share one
        return Functional(sources, join(list(outputs)), name=name)


def joining(
    mode: str | Callable,
    concat_axis: int,
    dot_axes: int | Sequence,
    output_shape: Any,
    output_mask: Any,
    arguments: dict[str, Any] | None,
    name: str | None,
) -> Layer:
    """The layer of today that joins a list of tensors so."""
    if callable(mode):
        shape = None if output_shape is None else output_shape
        return Lambda(mode, output_shape=shape, mask=output_mask, arguments=arguments, name=name)
    if mode not in MERGE_MODES:
        raise ValueError(
            report(
                f"Merge: there is no mode {mode!r}.",
                expected=f"{', '.join(MERGE_MODES)}, or a function of the list of tensors",
                fix=did_you_mean(str(mode), MERGE_MODES),
            )
        )
    config = {"mode": mode, "concat_axis": concat_axis, "dot_axes": dot_axes, "name": name}
    kind, arguments = merged(config)
    return registry.find("layer", kind)(**arguments)


def _ends(layer: Layer) -> tuple[Any, Any]:
    """The symbolic inputs and the output of a layer or model that is to be joined with others."""
    if isinstance(layer, Functional | Sequential) and layer.built:
        return layer.input, layer.output
    if layer._inbound_nodes:
        return layer.input, layer.output
    source = declared_input(layer)
    if source is None:
        raise ValueError(
            report(
                f"{where(layer)} is to be merged and says no shape of its input.",
                fix="give it, or the first layer of the model, `input_shape=`.",
            )
        )
    return source, layer(source)
