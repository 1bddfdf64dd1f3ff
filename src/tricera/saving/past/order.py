"""In which order Keras 1 and 2 wrote the weights of a layer that has layers inside."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tricera.engine.variable import Variable

_LOOPS = {"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}


class Segment(NamedTuple):
    """Variables that follow each other in a file and belong to one layer."""

    owner: Any
    variables: list[Variable]


def segments(layer: Any) -> list[Segment]:
    """The weights of a layer: those that were trained, of all layers inside, then those that were not."""
    leaves = list(_leaves(layer))
    if len(leaves) == 1:
        return [Segment(leaves[0][0], leaves[0][1])]
    trained = [Segment(leaf, [v for v in own if v.trainable]) for leaf, own in leaves]
    rest = [Segment(leaf, [v for v in own if not v.trainable]) for leaf, own in leaves]
    return [segment for segment in (*trained, *rest) if segment.variables]


def _leaves(layer: Any) -> Iterator[tuple[Any, list[Variable]]]:
    """The layers inside that have weights of their own, each once, with these weights."""
    seen: set[int] = set()
    for each in [layer] if _is_whole(layer) else layer._flatten_layers():
        own = [v for v in (each.weights if _is_whole(each) else each._own()) if id(v) not in seen]
        seen |= set(map(id, own))
        if own:
            yield each, own


def _is_whole(layer: Any) -> bool:
    """Whether a layer is a cell in a loop, whose weights were the loop's own."""
    return any(cls.__name__ in _LOOPS for cls in type(layer).__mro__)


def leaves_by_name(model: Any) -> dict[str, Any]:
    """Every layer of a model by its name; those nearer to the top win."""
    found: dict[str, Any] = {}
    level = list(model.layers)
    while level:
        for layer in level:
            found.setdefault(layer.name, layer)
        level = [inner for layer in level for inner in getattr(layer, "layers", ())]
    return found
