"""What a model's configuration may ask for: classes and functions that are known here, and no code."""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tricera.engine import registry, scope
from tricera.errors import SafetyError, report
from tricera.saving import budget, bytecode

_NAMELESS = "<lambda>"


def examine(config: Any, label: str, custom_objects: Mapping[str, Any]) -> None:
    """Look through a configuration before anything is made of it.

    A Lambda layer whose function is code gets the function that `custom_objects` has under the layer's name.

    Raises:
        SafetyError: it holds code, far too many entries, or more layers than what is stored can be for.
        TypeError: it names classes that nothing here is known by.
    """
    unknown: dict[str, str] = {}
    custom = {**registry.custom(), **custom_objects}
    known = {*custom, *(_with_short(name)[1] for name, thing in custom.items() if not isinstance(thing, type))}
    uses = 0
    for form in _objects(config, label):
        uses += _uses(form)
        if form["class_name"] == "Lambda" and isinstance(form["config"], dict):
            _settle_function(form["config"], label, custom_objects)
        elif is_code(form) and scope.is_safe():
            raise SafetyError(
                report(
                    f"{label}: a function is stored as Python code, which is not run.",
                    fix="`load_model(..., compile=False)` where it is a loss or a metric, else build the model in "
                    f"Python and `load_weights` from the file; {bytecode.UNSAFE}",
                )
            )
        elif not is_code(form) and not _is_known(form, known):
            name = form["config"] if form["class_name"] == "function" else form["class_name"]
            unknown[str(name)] = str(form.get("module"))
    if unknown:
        raise TypeError(_unknown(label, unknown))
    scope.spend(f"{label} (which uses layers {uses:,} times)", steps=budget.USE * uses)


@contextmanager
def understood(label: str) -> Iterator[None]:
    """Run a block that makes something of a configuration: whatever that trips over is told as what it is.

    Raises:
        ValueError: a part is missing, or is not what it must be.
        SafetyError: it is nested without end.
    """
    try:
        yield
    except (ValueError, OSError, MemoryError, ImportError):
        raise
    except RecursionError:
        raise SafetyError(report(f"{label} is nested too deeply: it is not read.")) from None
    except Exception as error:
        if isinstance(error, TypeError) and "\n" in str(error):  # one of ours, which says more
            raise
        raise ValueError(report(f"{label}: the configuration cannot be understood: {error!r}.")) from error


def is_code(form: Any) -> bool:
    """Whether a plain form stands for a function without a name."""
    if not isinstance(form, dict):
        return False
    kind, config = form.get("class_name"), form.get("config")
    return kind == "__lambda__" or (kind == "function" and config == _NAMELESS)


def _uses(form: Mapping[str, Any]) -> int:
    """How often a form has something called while it is made: once for each of its nodes, or for standing in a list."""
    config, nodes = form["config"], form.get("inbound_nodes")
    lists = [config.get("layers"), config.get("cells")] if isinstance(config, dict) else []
    again = max(0, len(nodes) - 1) if isinstance(nodes, list) else 0
    return again + sum(len(each) for each in lists if isinstance(each, list))


def _settle_function(config: dict[str, Any], label: str, custom_objects: Mapping[str, Any]) -> None:
    for part in ("function", "output_shape", "mask"):
        given = config.get(part)
        by_type = part == "function" and config.get("function_type") == "lambda"  # how Keras 2 says it
        if is_code(given) or (isinstance(given, list) and by_type):
            name = str(config.get("name"))
            if part != "function" or name not in custom_objects:
                if not scope.is_safe():
                    continue
                raise SafetyError(
                    report(
                        f"{label}: the `{part}` of the Lambda layer {name!r} is stored as Python code, which is not "
                        "run.",
                        fix=f"pass the function: `load_model(..., custom_objects={{{name!r}: function}})`, "
                        f"or build the model in Python and `load_weights` from the file; {bytecode.UNSAFE}",
                    )
                )
            config[part] = {"module": None, "class_name": "function", "config": name, "registered_name": name}
            config.pop(f"{part}_type", None)


