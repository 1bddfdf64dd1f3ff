"""A graph as plain data, and back: the layers and ops, what each use of them takes, the inputs and outputs.

The form is Keras 3's: an op's settings stand in its configuration, what it computes with in its uses.
"""

import inspect
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tricera.engine import graph, registry
from tricera.engine.configured import Configured
from tricera.engine.graph import KerasTensor, Operation
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.errors import report

# The arguments of ops that are computed with; all others are settings.
_OPERAND_NAMES = """
    x x1 x2 xs inputs start stop step f elems weights target output y pred true_fn false_fn kernel a b q bins
    query key value bias mask scale operands init_val init fill_value targets predictions rtol atol
    constant_values abs_ angle array indices values updates data segment_ids condlist choicelist default
    depthwise_kernel pointwise_kernel start_indices variable index branches elements condition loop_vars
"""
_OPERANDS = frozenset(_OPERAND_NAMES.split())
_SETTINGS = {  # ops for which one of these is a setting
    "bincount": {"weights"},
    "histogram": {"bins"},
    "unique": {"fill_value"},
    "squareplus": {"b"},
    "trapezoid": {"x"},
}
PARTS = ("name", "layers", "input_layers", "output_layers")  # of a configuration: what the graph is
_MODULES = {"signal": "math"}  # where Keras keeps an op, if elsewhere than Tricera


def class_name(operation: Any) -> str:
    """`Dense` of a layer; `GetItem` of the op `get_item`."""
    if isinstance(operation, Configured):
        return type(operation).__name__
    return _camel(operation.function.__name__)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


# ---- to plain data


def to_config(model: Any) -> dict[str, Any]:
    """The configuration of a Functional model.

    Raises:
        TypeError: an op computes with something that has no plain form, as a variable.
    """
    uses: dict[int, list[graph.Node]] = {}
    inside = {id(node) for node in model._function.nodes}
    for operation in model.operations:
        uses[id(operation)] = [node for node in operation._inbound_nodes if id(node) in inside]

    def place(tensor: KerasTensor) -> list[Any]:
        node: Any = tensor.node
        return [node.operation.name, uses[id(node.operation)].index(node), tensor.index]

    def places(struct: Any) -> Any:
        if isinstance(struct, KerasTensor):
            name, use, index = place(struct)
            return [name, use + _first_use(struct.node.operation), index]
        if isinstance(struct, dict):
            return {name: places(item) for name, item in struct.items()}
        return tuple(map(places, struct)) if isinstance(struct, tuple) else [places(item) for item in struct]

    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [_operation_form(operation, uses[id(operation)], place) for operation in model.operations],
        "input_layers": places(model._function._inputs_struct),
        "output_layers": places(model._function._outputs_struct),
    }


def _first_use(operation: Any) -> int:
    """What the number of a use begins with where a graph ends: Keras counts the making of an inner graph as one."""
    return int(isinstance(operation, registry.find("model", "Functional")))


def _operation_form(operation: Any, nodes: list[graph.Node], place: Callable) -> dict[str, Any]:
    if isinstance(operation, Configured):  # layers, and operations of the program
        form = registry.serialize(operation)
        calls = [] if nodes[0].is_input else [(node.args, node.kwargs) for node in nodes]
    else:
        settings, calls = _split(operation, nodes)
        module = operation.function.__module__.removeprefix("tricera.ops.").partition(".")[0]
        form = {
            "module": f"keras.src.ops.{_MODULES.get(module, module)}",
            "class_name": class_name(operation),
            "config": {"name": operation.name, **{k: _form(v, place, operation) for k, v in settings.items()}},
            "registered_name": class_name(operation),
        }
    inbound = [
        {
            "args": [_form(arg, place, operation) for arg in args],
            "kwargs": {name: _form(value, place, operation) for name, value in kwargs.items()},
        }
        for args, kwargs in calls
    ]
    return {**form, "name": operation.name, "inbound_nodes": inbound}


