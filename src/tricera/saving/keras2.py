"""HDF5 files in the layout of Keras 2, which Keras 1 to 3 and tf.keras read: whole models, and weights alone."""

import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tricera.disk import atomic
from tricera.engine import registry
from tricera.saving import archive

VERSION, BACKEND = "2.15.0", "jax"  # the last Keras 2: whose layout is written
_MOST_NAMES = 3000  # in one attribute, of which HDF5 takes 64 KiB

# Settings that Keras 2 does not know, or that Keras 3 cannot read from this layout; left out where they say nothing.
_NEWER: dict[str, tuple[Any, ...]] = {
    "quantization_config": (None,),
    "optional": (False,),
    "input_axes": (None,),
    "output_axes": (None,),
    "flash_attention": (None,),
    "use_gate": (False,),
    "dropout": (0.0,),
    "seed": (None,),
    "synchronized": (False,),
    "rms_scaling": (False,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "dtype": (None,),
    "score_mode": ("dot",),
    "oov_method": ("floormod",),
    "salt": (None,),
    "weight_decay": (None,),
    "clipnorm": (None,),
    "clipvalue": (None,),
    "global_clipnorm": (None,),
    "use_ema": (False,),
    "ema_momentum": (0.99,),
    "ema_overwrite_frequency": (None, 100),
}
_RENAMED = {
    "InputLayer": {"batch_shape": "batch_input_shape"},
    "LeakyReLU": {"negative_slope": "alpha"},
}
_DROPPED = {
    "ConvLSTM1D": {"seed"},
    "ConvLSTM2D": {"seed"},
    "ConvLSTM3D": {"seed"},
    "LocallyConnected1D": {"implementation"},  # the way that their kernels are written in is the first
    "LocallyConnected2D": {"implementation"},
    "LossScaleOptimizer": {"name"},
    "ZeroPadding1D": {"data_format"},
}
_LAST = {"data_format": ("channels_last",)}
_NEWER_OF: dict[str, dict[str, tuple[Any, ...]]] = {
    "CenterCrop": _LAST,
    "RandomBrightness": _LAST,
    "RandomContrast": _LAST | {"value_range": ([0, 255], (0, 255))},
    "RandomFlip": _LAST,
    "RandomRotation": _LAST,
    "RandomTranslation": _LAST,
    "RandomZoom": _LAST,
    "Resizing": _LAST
    | {"pad_to_aspect_ratio": (False,), "fill_mode": ("constant",), "fill_value": (0.0,), "antialias": (False,)},
}
_ACTIVATIONS = {"hard_sigmoid_v2": "hard_sigmoid", "silu": "swish"}
_MODULES = ("keras", "keras.layers", "keras.optimizers.schedules", "keras.src.models.functional")
_ONLY_KERAS_3 = frozenset({"GroupQueryAttention", "Lambda", "MultiHeadAttention"})  # read in different forms, or by one

# What Keras 2's optimizers keep for each weight: Keras 3's names and theirs, in their order.
_SLOTS = {
    "SGD": {"momentum": "momentum"},
    "RMSprop": {"velocity": "rms", "momentum": "momentum", "average_gradient": "mg"},
    "Adam": {"momentum": "m", "velocity": "v", "velocity_hat": "vhat"},
    "Nadam": {"momentum": "m", "velocity": "v"},
    "Adamax": {"momentum": "m", "norm": "v"},
    "Adagrad": {"accumulator": "accumulator"},
    "Adadelta": {"accumulated_grad": "accum_grad", "accumulated_delta_var": "accum_var"},
    "Ftrl": {"accumulator": "accumulator", "linear": "linear"},
}
_BY_WEIGHT = ("Ftrl",)  # all that is kept for a weight together, where others have all weights' momentums together


def _of_keras_2(name: str) -> str:
    """The name of an optimizer's class there: `SGDV2` is Keras 2's SGD, whose rate decays."""
    return name[:-2] if name.endswith("V2") and name[:-2] in _SLOTS else name


def save_model(model: Any, path: str | os.PathLike, form: dict[str, Any], include_optimizer: bool = True) -> None:
    """Write a whole model, whose plain form is `form`."""
    import h5py

    with atomic.sink(path) as file, h5py.File(file, "w") as root:
        config = model_config(model, form)
        _stamp(root)
        root.attrs["model_config"] = json.dumps(config)
        if include_optimizer and model.compiled:
            root.attrs["training_config"] = json.dumps(training_config(model))
        if "module" in config:
            root.attrs["keras_version"] = archive.KERAS_VERSION
        write_layers(root.create_group("model_weights"), model)
        if include_optimizer and getattr(model, "optimizer", None) is not None and model.optimizer.built:
            _write_arrays(root.create_group("optimizer_weights"), _state(model.optimizer))


def save_weights(model: Any, path: str | os.PathLike) -> None:
    """Write the weights of a model alone."""
    import h5py

    with atomic.sink(path) as file, h5py.File(file, "w") as root:
        write_layers(root, model)


# ---- arrays


def _stamp(group: Any) -> None:
    group.attrs["keras_version"], group.attrs["backend"] = VERSION, BACKEND


def write_layers(group: Any, model: Any) -> None:
    """Write the weights of a model, layer by layer, into an open group."""
    _stamp(group)
    layers = model.layers
    _write_names(group, "layer_names", [layer.name for layer in layers])
    for layer in layers:
        _write_arrays(group.create_group(layer.name), _named([*layer.trainable_weights, *layer.non_trainable_weights]))
    inside = {id(weight) for layer in layers for weight in layer.weights}
    top = [weight for weight in model.weights if id(weight) not in inside]
    _write_arrays(group.create_group("top_level_model_weights"), _named(top))


def _named(variables: Sequence[Any]) -> dict[str, Any]:
    """Variables by their paths, with TensorFlow's `:0`; a path that is taken gets a number."""
    names: dict[str, Any] = {}
    for variable in variables:
        name, count = f"{variable.path}:0", 0
        while name in names:
            count += 1
            name = f"{variable.path}_{count}:0"
        names[name] = variable
    return names


def _write_arrays(group: Any, variables: Mapping[str, Any]) -> None:
    _write_names(group, "weight_names", list(variables))
    for name, variable in variables.items():
        array = np.asarray(variable.raw())
        known = array.dtype.kind in "biufc"  # HDF5 has no bfloat16: float32 holds all its numbers
        group.create_dataset(name, data=array if known else array.astype("float32"))


def _write_names(group: Any, attribute: str, names: list[str]) -> None:
    chunks = [names[i : i + _MOST_NAMES] for i in range(0, len(names), _MOST_NAMES)] or [[]]
    for i, chunk in enumerate(chunks):
        encoded = np.array([name.encode() for name in chunk], dtype="S" if not chunk else object)
        group.attrs[f"{attribute}{i}" if len(chunks) > 1 else attribute] = encoded


def _state(optimizer: Any) -> dict[str, Any]:
    """The step, and what is kept for the weights, as Keras 2 has them; the learning rate stands among the settings."""
    kind = _of_keras_2(type(optimizer).__name__)
    first, *others = [v for v in optimizer.variables if v is not optimizer._learning_rate]
    slots = _SLOTS.get(kind, {})
    order = {slot: i for i, slot in enumerate(slots)}

    def slot(variable: Any) -> str:
        return next((name for name in order if variable.path.endswith(f"_{name}")), "")

    product = getattr(optimizer, "_u_product", None)  # of Nadam, which follows from the step
    if not slots or not all(slot(v) or v is product for v in others):  # more than Keras 2 has: in Keras 3's order
        return {f"{kind}/{i}": variable for i, variable in enumerate(optimizer.variables)}
    names = {f"{kind}/iter:0": first}
    if kind not in _BY_WEIGHT:
        others.sort(key=lambda v: order.get(slot(v), -1))
    for variable in others:
        name = slot(variable)
        stem = variable.path.rpartition("/")[2]
        names[f"{kind}/{stem.removesuffix(f'_{name}')}/{slots[name]}:0" if name else f"{kind}/{stem}:0"] = variable
    return names


# ---- configurations


def model_config(model: Any, form: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a model in the form of Keras 2, which all read; where there is none, in that of Keras 3."""
    form = {name: value for name, value in form.items() if name != "compile_config"}
    return form if _is_newer(form) else _object(form, model)


def training_config(model: Any) -> dict[str, Any]:
    """How a model was compiled, in the form of Keras 2."""
    config = model._compile_config
    return {
        "loss": _each(_loss, config.get("loss")),
        **{name: _plain(registry.serialize(config.get(name))) for name in ("metrics", "weighted_metrics")},
        "loss_weights": registry.serialize(config.get("loss_weights")),
        "optimizer_config": _plain(registry.serialize(model.optimizer)),
    }


def _loss(loss: Any) -> Any:
    """The plain form of a loss, with the full name of one that is known by a short one."""
    return registry.find("loss", loss).__name__ if isinstance(loss, str) else _plain(registry.serialize(loss))


def _each(change: Callable[[Any], Any], struct: Any) -> Any:
    if isinstance(struct, list | tuple):
        return [_each(change, item) for item in struct]
    if isinstance(struct, dict):
        return {name: _each(change, item) for name, item in struct.items()}
    return change(struct) if struct is not None else None


def _is_newer(form: Any) -> bool:
    """Whether something in it has no form that both Keras 2 and 3 read.

    That is an op in a graph, tensors beside a layer's first argument, a function whose name means another one in
    Keras 2, and some layers.
    """
    if not isinstance(form, dict):
        return isinstance(form, list | tuple) and any(map(_is_newer, form))
    used = form.get("inbound_nodes") or []
    own = (
        form.get("class_name") in _ONLY_KERAS_3
        or str(form.get("module")).startswith("keras.src.ops.")
        or any(name == "hard_sigmoid" for _, name in _activations(form))
        or any(_has_tensor([use["args"][1:], use["kwargs"]]) for use in used)
    )
    return bool(own) or any(map(_is_newer, form.values()))


def _has_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == "__keras_tensor__" or any(map(_has_tensor, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_tensor, value))


def _plain(form: Any, thing: Any = None) -> Any:
    """The form of an object `thing`, or of plain data that may hold some, as Keras 2 says it."""
    if isinstance(form, dict):
        if "class_name" in form and "config" in form:
            return _object(form, thing)
        return {name: _plain(value) for name, value in form.items()}
    return [_plain(item) for item in form] if isinstance(form, list | tuple) else form


def _object(form: Mapping[str, Any], thing: Any = None) -> Any:
    name, config = form["class_name"], form["config"]
    if name == "DTypePolicy":
        return config["name"]
    if name == "function":
        return config
    registered = form.get("registered_name") or ""
    plain = {"class_name": registered if ">" in registered else _of_keras_2(name)}
    if "layers" in config:
        return {**plain, "config": _model(config, thing)}
    renamed = _RENAMED.get(name, {})
    items = {renamed.get(key, key): _inner(value, getattr(thing, key, None)) for key, value in config.items()}
    newer, dropped = {**_NEWER, **_NEWER_OF.get(name, {})}, _DROPPED.get(name, ())
    items = {key: v for key, v in items.items() if v not in newer.get(key, ()) and key not in dropped}
    functions = {key: _ACTIVATIONS[v] for key, v in _activations(items) if v in _ACTIVATIONS}
    return {**plain, "config": {**items, **functions}}


def _activations(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The arguments of a layer that name activation functions."""
    return ((key, value) for key, value in config.items() if key.endswith("activation") and isinstance(value, str))


def _inner(form: Any, thing: Any) -> Any:
    """The form of a setting; that of a layer or a schedule says where Keras 3 has it, also in a list."""
    if isinstance(form, list | tuple):
        return [_inner(item, None) for item in form]
    plain = _plain(form, thing)
    if isinstance(form, dict) and form.get("module") in _MODULES and isinstance(plain, dict):
        return {"module": form["module"], **plain, "registered_name": form.get("registered_name")}
    return plain


# ---- models


def _model(config: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """The configuration of a Sequential or Functional model."""
    layers = {layer.name: layer for layer in model._flatten_layers(recursive=False)}
    graphs = {form["name"] for form in config["layers"] if "inbound_nodes" in form and "layers" in form["config"]}

    def place(history: Sequence[Any]) -> list[Any]:
        name, use, index = history
        return [name, 2 * use + 1 if name in graphs else use, index]

    def end(history: Sequence[Any]) -> list[Any]:
        name, use, index = history  # at the ends Keras 3 counts from 1, too, but not the uses of a Sequential
        return place([name, use - int(isinstance(layers[name], registry.find("model", "Functional"))), index])

    forms = []
    for form in config["layers"]:
        layer = layers.get(form["config"].get("name"))
        plain = _object(form, layer)
        if "inbound_nodes" in form:
            uses = [_use(use, layer, place) for use in form["inbound_nodes"]]
            if form["name"] in graphs:  # counted from 1 by Keras 2, from 0 by Keras 3: each twice, both find it
                uses = [use for use in uses for _ in range(2)]
            plain |= {"name": form["name"], "inbound_nodes": uses}
        forms.append(plain)
    ends = {key: _ends(config[key], end) for key in ("input_layers", "output_layers") if key in config}
    ends |= {key: config[key] for key in ("build_input_shape",) if key in config}  # of a stack of several inputs
    return {"name": config["name"], "trainable": config.get("trainable", True), "layers": forms, **ends}


def _ends(struct: Any, place: Callable[[Sequence[Any]], list[Any]]) -> Any:
    """Where a graph begins or ends: a list of places, also of one."""
    if isinstance(struct, dict):
        return {name: _ends(item, place) for name, item in struct.items()}
    is_place = bool(struct) and isinstance(struct[0], str)
    return [place(struct)] if is_place else [place(item) for item in struct]


def _use(use: Mapping[str, Any], layer: Any, place: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
    """A use of a layer: the places of its first argument's tensors, each with the other arguments."""
    first, *others = use["args"]
    names = list(inspect.signature(layer.call).parameters)[1:]
    others = dict(zip(names, others, strict=False)) | use["kwargs"]
    kwargs = {name: _plain(value) for name, value in others.items() if value is not None}
    tensors = first if isinstance(first, list) else [first]
    return [[*place(tensor["config"]["keras_history"]), kwargs] for tensor in tensors]
