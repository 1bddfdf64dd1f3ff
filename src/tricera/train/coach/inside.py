"""Layers inside of a model, and what they are given and make."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any


def layers_of(model: Any) -> list[Any]:
    """The layers that the model runs, those of models inside it too, but no containers and no inputs."""
    found = []
    for layer in model.layers:
        found += layers_of(layer) if getattr(layer, "layers", None) else [layer]
    return [layer for layer in found if type(layer).__name__ != "InputLayer"]


def makers_of(model: Any) -> list[Any]:
    """The layer or op that makes each output, in whatever model inside it stands; none where no graph says."""
    graph = getattr(model, "_graph", None) or model
    if not hasattr(graph, "_function"):
        return []
    return [_innermost(tensor.node.operation, tensor.index) for tensor in graph.outputs]


def _innermost(operation: Any, index: int) -> Any:
    inner = makers_of(operation) if hasattr(operation, "layers") else []
    return inner[index] if inner else operation


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """A block in which an attribute of an object is another one."""
    own = vars(owner)
    before = own.get(name, owner)
    own[name] = value
    try:
        yield
    finally:
        if before is owner:
            del own[name]
        else:
            own[name] = before


@contextlib.contextmanager
def tapped(layers: Sequence[Any], tap: Callable[..., Any]) -> Iterator[None]:
    """A block in which `tap(layer, call, *args, **kwargs)` stands in for the call of each of the layers."""
    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(replaced(layer, "call", functools.partial(tap, layer, layer.call)))
        yield