def _split(operation: Operation, nodes: list[graph.Node]) -> tuple[dict[str, Any], list[tuple[tuple, dict]]]:
    """The settings of an op, and the operands of each use."""
    name = operation.function.__name__
    known = registry.names("op").get(name)
    if inspect.unwrap(known) is not operation.function if known else True:
        raise TypeError(
            report(f"The op {operation.name!r} in the graph is not one of `keras.ops`: it cannot be saved.")
        )
    signature = inspect.signature(operation.function)
    settings: dict[str, Any] = {}
    calls: list[tuple[tuple, dict]] = []
    for node in nodes:
        bound = signature.bind(*node.args, **node.kwargs)
        bound.apply_defaults()
        mine = {k for k in bound.arguments if k not in _OPERANDS or k in _SETTINGS.get(name, ())}
        settings |= {k: v for k, v in bound.arguments.items() if k in mine and k != "kwargs"}
        operands = {k: v for k, v in bound.arguments.items() if k not in mine}
        spread = operands.pop("operands", ()) if name == "einsum" else ()
        calls.append(((*operands.values(), *spread), {}))
    return settings, calls


def _form(value: Any, place: Callable, operation: Any) -> Any:
    if isinstance(value, KerasTensor):
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": place(value)}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, Variable):
        raise TypeError(
            report(
                f"The graph uses the variable {value.path!r} in {operation.name!r}: a graph with variables of its own "
                "has no plain form.",
                fix="put the variable into a Layer.",
            )
        )
    if isinstance(value, slice):
        bounds = {"start": value.start, "stop": value.stop, "step": value.step}
        return {"class_name": "__slice__", "config": {k: _form(v, place, operation) for k, v in bounds.items()}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, list | tuple):
        return [_form(item, place, operation) for item in value]
    if isinstance(value, dict):
        return {name: _form(item, place, operation) for name, item in value.items()}
    return registry.serialize(value)


# ---- from plain data


def from_config(config: dict[str, Any], custom_objects: Any = None) -> tuple[Any, Any]:
    """The symbolic inputs and outputs of the graph of a configuration; its layers are new.

    Raises:
        ValueError: the uses do not fit together.
    """
    made: dict[str, list[list[KerasTensor]]] = {}  # by name, then by use: the outputs
    waiting: dict[str, tuple[Any, list[dict]]] = {}
    for form in config["layers"]:
        operation = _operation(form, custom_objects)
        name = form.get("name") or operation.name
        if name in made:
            raise ValueError(report(f"The graph has two layers of the name {name!r}."))
        nodes = getattr(operation, "_inbound_nodes", [])  # of a layer that another graph shares, those there, too
        made[name] = [node.output_tensors for node in nodes if node.is_input]
        waiting[name] = operation, list(form["inbound_nodes"])[::-1]
    _connect(waiting, made)
    for name, (operation, _) in waiting.items():
        made[name] = [[]] * _first_use(operation) + made[name]
    return _tensors(config["input_layers"], made), _tensors(config["output_layers"], made)


def _connect(waiting: dict[str, tuple[Any, list[dict]]], made: dict[str, list[list[KerasTensor]]]) -> None:
    """Use each operation, its uses last to first, as soon as there is what it needs."""
    blocked: dict[tuple[str, int], list[str]] = {}  # by place: who waits for it
    ahead = deque(waiting)
    while ahead:
        name = ahead.popleft()
        operation, uses = waiting[name]
        while uses:
            missing = next((place for place in _needed(uses[-1]) if not _is_made(place, made)), None)
            if missing:
                blocked.setdefault(missing[:2], []).append(name)
                break
            made[name].append(_use(operation, uses.pop(), made))
            ahead.extend(blocked.pop((name, len(made[name]) - 1), ()))
    stuck = {name: {place[0] for place in _needed(uses[-1])} for name, (_, uses) in waiting.items() if uses}
    if stuck:
        gone = {name: sorted(needed - set(waiting)) for name, needed in stuck.items() if needed - set(waiting)}
        name = next(iter(gone or stuck))
        got = f"Missing node: {gone[name][0]!r}" if gone else f"a loop of {', '.join(map(repr, [*stuck][:5]))}"
        raise ValueError(report(f"The graph is not connected: nothing makes the inputs of {name!r}.", got=got))


