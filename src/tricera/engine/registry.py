"""Names of things by role, custom objects, and the plain form (dicts) of configured objects.

Nothing outside these tables can be reached by a name: no import is driven by a string, so that a
configuration from a stranger can build only what stands here.
"""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from tricera.engine import naming, scope
from tricera.errors import did_you_mean, report

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
    if name in known:
        return known[name]
    short = name.rpartition(">")[2]
    if short in known:
        return known[short]
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
def custom_object_scope(*dicts: Mapping[str, Any]):
    """Run a block in which these names mean these objects."""
    merged = dict(scope.current().custom_objects)
    for each in dicts:
        merged.update(each)
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


def get_registered_name(thing: Any) -> str:
    """The name under which a class or function was registered, else its own."""
    return _custom_names.get(thing, getattr(thing, "__name__", str(thing)))


def get_registered_object(name: str, custom_objects: Mapping | None = None, module_objects: Mapping | None = None):
    """The object registered under `name`, or None."""
    return {**(module_objects or {}), **custom(), **(custom_objects or {})}.get(name)


# ---- the plain form

_PLAIN = (str, int, float, bool, type(None))


def serialize(value: Any) -> Any:
    """The plain form of a value: what JSON can say, with objects as `class_name` and `config`."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return type(value)(map(serialize, value)) if type(value) in (list, tuple) else [serialize(v) for v in value]
    if isinstance(value, dict):
        return {key: serialize(v) for key, v in value.items()}
    if hasattr(value, "get_config") and not isinstance(value, type):
        return _serialize_object(value)
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if callable(value):
        return _serialize_function(value)
    if hasattr(value, "__array__"):
        array = np.asarray(value)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}
    raise TypeError(report(f"{value!r} has no plain form.", expected="plain data or an object with get_config()"))


def _serialize_object(thing: Any) -> dict[str, Any]:
    cls = type(thing)
    own = cls.__module__.startswith("tricera.")
    graph = own and cls.__name__ == "Functional"  # which Keras has no public place for
    plain = {
        "module": "keras.src.models.functional" if graph else _public_module(cls) if own else cls.__module__,
        "class_name": cls.__name__,
        "config": thing.get_config(),
        "registered_name": None if own and not graph else get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        found: Any = getattr(thing, f"get_{part}", dict)()
        if found:
            plain[part] = serialize(found)
    return plain


def _serialize_function(function: Any) -> Any:
    if function in _custom_names:
        return _custom_names[function]
    if getattr(function, "__module__", "").startswith("tricera."):
        return function.__name__
    return {
        "module": getattr(function, "__module__", "builtins"),
        "class_name": "function",
        "config": getattr(function, "__name__", repr(function)),
        "registered_name": getattr(function, "__name__", repr(function)),
    }


_MODULES = {
    "layer": "keras.layers",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules",
    "seed_generator": "keras.random",
    "dtype_policy": "keras",
    "model": "keras",
}


def _public_module(cls: type) -> str:
    for role, module in _MODULES.items():
        if _roles.get(role, {}).get(cls.__name__) is cls:
            return module
    return "keras"


def deserialize(config: Any, role: str | None = None, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The object of a plain form, sought in one role, or in all.

    Raises:
        ValueError: nothing registered has the name, or the form is not one.
    """
    if isinstance(config, list):
        return [deserialize(item, role, custom_objects) for item in config]
    if isinstance(config, str) and role:
        return resolve(role, config)
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: deserialize(value, None, custom_objects) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if name == "__tuple__":
        return tuple(deserialize(inner or config.get("items", []), None, custom_objects))
    if name == "__numpy__":
        return np.array(inner["value"], inner["dtype"])
    if name == "function":
        return _find_anywhere(inner, role, custom_objects)
    cls = _find_anywhere(config.get("registered_name") or name, role, custom_objects, name, config.get("module"))
    if not hasattr(cls, "from_config"):
        return cls
    with custom_object_scope(custom_objects or {}):
        thing = cls.from_config(inner)
        if config.get("compile_config") and hasattr(thing, "compile_from_config"):
            thing.compile_from_config(config["compile_config"])
    return thing


def _find_anywhere(
    name: str,
    role: str | None,
    custom_objects: Mapping | None,
    fallback: str | None = None,
    module: str | None = None,
) -> Any:
    known: dict[str, Any] = {}
    first = [each for each in _roles if _MODULES.get(each) == module]
    for each in [role] if role else [*reversed(_roles), *first]:  # the last wins
        known.update(_roles.get(each, {}))
    known.update(custom())
    known.update(custom_objects or {})
    for candidate in (name, fallback, name.rpartition(">")[2]):
        if candidate in known:
            return known[candidate]
    raise ValueError(unknown(role or "class", fallback or name, known))
