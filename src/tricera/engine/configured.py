"""Objects that remember how they were made, so that their configuration need not be written by hand."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tricera import arguments
from tricera.engine import registry, scope
from tricera.errors import ArgumentError, SafetyError, did_you_mean, report

# Parameters that may name a file.
_FILES = {"vocabulary", "filepath", "filename", "path"}

# What `legacy` adds to: each takes (class, args, kwargs) and returns those to use instead, of the class or one below.
translators: list[Callable[[Any, tuple, dict], tuple[Any, tuple, dict]]] = []


@functools.cache
def parameters(function: Callable) -> dict[str, inspect.Parameter]:
    """The parameters of a function or method, without `self`."""
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


def argument_names(cls: type) -> set[str]:
    """Every named argument that the constructors of a class and of its bases take."""
    found: set[str] = set()
    for base in cls.__mro__:
        if "__init__" in vars(base) and base is not object:
            named = parameters(vars(base)["__init__"]).items()
            found |= {name for name, p in named if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return found


def unknown_argument(cls: type, name: str, known: set[str]) -> str:
    """The message for a constructor argument that does not exist."""
    return report(
        f"{cls.__name__}: Unrecognized keyword argument passed: {name!r}.",
        fix=did_you_mean(name, known) or f"the arguments are: {', '.join(sorted(known))}.",
    )


class Remembering(type):
    """The metaclass that remembers the constructor's arguments in `_arguments`."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        for translate in translators:
            cls, args, kwargs = translate(cls, args, kwargs)
        thing: Any = cls.__new__(cls, *args, **kwargs)  # type: ignore[arg-type]
        if isinstance(thing, cls):
            object.__setattr__(thing, "_arguments", _remember(type(thing), args, kwargs))
            type(thing).__init__(thing, *args, **kwargs)
        return thing

    @property
    def __signature__(cls) -> inspect.Signature:
        """What `inspect.signature` and `help` show: the constructor's arguments."""
        return _signature(cls)


def _remember(cls: type, args: tuple, kwargs: dict) -> dict[str, Any]:
    signature = _signature(cls)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        unexpected = [name for name in kwargs if name not in signature.parameters]
        if unexpected and not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            raise ArgumentError(unknown_argument(cls, unexpected[0], argument_names(cls))) from None
        raise TypeError(report(f"{cls.__name__}: {error}.", expected=f"{cls.__name__}{signature}")) from None
    arguments.check(cls, bound.arguments)
    bound.apply_defaults()
    remembered: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            remembered.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL or value:
            remembered[name] = value
    return remembered


@functools.cache
def _signature(cls: type) -> inspect.Signature:
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class Configured(metaclass=Remembering):
    """Base of everything that has a configuration: `cls.from_config(thing.get_config())` is an equal thing."""

    _arguments: dict[str, Any]

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments as they hold now: an attribute of the same name wins over what was passed."""
        own = vars(self)
        return {name: own.get(name, value) for name, value in self._arguments.items()}

    def _configured(self) -> dict[str, Any]:
        """The arguments that a configuration has; of Tricera's class alone where a subclass adds its own to them."""
        own: Any = next(cls for cls in type(self).__mro__ if cls.__module__.startswith("tricera."))
        if type(self).get_config is own.get_config:
            return self.arguments()
        held = {**self.arguments(), **vars(self)}
        return {name: held[name] for name in sorted(argument_names(own)) if name in held}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments in plain form."""
        return {name: registry.serialize(value) for name, value in self._configured().items()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None):
        """An object made from what `get_config` returned."""
        own = cls.__module__.startswith("tricera.")
        for name in _FILES & set(config):
            if own and isinstance(config[name], str) and scope.is_safe():
                raise SafetyError(
                    report(
                        f"{cls.__name__}: `{name}` names a file, and no configuration has a file read.",
                        got=repr(config[name]),
                        fix=f"give the content itself, or make the object in Python: `{cls.__name__}({name}=...)`.",
                    )
                )
        otherwise = () if own else None
        with registry.custom_object_scope(custom_objects or {}):
            return cls(
                **{name: registry.revive(value, registry.roles_at(name, otherwise)) for name, value in config.items()}
            )
