"""Configurations of Keras 0.3, 1, 2 and tf.keras in the form of Keras 3: dicts in, dicts out, nothing is made."""

from collections.abc import Mapping
from typing import Any

from tricera.engine import registry
from tricera.errors import report
from tricera.saving.past import graph, merge
from tricera.saving.past.names import (
    ACTIVATIONS,
    ARGUMENTS,
    ARGUMENTS_OF,
    CLASSES,
    MEANINGLESS,
    MEANINGLESS_IF,
    UNORDERED,
    UNUSED,
    VALUES,
    WINDOWS,
)

Form = dict[str, Any]

_MODULES = {
    "activation": "keras.layers",
    "cell": "keras.layers",
    "constraint": "keras.constraints",
    "initializer": "keras.initializers",
    "layer": "keras.layers",
    "regularizer": "keras.regularizers",
}
_ALWAYS_LAST = ("Conv1D", "MaxPooling1D", "AveragePooling1D", "SeparableConv1D", "Flatten")  # unless they say otherwise
_CUDNN = {
    "CuDNNLSTM": {"activation": "tanh", "recurrent_activation": "sigmoid"},
    "CuDNNGRU": {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
}


def is_old(config: Mapping[str, Any], version: str | None = None) -> bool:
    """Whether a model's configuration is of a Keras before 3; `version` is what the file says beside it."""
    version = version or config.get("keras_version")
    return not str(version).startswith("3") if version else "module" not in config


def modern(form: Form) -> Form:
    """The same model in the form of Keras 3.

    Raises:
        ValueError: a part of it has no counterpart, or it is no configuration.
    """
    if "class_name" not in form and isinstance(form.get("name"), str):  # Keras 0.3
        form = _named(form)
    if _says(form, "dim_ordering", "th"):
        _channels_first(form)
    return _model(form, form.get("name"))


def _says(tree: Any, name: str, value: Any) -> bool:
    """Whether a configuration has an argument of this value anywhere."""
    if isinstance(tree, dict):
        return tree.get(name) == value or any(_says(item, name, value) for item in tree.values())
    return isinstance(tree, list) and any(_says(item, name, value) for item in tree)


def _channels_first(tree: Any) -> None:
    """Say so for the layers of Keras 1 that did not write it down."""
    if isinstance(tree, dict):
        if tree.get("class_name") in UNORDERED and isinstance(tree.get("config"), dict):
            tree["config"].setdefault("dim_ordering", "th")
        tree = list(tree.values())
    for item in tree if isinstance(tree, list) else []:
        _channels_first(item)


def _named(form: Form) -> Form:
    """Keras 0.3 wrote a layer's arguments beside the name of its class."""
    config = {name: value for name, value in form.items() if name not in ("name", "custom_name")}
    return {"class_name": form["name"], "config": {**config, "name": form.get("custom_name")}}


def _model(form: Form, name: Any) -> Form:
    kind, config = CLASSES.get(form["class_name"], form["class_name"]), form["config"]
    if kind == "Graph":
        return _form("Functional", graph.named_nodes(config, layer), "keras")
    if kind == "Sequential":
        config = {"layers": config} if isinstance(config, list) else config
        config = {**config, "name": config.get("name") or name}
        if "layers" in config:
            return _sequential(config)
    elif isinstance(config, dict) and {"layers", "input_layers"} <= set(config):
        config = graph.functional({**config, "name": config.get("name") or name}, layer)
        return {**_kept(form), "class_name": kind, "config": config}
    return {**_kept(form), "class_name": kind, "config": config}


def _kept(form: Form) -> Form:
    """What a form says beside class and arguments, about a class that may be the user's own."""
    kept = {name: form[name] for name in ("registered_name", "build_config", "compile_config") if form.get(name)}
    known = form.get("registered_name") in (None, form["class_name"])
    return {**kept, "registered_name": None if known else form["registered_name"]}


def _form(kind: str, config: Form, module: str) -> Form:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


# ---- layers


def layer(form: Form) -> Form:
    """One layer, with those inside it; its place in a graph is kept as it is."""
    if "class_name" not in form:
        form = _named(form)
    kind, config = form["class_name"], form["config"]
    place = {name: form[name] for name in ("name", "inbound_nodes") if name in form}
    if kind in ("Sequential", "Graph") or (isinstance(config, dict) and "input_layers" in config):
        return {**_model(form, form.get("name")), **place}
    if kind == "Merge":
        return {**_form(*merge.merged(config), "keras.layers"), **place}
    if kind == "Lambda":
        return {**_form("Lambda", _lambda(config), "keras.layers"), **place}
    new = CLASSES.get(kind, kind)
    if new not in registry.names("layer") or kind in registry.custom():
        return {**_own(form), **place}
    if new == "Embedding" and config.get("dropout"):
        new = "WordDropoutEmbedding"
    config = _arguments(new, {**_CUDNN.get(kind, {}), **config}) if isinstance(config, dict) else config
    if new == "BatchNormalization" and isinstance(config, dict):
        new = _normalization(config)
    return {**_form(new, config, "keras.layers"), **_kept(form), **place}


def _own(form: Form) -> Form:
    """A layer of the user's: its arguments are what they are, the layers among them become those of Keras 3."""
    config = form["config"]
    if isinstance(config, dict):
        config = {name: _value(name, value) if name != "axis" else value for name, value in config.items()}
    return {"class_name": form["class_name"], "config": config, **_kept(form)}


def _arguments(kind: str, config: Form) -> Form:
    """The arguments of a layer by their new names, those that mean nothing left out."""
    if kind == "InputLayer":
        return _input(config)
    found = dict(config)
    for parts in WINDOWS:
        if set(parts) <= set(found):
            found["kernel_size"] = [found.pop(part) for part in parts]
    names = {**ARGUMENTS, **ARGUMENTS_OF.get(kind, {})}
    if kind.endswith("Embedding"):
        names = {**ARGUMENTS, **ARGUMENTS_OF["Embedding"]}
    found = {names.get(name, name): _value(names.get(name, name), value) for name, value in found.items()}
    unused = MEANINGLESS | UNUSED.get(kind, set())
    if not kind.endswith("Embedding"):
        unused = unused | {"input_dim"}
    found = {
        name: value
        for name, value in found.items()
        if name not in unused and not (name in MEANINGLESS_IF and value in MEANINGLESS_IF[name])
    }
    if found.get("forget_bias_init") is not None:
        found["unit_forget_bias"] = found["forget_bias_init"] == "one"
    found.pop("forget_bias_init", None)
    if kind in ("GRU", "GRUCell"):
        found.setdefault("reset_after", False)
    if kind in _ALWAYS_LAST:
        found.setdefault("data_format", "channels_last")
    return {name: value for name, value in found.items() if not (name == "name" and value is None)}


def _input(config: Form) -> Form:
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    return {"name": config.get("name"), "batch_shape": shape, "dtype": merge.dtype_of(config)}


def _value(name: str, value: Any) -> Any:
    """The value of an argument: names of functions, and objects in it, become those of Keras 3."""
    if name in VALUES and isinstance(value, str):
        return VALUES[name].get(value, value)
    role = name.rpartition("_")[2]
    if role == "activation":
        return _activation(value)
    if name == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if role in ("layer", "cell") and isinstance(value, dict):
        return layer(value)
    if name == "cells":
        return [layer(each) for each in value]
    if role in ("regularizer", "constraint") and isinstance(value, dict) and "class_name" not in value:
        value = _named(value)  # Keras 1's form
    return _object(value, role)


def _activation(value: Any) -> Any:
    if isinstance(value, str):
        return ACTIVATIONS.get(value, value)
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "function":
        return ACTIVATIONS.get(value["config"], value["config"] if value.get("module") == "builtins" else value)
    return layer(value)


def _object(value: Any, role: str) -> Any:
    if isinstance(value, list):
        return [_object(item, role) for item in value]
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str) or "config" not in value:
        return value
    name, config = value["class_name"], value["config"]
    kind = CLASSES.get(name, name)
    if isinstance(config, dict):
        names = ARGUMENTS_OF.get(kind, {})
        drop = {"dtype", "name"} if role in _MODULES else set()
        config = {names.get(k, k): _object(v, "") for k, v in config.items() if k not in drop}
    plain = {"class_name": kind, "config": config, **_kept(value)}
    return {**plain, "module": _MODULES[role]} if role in _MODULES else plain


