"""Names of things by role, custom objects, and the plain form (dicts) of configured objects.

Nothing outside these tables can be reached by a name: no import is driven by a string, so that a
configuration from a stranger can build only what stands here.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from tricera.engine import naming, scope
from tricera.errors import SafetyError, did_you_mean, report

_roles: dict[str, dict[str, Any]] = {}
_custom: dict[str, Any] = {}
_custom_names: dict[Any, str] = {}

T = TypeVar("T")


def register(role: str, *aliases: str) -> Callable[[T], T]:
    """Decorator: make a class or function reachable as a `role` by its name, its snake_case name and `aliases`."""

    def add(thing: T) -> T:
        names = _roles.setdefault(role, {})
        own = thing.__name__  # type: ignore[attr-defined]
        names.update(dict.fromkeys((own, *aliases), thing))
        snake = naming.snake_case(own)
        if getattr(names.get(snake), "__name__", own) == own:  # a class `Huber` leaves the name to a function `huber`
            names[snake] = thing
        return thing

    return add


def names(role: str) -> dict[str, Any]:
    """Every name of a role, with what it names."""
    return dict(_roles.get(role, {}))


def roles() -> list[str]:
    """Every role that something has."""
    return list(_roles)


def find(role: str, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The class or function of this role and name; custom objects win.

    Raises:
        ValueError: nothing has this name; the nearest name is suggested.
    """
    known = {**_roles.get(role, {}), **custom(), **(custom_objects or {})}
    for each in (name, name.rpartition(">")[2]):
        if each in known:
            return known[each]
    raise ValueError(unknown(role, name, known))


def unknown(role: str, name: str, known: Mapping[str, Any]) -> str:
    """The message for a name that no object of the role has."""
    words = {choice for choice in known if not choice.startswith("_")}
    return report(
        f"Unknown {role.replace('_', ' ')}: {name!r}.",
        fix=did_you_mean(name, words) or f"pass the {role.replace('_', ' ')} itself, or name it in `custom_objects`.",
    )


def resolve(role: str, identifier: Any) -> Any:
    """What `identifier` means as a `role`: None, a name, a configuration, a class, or the object itself."""
    if identifier is None:
        return None
    if isinstance(identifier, dict) and "class_name" in identifier:
        return deserialize(identifier, role=role)
    if isinstance(identifier, str):
        thing = find(role, identifier)
        return thing() if isinstance(thing, type) else thing
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier) or hasattr(identifier, "get_config"):
        return identifier
    raise ValueError(
        report(
            f"Could not interpret {role.replace('_', ' ')} identifier: {identifier!r}.",
            expected=f"a name, a configuration, a class or an object that is a {role.replace('_', ' ')}",
            got=type(identifier).__name__,
        )
    )


# ---- custom objects


def custom() -> dict[str, Any]:
    """The custom objects that hold here: registered ones, then those of the scopes around."""
    return {**_custom, **scope.current().custom_objects}


def get_custom_objects() -> dict[str, Any]:
    """The process-wide custom objects: a dict that may be changed."""
    return _custom


@contextmanager
def custom_object_scope(*dicts: Mapping[str, Any] | None):
    """Run a block in which these names mean these objects."""
    merged = dict(scope.current().custom_objects)
    for each in dicts:
        merged.update(each or {})
    with scope.enter(custom_objects=merged):
        yield


CustomObjectScope = custom_object_scope


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorator: the class or function is found as `package>name` when a file names it."""

    def add(thing: T) -> T:
        registered = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(report(f"Cannot register a class that does not have a get_config() method: {thing}."))
        _custom[registered] = thing
        _custom_names[thing] = registered
        return thing

    return add


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was registered, else its own."""
    return _custom_names.get(obj, getattr(obj, "__name__", str(obj)))


def get_registered_object(name: str, custom_objects: Mapping | None = None, module_objects: Mapping | None = None):
    """The object registered under `name`, or None."""
    return {**(module_objects or {}), **custom(), **(custom_objects or {})}.get(name)


# ---- the plain form

_PLAIN = (str, int, float, bool, type(None))


def serialize(obj: Any) -> Any:
    """The plain form of a value: what JSON can say, with objects as `class_name` and `config`."""
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, list | tuple):
        return type(obj)(map(serialize, obj)) if type(obj) in (list, tuple) else [serialize(v) for v in obj]
    if isinstance(obj, dict):
        return {key: serialize(v) for key, v in obj.items()}
    if type(obj) in writers:
        return writers[type(obj)](obj)
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return _serialize_object(obj)
    if isinstance(obj, np.dtype) or (isinstance(obj, type) and issubclass(obj, np.generic)):
        return np.dtype(obj).name
    if callable(obj):
        return _serialize_function(obj)
    if hasattr(obj, "__array__"):
        array = np.asarray(obj)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}
    raise TypeError(report(f"{obj!r} has no plain form.", expected="plain data or an object with get_config()"))


