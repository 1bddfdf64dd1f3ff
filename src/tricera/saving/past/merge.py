"""Keras 1's `Merge`: one class for all ways to join tensors, which could also be the first layer of a stack."""

from collections.abc import Callable
from typing import Any

from tricera.errors import report
from tricera.saving.past import graph
from tricera.saving.past.names import MERGE_MODES

Form = dict[str, Any]


def merged(config: Form) -> tuple[str, Form]:
    """The class of Keras 3 that joins as a `Merge` does, and its configuration.

    Raises:
        ValueError: it joins by a function.
    """
    mode, name = config.get("mode", "sum"), config.get("name")
    if config.get("mode_type", "raw") != "raw" or mode not in MERGE_MODES:
        raise ValueError(
            report(
                f"The Merge layer {name!r} joins its inputs by a function that is stored as Python code, "
                "which is never run.",
                expected=f"a mode that has a name: {', '.join(MERGE_MODES)}",
                got=repr(mode)[:60],
                fix="build the model in Python and `load_weights` from the file.",
            )
        )
    new: Form = {"name": name, "trainable": config.get("trainable", True)}
    if mode == "concat":
        new["axis"] = config.get("concat_axis", -1)
    if mode in ("dot", "cos"):
        axes = config.get("dot_axes", -1)
        axes = axes if isinstance(axes, int) else [axis[0] if isinstance(axis, list) else axis for axis in axes]
        new.update(axes=axes, normalize=mode == "cos")
    return MERGE_MODES[mode], {key: value for key, value in new.items() if value is not None}


def declared(config: Form) -> Form | None:
    """The shape and dtype that the first layer of a stack declares for its input."""
    shape = config.get("batch_input_shape") or config.get("batch_shape")
    if shape is None and config.get("input_shape"):
        shape = [None, *config["input_shape"]]
    if shape is None and config.get("input_dim") and "mask_zero" not in config:  # an Embedding's is that of its table
        length = [config["input_length"]] if "input_length" in config else []
        shape = [None, *length, config["input_dim"]]
    if shape is None and config.get("input_length"):
        shape = [None, config["input_length"]]
    return {"batch_shape": shape, "dtype": dtype_of(config)} if shape else None


def dtype_of(config: Form) -> str | None:
    """The name of the dtype of a layer's input."""
    dtype = config.get("input_dtype") or config.get("dtype")
    name = dtype["config"]["name"] if isinstance(dtype, dict) else dtype
    return {"float": "float32", "int": "int32"}.get(name, name.removeprefix("mixed_")) if name else None


def joined(config: Form, layer: Callable[[Form], Form]) -> Form:
    """The configuration of a stack whose first layer merges other models, as a graph."""
    first, *rest = config["layers"]
    inner = first["config"] if "class_name" in first else {**first, "name": first.get("custom_name")}
    inner = {**inner, "name": inner.get("name") or "merge_1"}
    layers: list[Form] = []
    inputs, ends = [], []
    for i, branch in enumerate(inner["layers"]):
        begin, end = _branch(branch, f"{inner['name']}_{i}", layers)
        inputs += begin
        ends.append(end)
    layers.append({"class_name": "Merge", "config": inner, "name": inner["name"], "inbound_nodes": [ends]})
    _stacked(rest, [inner["name"], 0, 0], layers)
    last = [[layers[-1]["name"], 0, 0]]
    name = config.get("name")
    return graph.functional({"name": name, "layers": layers, "input_layers": inputs, "output_layers": last}, layer)


def _branch(form: Form, name: str, layers: list[Form]) -> tuple[list[Any], list[Any]]:
    """Add the layers of one of the merged models; the places of its inputs, and of its output."""
    config = form.get("config", form)
    stack = config if isinstance(config, list) else config.get("layers")
    if form.get("class_name", form.get("name")) == "Sequential" and stack:
        if stack[0].get("class_name", stack[0].get("name")) == "Merge":
            first, *rest = stack
            inner = {**first.get("config", first)}
            inner["name"] = inner.get("name") or f"{name}_merge"
            found = [_branch(each, f"{name}_{i}", layers) for i, each in enumerate(inner["layers"])]
            ends = [end for _, end in found]
            layers.append({"class_name": "Merge", "config": inner, "name": inner["name"], "inbound_nodes": [ends]})
            _stacked(rest, [inner["name"], 0, 0], layers)
            return [place for begin, _ in found for place in begin], [layers[-1]["name"], 0, 0]
        source = _source(_config(stack[0]), f"{name}_input", layers)
        _stacked([each for each in stack if each.get("class_name") != "InputLayer"], source, layers)
        return [source], [layers[-1]["name"], 0, 0]
    source = _source(_config(form), f"{name}_input", layers)
    if form.get("class_name") == "InputLayer":
        return [source], source
    _stacked([form], source, layers)
    return [source], [layers[-1]["name"], 0, 0]


def _config(form: Form) -> Form:
    return form["config"] if "class_name" in form else form


def _source(config: Form, name: str, layers: list[Form]) -> list[Any]:
    found = declared(config)
    if found is None:
        raise ValueError(report(f"A merged model declares no shape of its input: {str(config)[:80]}."))
    layers.append({"class_name": "InputLayer", "config": {"name": name, **found}, "name": name, "inbound_nodes": []})
    return [name, 0, 0]


def _stacked(forms: list[Form], source: list[Any], layers: list[Form]) -> None:
    """Add layers, each upon the one before."""
    for form in forms:
        config = form.get("config", form)
        name = config.get("custom_name" if config is form else "name") if isinstance(config, dict) else form.get("name")
        name = name or f"{str(form.get('class_name', form.get('name'))).lower()}_{len(layers)}"
        if config is form:
            form = {"class_name": form["name"], "config": {k: v for k, v in form.items() if k != "name"}}
        inner = form["config"]
        inner = {**inner, "name": name} if isinstance(inner, dict) else {"name": name, "layers": inner}
        form = {**form, "config": inner}
        layers.append({**form, "name": name, "inbound_nodes": [[source]]})
        source = [name, 0, 0]
