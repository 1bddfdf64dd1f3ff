"""What a layer accepts: InputSpec and its check; which arguments of `call` are tensors and which are masks."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from jax import tree_util

from tricera.engine import dtypes, masking
from tricera.engine.configured import Configured
from tricera.engine.graph import is_symbolic_leaf, known
from tricera.errors import report


class InputSpec(Configured):
    """Rank, shape and dtype that an input must have; None admits anything.

    Args:
        axes: sizes by axis, such as `{-1: 3}`.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or too much.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional

    def __repr__(self) -> str:
        said = {**vars(self)}
        said.pop("_arguments", None)
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in said.items() if value)})"


def check(layer: Any, inputs: Any) -> None:
    """Compare a layer's first argument with its `input_spec`.

    Raises:
        ValueError: a wrong number of inputs, rank, size or dtype.
    """
    if layer.input_spec is None:
        return
    specs = tree_util.tree_leaves(layer.input_spec, is_leaf=lambda x: isinstance(x, InputSpec))
    is_leaf = lambda x: x is None or is_symbolic_leaf(x)  # noqa: E731
    values = tree_util.tree_leaves(inputs, is_leaf=is_leaf)
    if len(values) != len(specs):
        what = f"{where(layer)}: the layer expects {len(specs)} input(s), but it received {len(values)} input tensors."
        raise ValueError(report(what, expected=specs, got=[_describe(value) for value in values]))
    for spec, value in zip(specs, values, strict=True):
        if value is None or not hasattr(value, "shape"):
            continue
        shape = known(value.shape)
        if (problem := _problem(spec, shape, value)) is not None:
            what, expected, got = problem
            raise ValueError(
                report(
                    f"{where(layer)}: the input has the wrong {what} and is incompatible with the layer.",
                    expected=expected(layer) if callable(expected) else expected,
                    got=got,
                    fix=_fix(layer, what, spec, shape),
                )
            )


def where(layer: Any) -> str:
    """`Dense layer "hidden"`: how messages name a layer."""
    kind = type(layer).__name__
    return f'{kind} "{layer.name}"' if kind.lower().endswith(layer.noun) else f'{kind} {layer.noun} "{layer.name}"'


def _describe(value: Any) -> str:
    return f"{dtypes.dtype_of(value)} {known(value.shape)}" if hasattr(value, "shape") else repr(value)


def _problem(spec: InputSpec, shape: tuple, value: Any) -> tuple | None:
    ndim = len(shape)
    got = f"{shape}, ndim={ndim}"
    squeezable = spec.allow_last_axis_squeeze and spec.shape and shape and (spec.shape[-1] == 1 or shape[-1] == 1)
    if spec.ndim is not None and ndim != spec.ndim and not (squeezable and abs(ndim - spec.ndim) == 1):
        return "rank", lambda layer: f"{_axes(layer, spec.ndim)}ndim={spec.ndim}", got
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        return "rank", f"max_ndim={spec.max_ndim}", got
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        return "rank", lambda layer: f"{_axes(layer, spec.min_ndim)}min_ndim={spec.min_ndim}", got
    if spec.dtype is not None and dtypes.dtype_of(value) != spec.dtype:
        return "dtype", spec.dtype, dtypes.dtype_of(value)
    for axis, size in spec.axes.items():
        if size is not None and (axis >= ndim or shape[axis] not in (size, None)):
            return "shape", f"{size} along axis {axis}", shape
    if spec.shape is not None and ndim == spec.ndim:
        for want, have in zip(spec.shape, shape, strict=True):
            if want is not None and have is not None and want != have:
                return "shape", spec.shape, shape
    return None


def _axes(layer: Any, ndim: int) -> str:
    names = getattr(layer, "input_axes", None)
    return f"({', '.join(names)}), " if names and len(names) == ndim else ""


def _fix(layer: Any, what: str, spec: InputSpec, shape: tuple) -> str | None:
    if what == "rank" and spec.ndim == len(shape) + 1:
        names = getattr(layer, "input_axes", None)
        if names and names[-1] == "channels":
            return f"add a channel axis: `x[..., None]`, or build with `Input({(*shape[1:], 1)})`."
        return "add the missing axis, for example with `x[..., None]` or a Reshape layer."
    if what == "rank" and spec.min_ndim == 2 and len(shape) == 1:
        return "add a batch axis: `x[None]` for one sample, `x[:, None]` for many samples of one feature."
    if what == "shape" and layer.built:
        return "give the same number of features as when the layer was built, or make a new layer."
    return None


# ---- the anatomy of `call`


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
    """The CallSpec of an unbound `call` method: without its first parameter, whatever its name."""
    spec = CallSpec(call)
    own, *parameters = spec.signature.parameters.values()
    if own.kind is not own.VAR_POSITIONAL:
        spec.signature = spec.signature.replace(parameters=parameters)
        spec.names.remove(own.name)
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


def build_arguments(build: Callable, arguments: dict[str, Any], names: Sequence[str]) -> tuple[tuple, dict[str, Any]]:
    """The args and kwargs for a `build` method: shapes by the names of the call's arguments, or the first one's.

    Raises:
        ValueError: it asks for several that are not the shapes of arguments of these names.
    """
    found = {f"{name}_shape": shapes(value) for name, value in arguments.items() if _has_tensors(value)}
    parameters = list(inspect.signature(build).parameters.values())[1:]
    wanted = [p.name for p in parameters]
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    known = [f"{name}_shape" for name in names]
    if len(needed) > 1 and (stray := next((name for name in needed if name not in known), None)):
        told = f"but `call()` does not have argument `{stray[:-6]}`"
        told = told if stray.endswith("_shape") else "which does not end in `_shape`"
        what = f"`{build.__qualname__}()` has the argument `{stray}`, {told}."
        raise ValueError(report(what, expected=", ".join(known), fix="name the shapes by the arguments of `call`."))
    by_name = {name: found[name] for name in wanted if name in found}
    if by_name and (len(wanted) == len(by_name) or wanted[0] in by_name):
        return (), by_name
    return ((next(iter(found.values())),), {}) if found and wanted else ((None,) if wanted else (), {})


def _has_tensors(value: Any) -> bool:
    return any(is_tensor(leaf) for leaf in tree_util.tree_leaves(value, is_leaf=is_symbolic_leaf))
