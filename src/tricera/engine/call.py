"""The anatomy of a layer's `call`: which arguments are tensors, which are masks, whether it knows `training`."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from jax import tree_util

from tricera.engine import masking
from tricera.engine.graph import is_symbolic_leaf, known


class CallSpec:
    """What the signature of a `call` method says."""

    def __init__(self, call: Callable):
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())
        self.names = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        self.has_training = "training" in self.names
        self.open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)

    def bind(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        """The arguments by name (those of `*args` and `**kwargs` too), without defaults.

        Raises:
            TypeError: they do not fit the signature.
        """
        bound = self.signature.bind(*args, **kwargs).arguments
        found: dict[str, Any] = {}
        for name, value in bound.items():
            kind = self.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                found.update(value)
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                found.update({f"{name}_{i}" if i else name: v for i, v in enumerate(value)})
            else:
                found[name] = value
        return found

    def fill_masks(self, arguments: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        """`kwargs` with the masks that the arguments carry, where `call` asks for them and nobody gave them."""
        first = next(iter(arguments), None)
        filled = dict(kwargs)
        for name, value in arguments.items():
            wanted = "mask" if name == first and "mask" in self.names else f"{name}_mask"
            if wanted in self.names and arguments.get(wanted) is None:
                mask = carried(value)
                if any(m is not None for m in tree_util.tree_leaves(mask)):
                    filled[wanted] = mask
        return filled


@functools.cache
def spec_of(call: Callable) -> CallSpec:
    """The CallSpec of an unbound `call` method."""
    spec = CallSpec(call)
    parameters = list(spec.signature.parameters.values())
    if parameters and parameters[0].name == "self":
        spec.signature = spec.signature.replace(parameters=parameters[1:])
        spec.names = [name for name in spec.names if name != "self"]
    return spec


def is_tensor(x: Any) -> bool:
    """Whether `x` has a shape and a dtype."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def carried(value: Any) -> Any:
    """The masks of a tensor or of a nesting of tensors, None where there is none."""
    return tree_util.tree_map(masking.get_mask, value, is_leaf=is_symbolic_leaf)


def shapes(value: Any) -> Any:
    """The shapes of a tensor or of a nesting of tensors, None for unknown sizes; lists stay lists."""
    if is_tensor(value):
        return known(value.shape)
    if isinstance(value, dict):
        return {name: shapes(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [shapes(item) for item in value]
    return None


def build_arguments(build: Callable, arguments: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """The args and kwargs for a `build` method: shapes by the names of the call's arguments, or the first one's."""
    found = {f"{name}_shape": shapes(value) for name, value in arguments.items() if _has_tensors(value)}
    wanted = [name for name in inspect.signature(build).parameters if name != "self"]
    by_name = {name: found[name] for name in wanted if name in found}
    if by_name and (len(wanted) == len(by_name) or wanted[0] in by_name):
        return (), by_name
    return ((next(iter(found.values())),), {}) if found and wanted else ((None,) if wanted else (), {})


def _has_tensors(value: Any) -> bool:
    return any(is_tensor(leaf) for leaf in tree_util.tree_leaves(value, is_leaf=is_symbolic_leaf))
