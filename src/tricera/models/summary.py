"""The table that `model.summary()` prints: layers, shapes of their outputs, numbers of weights, connections."""

import itertools
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax.numpy as jnp

from tricera.engine.graph import Node
from tricera.engine.layer import Layer
from tricera.errors import report
from tricera.models.graph_config import class_name

Spans = list[tuple[str, str]]  # pieces of a text, each with its style

_NUMBER, _NONE, _CLASS, _YES, _NO = "color(34)", "color(45)", "color(33)", "bold color(34)", "bold color(9)"
_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_STACK = {"Layer (type)": 0.45, "Output Shape": 0.8, "Param #": 1.0}  # the right end of each column, of the width
_GRAPH = {"Layer (type)": 0.3, "Output Shape": 0.56, "Param #": 0.74, "Connected to": 1.0}


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the model's layers as a table, then how many weights there are and how much memory they take.

    Args:
        line_length: the table's width in characters; by default what fits the terminal.
        positions: the right end of each column, as a part of the width.
        print_fn: gets the whole text, without colors, instead of the terminal.
        expand_nested: whether the layers of models inside are listed too.
        show_trainable: whether a column says which layers training changes.
        layer_range: two regular expressions: the names of the first and the last layer to list.

    Raises:
        ValueError: the table is too narrow, or no layer has a name of `layer_range`.
    """
    import rich.console

    operations = getattr(model, "operations", None) if hasattr(model, "_function") else None
    branched = operations is not None and not _is_chain(model._function.nodes)
    shown = _between(model.layers if operations is None else operations, layer_range)
    columns = _widths(_GRAPH if branched else _STACK, positions, line_length, show_trainable)
    nodes = set(map(id, model._function.nodes)) if branched else None
    rows = [_row(*place, nodes, show_trainable) for each in shown for place in _nested(each, expand_nested)]
    parts = [_text([(f'Model: "{model.name}"', "bold")]), _table(columns, rows), *map(_text, _totals(model))]
    if print_fn is None:
        console = rich.console.Console(highlight=False)
        console.print(*parts, sep="\n")
        return
    console = rich.console.Console(highlight=False, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    print_fn(captured.get())


# ---- which rows and columns


def _is_chain(nodes: Sequence[Node]) -> bool:
    """Whether each node of a graph has one predecessor and one successor, and no layer is used twice."""
    used = [id(parent) for node in nodes for parent in node.parents]
    operations = {id(node.operation) for node in nodes}
    starts = sum(not node.input_tensors for node in nodes)
    alone = all(len(node.input_tensors) <= 1 for node in nodes)
    return starts <= 1 and alone and len(set(used)) == len(used) and len(operations) == len(nodes)


def _between(layers: Sequence[Any], names: Sequence[str] | None) -> Sequence[Any]:
    if names is None:
        return layers
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(report("`layer_range` must be the names of two layers.", got=repr(names)))
    places = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in names]
    for name, found in zip(names, places, strict=True):
        if not found:
            known = ", ".join(layer.name for layer in layers)
            raise ValueError(report(f"`layer_range`: no layer's name matches {name!r}.", expected=f"one of {known}"))
    first, last = places
    begin, end = (min(first), max(last)) if min(first) <= max(last) else (min(last), max(first))
    return layers[begin : end + 1]


def _widths(
    ends: dict[str, float], positions: Sequence[float] | None, length: int | None, trainable: bool
) -> dict[str, int]:
    """The width of each column, by its title."""
    default = (108 if len(ends) == 4 else 88) + (12 if trainable else 0)
    length = length or min(default, shutil.get_terminal_size().columns - 4)
    titles, rights = list(ends), list(positions or ends.values())
    if trainable:
        titles, rights = [*titles, "Trainable"], [*(0.9 * right for right in rights), 1.0]
    edges = [0, *(int(right * length) for right in rights)]
    widths = [b - a for a, b in itertools.pairwise(edges)]
    if min(widths) < 4:
        raise ValueError(
            report("Insufficient console width to print summary.", got=f"{length} characters", fix="`line_length=88`.")
        )
    return {"": length, **dict(zip(titles, widths, strict=False))}


def _nested(layer: Any, expand: bool, level: int = 0) -> Iterator[tuple[Any, int]]:
    """A layer and, if `expand`, those inside the models in it, with their depth."""
    yield layer, level
    if expand:
        for inner in getattr(layer, "layers", None) or ():
            yield from _nested(inner, expand, level + 1)


# ---- cells


def _row(layer: Any, level: int, nodes: set[int] | None, trainable: bool) -> list[Spans]:
    prefix = "   " * level + "└ " if level else ""
    cells = [
        [(f"{prefix}{layer.name} (", ""), (class_name(layer), _CLASS), (")", "")],
        _output_shape(layer),
        _params(layer),
    ]
    if nodes is not None:
        cells.append(_connections(layer, nodes))
    if trainable:
        weighted = isinstance(layer, Layer) and layer.weights
        cells.append([("-", "bold") if not weighted else ("Y", _YES) if layer.trainable else ("N", _NO)])
    return cells


def _params(layer: Any) -> Spans:
    if not getattr(layer, "built", True):
        return [("0", _NUMBER), (" (unbuilt)", "")]
    return [(f"{layer.count_params() if isinstance(layer, Layer) else 0:,}", _NUMBER)]


def _output_shape(layer: Any) -> Spans:
    """The shapes of the last use in a graph; else those for the shapes that the layer was built for."""
    if layer._inbound_nodes:
        shapes = [tensor.shape for tensor in layer._inbound_nodes[-1].output_tensors]
    else:
        shapes = _traced(layer)
    spans = [_shape(shape) for shape in shapes]
    if len(spans) == 1:
        return spans[0]
    return [("[", ""), *_joined(spans), ("]", "")] if spans else [("?", "")]


def _traced(layer: Any) -> list[tuple]:
    config = layer.get_build_config() or vars(layer).get("_build_config") if isinstance(layer, Layer) else None
    if not config:
        return []
    try:
        given = config.get("shapes_dict") or {"_": config["input_shape"]}
        found = layer.compute_output_shape(*given.values())
    except Exception:  # a layer whose shape cannot be told without its arguments: the table says "?"
        return []
    return list(_shapes_in(found))


def _shapes_in(found: Any) -> Iterator[tuple]:
    if isinstance(found, tuple | list) and all(size is None or isinstance(size, int) for size in found):
        yield tuple(found)
    else:
        for each in found.values() if isinstance(found, dict) else found:
            yield from _shapes_in(each)


def _shape(shape: Sequence[int | None]) -> Spans:
    sizes = [[(str(size), _NONE if size is None else _NUMBER)] for size in shape]
    return [("(", ""), *_joined(sizes), (")", "")]


def _joined(spans: Sequence[Spans]) -> Spans:
    return [span for i, each in enumerate(spans) for span in ([(", ", "")] if i else []) + each]


def _connections(layer: Any, nodes: set[int]) -> Spans:
    """`name[number of the use][number of the output]` of each tensor that the layer takes in this graph."""
    spans = []
    for node in layer._inbound_nodes:
        for tensor in node.input_tensors if id(node) in nodes else ():
            operation, use, index = tensor._keras_history
            spans.append(
                [(f"{operation.name}[", ""), (str(use), _NUMBER), ("][", ""), (str(index), _NUMBER), ("]", "")]
            )
    return _joined(spans) or [("-", "")]


# ---- below the table


def _totals(model: Any) -> Iterator[Spans]:
    optimizer = getattr(model, "optimizer", None) if getattr(model, "compiled", False) else None
    counted = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    if optimizer is not None and optimizer.built:
        counted["Optimizer"] = optimizer.variables
    everything = [variable for variables in counted.values() for variable in variables]
    for title, variables in {"Total": everything, **counted}.items():
        count = sum(variable.size for variable in variables)
        size = sum(variable.size * jnp.dtype(variable.dtype).itemsize for variable in variables)
        yield [(f" {title} params: ", "bold"), (f"{count:,}", _NUMBER), (f" ({_memory(size)})", "")]


def _memory(size: float) -> str:
    """`2.29 MB`."""
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} {_UNITS[-1]}"


# ---- rich


def _text(spans: Spans) -> Any:
    import rich.text

    return rich.text.Text.assemble(*spans)


def _table(columns: dict[str, int], rows: Sequence[Sequence[Spans]]) -> Any:
    import rich.table

    table = rich.table.Table(width=columns.pop(""), show_lines=True)
    justify: dict[str, Any] = {"Param #": "right", "Trainable": "center"}
    for title, width in columns.items():
        table.add_column(title, justify=justify.get(title, "left"), width=width)
    for row in rows:
        table.add_row(*map(_text, row))
    return table
