"""Graphs of Keras 1 and 2 in the form of Keras 3: how each layer is used, and Keras 1's `Graph`."""

from collections.abc import Callable, Iterator
from typing import Any

from tricera.errors import report
from tricera.saving.past import operations

Form = dict[str, Any]

_CONSTANT = "_CONSTANT_VALUE"
_OPTIONAL = ("constants", "initial_state", "mask", "training")
_RECURRENT = {"RNN", "LSTM", "GRU", "SimpleRNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}


def functional(config: Form, layer: Callable[[Form], Form]) -> Form:
    """The configuration of a graph; `layer` translates one layer."""
    ranks = _ranks(config)
    layers = []
    for each in config["layers"]:
        if each["class_name"] in operations.KINDS:
            layers.append(operations.operation(each, [_use(use, "", ranks) for use in each["inbound_nodes"]]))
            continue
        new = layer(each)
        uses = [_use(use, new["class_name"], ranks) for use in _once(each, ranks)]
        layers.append({**new, "inbound_nodes": uses})
    return {
        "name": config.get("name"),
        "trainable": config.get("trainable", True),
        "layers": layers,
        "input_layers": _ends(config["input_layers"], ranks),
        "output_layers": _ends(config["output_layers"], {**ranks, **_of_graphs(layers, ranks)}),
    }


def is_place(value: Any) -> bool:
    """Whether a value names a tensor: layer, number of the use, number of the output, and maybe arguments."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and isinstance(value[1], int)
        and (isinstance(value[2], int) or value[0] == _CONSTANT)
    )


def _ranks(config: Form) -> dict[tuple[str, int], int]:
    """The number that each use of a layer has among the uses in this graph.

    Keras 1 and 2 counted a nested model's own definition as a use, and so started at 1.
    """
    uses: dict[str, set[int]] = {}
    nodes = [each.get("inbound_nodes") for each in config["layers"]]
    for name, use, *_ in _places([nodes, config["input_layers"], config["output_layers"]]):
        uses.setdefault(name, set()).add(use)
    return {(name, use): rank for name, found in uses.items() for rank, use in enumerate(sorted(found))}


def _once(form: Form, ranks: dict[tuple[str, int], int]) -> list[Any]:
    """The uses of a layer; of a model in the graph some files have each twice, of which one has a number."""
    uses = form.get("inbound_nodes") or []
    numbered = sum(name == form.get("name") for name, _ in ranks)
    return uses[::2] if len(uses) == 2 * numbered and uses[::2] == uses[1::2] else uses


def _places(value: Any) -> Iterator[list[Any]]:
    if is_place(value):
        yield value
        value = value[3:]
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _places(item)


def _of_graphs(layers: list[Form], ranks: dict[tuple[str, int], int]) -> dict[tuple[str, int], int]:
    """The numbers of the uses of graphs inside where a graph ends: there Keras 3 still counts from 1."""
    names = {
        each.get("name") for each in layers if isinstance(each["config"], dict) and "input_layers" in each["config"]
    }
    return {(name, use): rank + 1 for (name, use), rank in ranks.items() if name in names}


def _ends(struct: Any, ranks: dict[tuple[str, int], int]) -> Any:
    """The places of a model's inputs or outputs; a single one stands alone."""
    if is_place(struct):
        return [struct[0], ranks[struct[0], struct[1]], struct[2]]
    if isinstance(struct, dict):
        return {name: _ends(item, ranks) for name, item in struct.items()}
    return _ends(struct[0], ranks) if len(struct) == 1 else [_ends(item, ranks) for item in struct]


def _use(use: Any, kind: str, ranks: dict[tuple[str, int], int]) -> Form:
    """One use of a layer: what it is called with."""
    first = use if is_place(use) else next(iter(use.values())) if isinstance(use, dict) else use[0]
    kwargs = first[3] if is_place(first) and len(first) > 3 and isinstance(first[3], dict) else {}
    kwargs = {name: _tensors(value, ranks) for name, value in kwargs.items() if not _is_silent(name, value)}
    tensors = _tensors(use, ranks)
    if isinstance(tensors, list) and kind in _RECURRENT and len(tensors) > 1:  # a sequence and the states to start with
        tensors, kwargs = tensors[0], {"initial_state": tensors[1:], **kwargs}
    elif isinstance(tensors, list) and len(tensors) == 1:
        tensors = tensors[0]
    return {"args": [tensors], "kwargs": kwargs}


def _is_silent(name: str, value: Any) -> bool:
    return (name in _OPTIONAL and value is None) or name == "name"


def _tensors(value: Any, ranks: dict[tuple[str, int], int]) -> Any:
    if is_place(value):
        name, use, index = value[:3]
        if name == _CONSTANT:
            return index
        return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, ranks[name, use], index]}}
    if isinstance(value, list):
        return [_tensors(item, ranks) for item in value]
    if isinstance(value, dict):
        return {name: _tensors(item, ranks) for name, item in value.items()}
    return value


# ---- Keras 1's Graph


def named_nodes(config: Form, layer: Callable[[Form], Form]) -> Form:
    """The configuration of a `Graph`, whose nodes name their inputs, as a functional one."""
    layers = [_graph_input(each) for each in config["input_config"]]
    for node in config["node_config"]:
        names = [*([node["input"]] if node.get("input") else []), *(node.get("inputs") or [])]
        source = names[0]
        if len(names) > 1:
            source = f"merge_inputs_for_{node['name']}"
            merged = {key: node.get(key) for key in ("concat_axis", "dot_axes")}
            form = {
                "class_name": "Merge",
                "config": {"name": source, "mode": node.get("merge_mode", "concat"), **merged},
            }
            layers.append({**form, "name": source, "inbound_nodes": [[[name, 0, 0] for name in names]]})
        form = dict(config["nodes"][node["name"]])
        if "class_name" not in form:
            form = {"class_name": form["name"], "config": {k: v for k, v in form.items() if k != "name"}}
        inner = form["config"]
        inner = {**inner, "name": node["name"]} if isinstance(inner, dict) else {"name": node["name"], "layers": inner}
        layers.append({"class_name": form["class_name"], "config": inner})
        layers[-1].update(name=node["name"], inbound_nodes=[[[source, 0, 0]]])
    outputs = []
    for end in config["output_config"]:
        names = [*([end["input"]] if end.get("input") else []), *(end.get("inputs") or [])]
        if len(names) != 1:
            raise ValueError(
                report(f"The output {end['name']!r} of the Graph merges {len(names)} nodes.", expected="one node")
            )
        form = {"class_name": "Activation", "config": {"name": end["name"], "activation": "linear"}}
        if end["name"] == names[0]:
            outputs.append([names[0], 0, 0])
            continue
        layers.append({**form, "name": end["name"], "inbound_nodes": [[[names[0], 0, 0]]]})
        outputs.append([end["name"], 0, 0])
    inputs = [[each["name"], 0, 0] for each in config["input_config"]]
    name = config.get("name")
    return functional({"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}, layer)


def _graph_input(given: Form) -> Form:
    shape = given.get("batch_input_shape") or [None, *given["input_shape"]]
    config = {"name": given["name"], "batch_input_shape": shape, "input_dtype": given.get("dtype")}
    return {"class_name": "InputLayer", "name": given["name"], "config": config, "inbound_nodes": []}