def _operation(form: dict[str, Any], custom_objects: Any) -> Any:
    """The layer, or the function of arguments and a name that makes a use of an op."""
    if str(form.get("module", "")).startswith("keras.src.ops."):
        by_class = {_camel(name): thing for name, thing in registry.names("op").items()}
        name = form["class_name"]
        if name not in by_class:
            raise ValueError(registry.unknown("op", name, by_class))
        return _Op(inspect.unwrap(by_class[name]), dict(form["config"]))
    return registry.deserialize(form, registry.LAYERS, custom_objects)


class _Op:
    """An op with its settings, waiting for operands."""

    def __init__(self, function: Callable, config: dict[str, Any]):
        self.operation = Operation(function, config.pop("name"))
        self.name = self.operation.name
        known = inspect.signature(function).parameters
        functions = registry.custom()  # of which a configuration has the names
        settings = {k: functions.get(v, v) if isinstance(v, str) else _value(v, {}) for k, v in config.items()}
        self.settings = {k: v for k, v in settings.items() if k in known}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.operation.function.__name__ == "einsum":
            return graph.record(self.operation, (self.settings["subscripts"], *args), kwargs)
        parameters = [p for p in inspect.signature(self.operation.function).parameters if p not in self.settings]
        return graph.record(
            self.operation, (), {**dict(zip(parameters, args, strict=False)), **kwargs, **self.settings}
        )


def _use(operation: Any, use: dict[str, Any], made: dict) -> list[KerasTensor]:
    """The outputs of one more use of an operation."""
    args = [_value(arg, made) for arg in use["args"]]
    kwargs = {name: _value(value, made) for name, value in use["kwargs"].items()}
    if kwargs.get("mask", ...) is None:
        del kwargs["mask"]
    if "training" in kwargs and kwargs["training"] is _training_unless_told(operation):
        del kwargs["training"]  # Keras writes the default down, and overrides it in `fit` and `predict`
    operation(*args, **kwargs)
    return getattr(operation, "operation", operation)._inbound_nodes[-1].output_tensors


def _training_unless_told(operation: Any) -> Any:
    """The default of a layer's `training`."""
    parameters = inspect.signature(operation.call).parameters if isinstance(operation, Layer) else {}
    return parameters["training"].default if "training" in parameters else ...


def _needed(value: Any) -> Iterator[tuple[str, int, int]]:
    """The places of the tensors in a plain form."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield tuple(value["config"]["keras_history"])
        else:
            for item in value.values():
                yield from _needed(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _needed(item)


def _is_made(place: tuple[str, int, int], made: dict) -> bool:
    name, use, _ = place
    return len(made.get(name, ())) > use


def _value(form: Any, made: dict) -> Any:
    if isinstance(form, list | tuple):
        items = [_value(item, made) for item in form]
        return items if any(isinstance(item, KerasTensor | np.ndarray | list) for item in items) else tuple(items)
    if not isinstance(form, dict):
        return form
    kind, config = form.get("class_name"), form.get("config") or {}
    if kind == "__keras_tensor__":
        name, use, index = config["keras_history"]
        return made[name][use][index]
    if kind == "__slice__":
        return slice(*(_value(config[part], made) for part in ("start", "stop", "step")))
    if kind == "__ellipsis__":
        return Ellipsis
    if kind and "config" in form:
        return registry.revive(form, ())
    return {name: _value(item, made) for name, item in form.items()}


def _tensors(struct: Any, made: dict) -> Any:
    """The tensors at the places in a nesting; a place is `[name, use, index]`."""
    if isinstance(struct, dict):
        return {name: _tensors(item, made) for name, item in struct.items()}
    if not isinstance(struct, list | tuple):
        raise ValueError(report("The graph's inputs or outputs are not places of tensors.", got=repr(struct)))
    if len(struct) == 3 and isinstance(struct[0], str):
        name, use, index = struct
        if not _is_made(struct, made):
            raise ValueError(report(f"The graph has no tensor {struct}."))
        return made[name][use][index]
    return type(struct)([_tensors(item, made) for item in struct])
