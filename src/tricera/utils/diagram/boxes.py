"""A model as boxes and arrows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tricera.engine.graph import Node
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.errors import report
from tricera.models.graph_config import class_name


class Show(NamedTuple):
    """What a box says beside its kind of layer."""

    names: bool = True
    shapes: bool = False
    dtypes: bool = False
    activations: bool = False
    trainable: bool = False
    weights: bool = False


@dataclass
class Box:
    """One use of a layer or an op.

    Args:
        kind: the class of the layer.
        name: its name, if that is shown.
        lines: what else is said of it.
        family: the module of its class: what layers that belong together have in common.
        inside: the models that it stands in, outermost first.
    """

    kind: str
    name: str
    lines: list[str]
    family: str
    inside: tuple[str, ...] = ()


@dataclass
class Diagram:
    """Boxes, and arrows between their places in the list."""

    name: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int]] = field(default_factory=list)


def diagram(model: Any, show: Show, expand_nested: bool = False) -> Diagram:
    """The boxes and arrows of a model; one box where it is a class of the user's, without a graph.

    Args:
        expand_nested: whether models inside are opened.

    Raises:
        ValueError: the model is not built.
    """
    if not model.built:
        raise ValueError(
            report(
                f"{where(model)}: This model has not yet been built: its graph is not known.",
                fix="begin it with an `Input`, call `build()`, or call it on a batch of data.",
            )
        )
    found = Diagram(model.name)
    if _graph(model) is None:
        found.boxes.append(_box(model, None, show, ()))
    else:
        _add(found, model, show, expand_nested, ())
    found.arrows = list(dict.fromkeys(found.arrows))
    return found


_RANKDIRS = ("TB", "LR", "BT", "RL")


def check_direction(rankdir: str) -> None:
    """Raise ValueError where arrows cannot point so."""
    if rankdir not in _RANKDIRS:
        raise ValueError(report("Unknown `rankdir`.", expected=", ".join(map(repr, _RANKDIRS)), got=repr(rankdir)))


def _graph(model: Any) -> Any:
    return getattr(getattr(model, "_graph", None) or model, "_function", None)


def _add(
    found: Diagram, model: Any, show: Show, expand: bool, inside: tuple[str, ...], given: list[int] | None = None
) -> list[int]:
    """Enter the graph of a model, fed by the boxes `given` if it stands in another; the boxes that make its outputs."""
    graph = _graph(model)
    makers: dict[int, int] = {}
    if given is not None:
        makers = {id(tensor): place for tensor, place in zip(graph.inputs, given, strict=False)}
    for node in graph.nodes:
        if all(id(tensor) in makers for tensor in node.output_tensors):
            continue
        sources = [makers[id(tensor)] for tensor in node.input_tensors if id(tensor) in makers]
        inner = node.operation
        if expand and _graph(inner) is not None:
            made = _add(found, inner, show, expand, (*inside, inner.name), sources)
        else:
            made = [len(found.boxes)] * len(node.output_tensors)
            found.arrows += [(source, len(found.boxes)) for source in sources]
            found.boxes.append(_box(inner, node, show, inside))
        makers.update((id(tensor), place) for tensor, place in zip(node.output_tensors, made, strict=False))
    return [makers[id(tensor)] for tensor in graph.outputs]


def _box(operation: Any, node: Node | None, show: Show, inside: tuple[str, ...]) -> Box:
    uses = operation._inbound_nodes
    name = operation.name
    if node is not None and len(uses) > 1 and node in uses and isinstance(operation, Layer):
        number = uses.index(node) + 1
        name = f"{name} (use {number})" if number > 1 else name
    module = type(operation).__module__.split(".")
    family = module[2] if module[:2] == ["tricera", "layers"] else "other"
    lines = list(_lines(operation, node, show))
    return Box(class_name(operation), name if show.names else "", lines, family, inside)


def _lines(operation: Any, node: Node | None, show: Show) -> Iterator[str]:
    if show.activations and getattr(operation, "activation", None) is not None:
        activation = operation.activation
        yield f"activation: {getattr(activation, '__name__', type(activation).__name__)}"
    if node is not None and (show.shapes or show.dtypes):
        tensors = node.output_tensors
        shapes = ", ".join(_sizes(tensor.shape) for tensor in tensors) if show.shapes else ""
        dtypes = ", ".join(dict.fromkeys(str(tensor.dtype) for tensor in tensors)) if show.dtypes else ""
        yield "  ".join(filter(None, (shapes, dtypes)))
    if show.weights and isinstance(operation, Layer) and operation.built and operation.count_params():
        yield f"{operation.count_params():,} weights"
    if show.trainable and isinstance(operation, Layer) and operation.weights:
        yield "trainable" if operation.trainable else "frozen"


def _sizes(shape: Any) -> str:
    """A shape without its batch axis: `28 × 28 × 1`; unknown sizes are question marks."""
    sizes = ["?" if size is None else str(size) for size in shape[1:]]
    return " × ".join(sizes) or "one number"