def _serialize_object(thing: Any) -> dict[str, Any]:
    cls = getattr(type(thing), "_written_as", type(thing))
    own = cls.__module__.startswith("tricera.")
    graph = own and cls.__name__ == "Functional"  # which Keras has no public place for
    plain = {
        "module": "keras.src.models.functional" if graph else _public_module(cls) if own else cls.__module__,
        "class_name": cls.__name__,
        "config": serialize(thing.get_config()),
        "registered_name": None if own and not graph else get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        found: Any = getattr(thing, f"get_{part}", dict)()
        if found:
            plain[part] = serialize(found)
    if (shared := scope.current().shared) is not None:
        plain["shared_object_id"] = shared.setdefault(id(thing), (len(shared), thing))[0]
    return plain


def _serialize_function(function: Any) -> Any:
    module, name = getattr(function, "__module__", "builtins"), getattr(function, "__name__", repr(function))
    if module.startswith("tricera."):
        return name
    if scope.current().copying:
        return function
    if function in _custom_names:
        module, name = "builtins", _custom_names[function]
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


MODULES = {
    "activation": "keras.activations",
    "layer": "keras.layers",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "metric_function": "keras.metrics",
    "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules",
    "seed_generator": "keras.random",
    **dict.fromkeys(("dtype_policy", "model"), "keras"),
    "distillation": "keras.distillation",
    **dict.fromkeys(QUANTIZERS := ("quantizer", "quantization_config"), "keras.quantizers"),
}
LAYERS = ("layer", "model")
CLASSES = (*LAYERS, "optimizer", "schedule", "loss", "metric", "initializer", "regularizer", "constraint")
_METRICS = ("metric", "metric_function", "loss")
# What a parameter may hold, by its name or the last word of it.
_PLACES: dict[str, tuple[str, ...]] = {
    "activation": ("activation", *LAYERS),
    "function": ("op", "activation"),
    "map": ("optimizer",),
    "distillation_losses": ("distillation",),
    "rate": ("schedule",),
    "seed": ("seed_generator",),
    **dict.fromkeys(("dtype", "policy_map"), ("dtype_policy",)),
    "fn": _METRICS,
    **dict.fromkeys(("layer", "layers", "cell", "cells", "model", "teacher", "student"), LAYERS),
    **dict.fromkeys(("metric", "metrics"), _METRICS),
    **{role: (role,) for role in ("initializer", "regularizer", "constraint", "loss", "optimizer", *QUANTIZERS)},
}


def roles_at(parameter: str, otherwise: tuple[str, ...] | None = ()) -> tuple[str, ...] | None:
    """The roles that an object may have which is the value of a parameter of this name."""
    return _PLACES.get(parameter, _PLACES.get(parameter.rpartition("_")[2], otherwise))


def _public_module(cls: type) -> str:
    found = (module for role, module in reversed(MODULES.items()) if _roles.get(role, {}).get(cls.__name__) is cls)
    return next(found, "keras")  # the last is the narrowest


def deserialize(
    config: Any,
    role: str | Sequence[str] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    safe_mode: bool | None = None,
) -> Any:
    """The object of a plain form.

    Args:
        role: what it may be, one or several; None: what its `module` says, else an object of any class.
        safe_mode: only False lets a function that is stored as code be made, and not within a call that is safe.

    Raises:
        ValueError: nothing of the role has the name, or the form is not one.
        SafetyError: it holds code, or is nested without end.
    """
    roles = (role,) if isinstance(role, str) else role
    try:
        with scope.guarded(safe_mode), custom_object_scope(custom_objects or {}):
            return resolve(roles[0], config) if isinstance(config, str) and roles else revive(config, roles)
    except RecursionError:
        raise SafetyError(report("A configuration is nested too deeply: nothing is made of it.")) from None


def revive(value: Any, roles: Sequence[str] | None) -> Any:
    """A value of a configuration: plain forms in it become objects of these roles, names stay names."""
    if isinstance(value, list):
        return [revive(item, roles) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value or "config" not in value:
        return {key: revive(item, roles) for key, item in value.items()}
    name, config = value["class_name"], value["config"]
    if isinstance(name, str) and name in forms:
        return forms[name](value)
    if roles is None:
        known = (*CLASSES, "activation", "metric_function") if name == "function" else CLASSES
        roles = [each for each, module in MODULES.items() if module == value.get("module")] or known
    kind = "non-null str" if name == "function" else "dict"
    if not isinstance(config, str if name == "function" else dict):
        raise TypeError(report(f"Expected 'config' to be a {kind} for {name!r}.", got=repr(config)[:80]))
    if name == "function":
        return _named([config], roles, callable)
    cls = _named([value.get("registered_name"), name], roles, lambda it: isinstance(it, type))
    if not hasattr(cls, "from_config"):
        what = f"Unable to reconstruct an instance of {name!r}: its class has no `from_config`."
        raise TypeError(report(what, fix="add a class method: `def from_config(cls, config): return cls(**config)`."))
    shared = scope.current().shared if isinstance(number := value.get("shared_object_id"), int) else None
    if shared is not None and isinstance(shared.get(number), cls):
        return shared[number]
    thing = cls.from_config(config)
    if shared is not None:
        shared[number] = thing
    if value.get("compile_config") and hasattr(thing, "compile_from_config"):
        thing.compile_from_config(value["compile_config"])
    return thing


def _named(candidates: Sequence[Any], roles: Sequence[str], fits: Callable[[Any], bool]) -> Any:
    """What the roles or the custom objects have under the first name: a class, or, where functions fit, a function."""
    functions = {name.rpartition(">")[2]: thing for name, thing in custom().items() if not isinstance(thing, type)}
    known = functions if fits is callable else {}  # Keras 3.6 left their package out
    for role in reversed(roles):  # the first wins
        known |= {k: v for k, v in _roles.get(role, {}).items() if isinstance(v, type) is not (fits is callable)}
    known |= custom()
    written = [name for name in candidates if isinstance(name, str)]
    for name in (*written, *(name.rpartition(">")[2] for name in written)):
        if name in known and fits(known[name]):
            return known[name]
    known = {name: thing for name, thing in known.items() if fits(thing)}
    raise ValueError(unknown(roles[0] if roles and len(roles) <= 2 else "class", str(candidates[-1]), known))


# What stands for a value rather than for an object: how each is made of its form, and which form a type has.
writers: dict[type, Callable[[Any], Any]] = {}
forms: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "__tuple__": lambda form: tuple(revive(form["config"] or form.get("items", []), ())),
}