def _objects(config: Any, label: str) -> Iterator[dict[str, Any]]:
    """Every plain form of an object in the configuration; those in it after it."""
    stack, entries, objects = [config], budget.ENTRIES, budget.OBJECTS
    while stack:
        value = stack.pop()
        entries -= 1
        if entries < 0 or objects < 0:
            raise SafetyError(
                report(
                    f"{label}: the configuration is too large.",
                    expected=f"at most {budget.ENTRIES:,} values and {budget.OBJECTS:,} objects",
                )
            )
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str) and "config" in value:
                objects -= 1
                yield value
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)


def _is_known(form: Mapping[str, Any], custom: set[str]) -> bool:
    name = form["class_name"]
    if (
        name in registry.forms
        or name in ("__keras_tensor__", "type")
        or str(form.get("module", "")).startswith("keras.src.ops.")
    ):
        return True  # ops are looked up by the graph, among ops only
    names = [form["config"]] if name == "function" else [name, form.get("registered_name")]
    wanted = {short for each in names if isinstance(each, str) for short in _with_short(each)}
    return any(each in custom or any(each in registry.names(role) for role in registry.roles()) for each in wanted)


def _with_short(name: str) -> tuple[str, str]:
    """A name with its package, and without."""
    return name, name.rpartition(">")[2]


def _unknown(label: str, unknown: Mapping[str, str]) -> str:
    names = ", ".join(f"{name!r} (of {module})" for name, module in unknown.items())
    objects = ", ".join(f"{name!r}: {name}" for name in unknown)
    what = "class or function" if len(unknown) == 1 else "classes and functions"
    return report(
        f"{label}: Could not locate the {what} {names}.",
        fix=f"`load_model(..., custom_objects={{{objects}}})`, or decorate them with "
        "`@keras.saving.register_keras_serializable()`.",
    )


# ---- plain forms

_BOUNDS = ("start", "stop", "step")


def _array(form: Mapping[str, Any]) -> np.ndarray:
    value, dtype = form["config"]["value"], form["config"]["dtype"]
    if not isinstance(dtype, str) or not dtype.startswith(("bool", "int", "uint", "float", "bfloat", "complex")):
        raise ValueError(report("An array in a configuration holds no numbers.", got=repr(dtype)))
    return np.array(value, dtype)


def _slice(form: Mapping[str, Any]) -> slice:
    return slice(*(registry.revive(form["config"][bound], ()) for bound in _BOUNDS))


# Values that JSON has no word for.
registry.writers[bytes] = lambda text: {"class_name": "__bytes__", "config": {"value": text.decode()}}
registry.forms["__bytes__"] = lambda form: str(form["config"]["value"]).encode()
registry.writers[slice] = lambda cut: {
    "class_name": "__slice__",
    "config": {bound: registry.serialize(getattr(cut, bound)) for bound in _BOUNDS},
}
registry.forms["__slice__"] = _slice
registry.writers[type(...)] = lambda _: {"class_name": "__ellipsis__", "config": {}}
registry.forms["__ellipsis__"] = lambda _: ...
registry.forms |= {"__numpy__": _array, "__tensor__": _array}
registry.forms["__lambda__"] = bytecode.function


def serialize_keras_object(obj: Any) -> Any:
    """The plain form of a value: what JSON can say, with objects and functions as `class_name` and `config`."""
    if isinstance(obj, list | tuple):
        items = map(serialize_keras_object, obj)
        return type(obj)(items) if type(obj) in (list, tuple) else list(items)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(each) for key, each in obj.items()}
    form = registry.serialize(obj)
    if inspect.isfunction(obj) and isinstance(form, str):  # one of ours, which a layer's configuration has by its name
        return {"module": "builtins", "class_name": "function", "config": form, "registered_name": "function"}
    return form


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool | None = True, **kwargs: Any
) -> Any:
    """The object of what `serialize_keras_object` returned."""
    return registry.deserialize(config, None, custom_objects, safe_mode)
