"""The plain form of objects that Keras 2 had: a name and a configuration, of whatever classes one names."""

from collections.abc import Mapping
from typing import Any

from tricera import errors
from tricera.engine import registry
from tricera.errors import report

__all__ = ["deserialize_keras_object", "serialize_keras_object"]


def serialize_keras_object(instance: Any) -> Any:
    """An object as `{"class_name": ..., "config": ...}`, a function as its name.

    Raises:
        ValueError: it is neither.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": registry.get_registered_name(type(instance)), "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return registry.get_registered_name(instance)
    raise ValueError(report(f"Cannot serialize {instance!r}.", expected="a function, or an object with get_config()"))


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object of such a form, or the function of a name; a name of a class makes one without arguments.

    Args:
        module_objects: what may be named; `custom_objects` and registered ones may, too, and are looked at first.
        printable_module_name: what messages call it.

    Raises:
        ValueError: nothing has the name, or the form is no such one.
    """
    if identifier is None or not isinstance(identifier, dict | str):
        return identifier
    known = {**(module_objects or {}), **registry.custom(), **(custom_objects or {})}
    if isinstance(identifier, str):
        thing = _named(identifier, known, printable_module_name)
        return thing() if isinstance(thing, type) else thing
    if "class_name" not in identifier or "config" not in identifier:
        raise ValueError(
            report("Improper config format.", expected='{"class_name": ..., "config": ...}', got=repr(identifier))
        )
    thing = _named(identifier["class_name"], known, printable_module_name)
    with registry.custom_object_scope(custom_objects or {}):
        return thing.from_config(identifier["config"])


def _named(name: str, known: Mapping[str, Any], kind: str) -> Any:
    if name in known:
        return known[name]
    raise ValueError(registry.unknown(kind, name, known))


__getattr__ = errors.missing(__name__, globals())