def _normalization(config: Form) -> str:
    """The class that normalizes as Keras 1's `mode` says."""
    mode = config.pop("mode", 0)
    if mode not in (0, 1, 2):
        raise ValueError(report(f"BatchNormalization {config.get('name')!r} has no such mode.", got=repr(mode)))
    return ("BatchNormalization", "SampleNormalization", "BatchStatisticsNormalization")[mode]


def _lambda(config: Form) -> Form:
    parts = ("name", "trainable", "dtype", "arguments", "function", "function_type")
    kept = {name: config[name] for name in parts if name in config}
    if config.get("output_shape_type", "raw") == "raw" and config.get("output_shape") is not None:
        kept["output_shape"] = config["output_shape"]  # a function's is found by tracing
    return kept


# ---- stacks


def _sequential(config: Form) -> Form:
    """A Sequential model, its input declared by an InputLayer; where it starts with a Merge, a graph."""
    old = config["layers"]
    if old and old[0].get("class_name", old[0].get("name")) == "Merge":
        return _form("Functional", merge.joined(config, layer), "keras")
    layers = [layer(each) for each in old]
    shape = config.get("build_input_shape")
    several = isinstance(shape, dict) or any(isinstance(each, list) for each in shape or ())
    if layers and layers[0]["class_name"] != "InputLayer" and not several:
        first = old[0] if "class_name" in old[0] else _named(old[0])
        declared = merge.declared(first["config"]) if isinstance(first["config"], dict) else None
        if declared is None and isinstance(shape, list):
            declared = {"batch_shape": shape, "dtype": None}
        if declared:
            source = {"name": f"{first['config'].get('name')}_input", **declared}
            layers.insert(0, _form("InputLayer", source, "keras.layers"))
    kept = {name: config[name] for name in ("name", "trainable") if config.get(name) is not None}
    kept |= {"build_input_shape": shape} if several else {}  # for which no layer stands
    return _form("Sequential", {**kept, "layers": layers}, "keras")
