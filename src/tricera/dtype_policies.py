"""Policies of dtypes: in which one a layer computes, in which it keeps its weights, and which layer has which."""

from abc import ABCMeta
from collections.abc import Iterator, MutableMapping
from typing import Any

from tricera import errors, expressions
from tricera.engine.dtypes import DTypePolicy as DTypePolicy
from tricera.engine.dtypes import FloatDTypePolicy as FloatDTypePolicy
from tricera.engine.dtypes import get_policy as get
from tricera.engine.registry import deserialize as _deserialize
from tricera.engine.registry import register
from tricera.engine.registry import serialize as _serialize
from tricera.errors import report

__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "get",
    "serialize",
]


def serialize(dtype_policy):
    """The policy as plain data."""
    return _serialize(dtype_policy)


def deserialize(config, custom_objects=None):
    """The policy of what `serialize` returned."""
    return _deserialize(config, "dtype_policy", custom_objects)


_QUANTIZED = ("int8", "int4", "float8", "gptq", "awq")


@register("dtype_policy")
class QuantizedDTypePolicy(DTypePolicy):
    """The weights are quantized; the rest is as another policy says: `"int8_from_mixed_bfloat16"`.

    Raises:
        ValueError: there is no such mode.
    """

    def __init__(self, mode, source_name=None):
        if mode not in _QUANTIZED:
            raise ValueError(report(f"Invalid quantization mode. Expected one of {_QUANTIZED}.", got=f"mode={mode!r}"))
        super().__init__(source_name)
        if mode == "int8" and self.compute_dtype == "float16":
            raise ValueError(report("Quantization mode='int8' doesn't work well with compute_dtype='float16'."))
        self.mode, self.source_name = mode, self.name
        self.name = f"{self.mode}_from_{self.source_name}"

    @staticmethod
    def named(name: str) -> "QuantizedDTypePolicy":
        """The policy that a name with `_from_` in it means."""
        mode, _, source_name = name.partition("_from_")
        kind = mode.partition("/")[0] + "/" * ("/" in mode)
        return _CLASSES.get(kind, QuantizedDTypePolicy)(mode, source_name)

    @property
    def quantization_mode(self) -> str:
        """How the weights are quantized."""
        return self.mode

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


@register("dtype_policy")
class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """Weights, inputs and gradients are 8-bit floats.

    Args:
        amax_history_length: of how many steps the largest numbers are remembered, which give the scale.

    Raises:
        TypeError: the length is no whole number.
    """

    default_amax_history_length = 1024

    def __init__(self, mode, source_name=None, amax_history_length=1024):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(report("`amax_history_length` must be an integer.", got=repr(amax_history_length)))
        self.amax_history_length = amax_history_length

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self.amax_history_length == other.amax_history_length  # type: ignore[attr-defined]

    __hash__ = QuantizedDTypePolicy.__hash__


class _Sized(QuantizedDTypePolicy):
    """Base of those whose mode has numbers in it: `form`, of which `sizes` are the attributes."""

    form: str
    bits: tuple[int, ...] = ()
    weight_bits: int

    def __init__(self, mode, source_name=None):
        kind, *sizes = self.form.split("/")
        given = str(mode).split("/")
        if given[0] != kind or len(given) != len(sizes) + 1 or not all(map(_is_whole, given[1:])):
            raise ValueError(
                report(
                    f"Invalid mode for {type(self).__name__}. Expected format {self.form!r} with whole numbers.",
                    got=repr(mode),
                )
            )
        super().__init__(kind, source_name)
        vars(self).update(zip(sizes, map(int, given[1:]), strict=True))
        if self.bits and self.weight_bits not in self.bits:
            choices = ", ".join(map(str, self.bits))
            raise ValueError(
                report(f"Invalid weight_bits in mode. {kind.upper()} only supports {choices}-bit.", got=repr(mode))
            )
        if (size := getattr(self, sizes[-1])) < -1 or size == 0:
            what = f"Invalid {sizes[-1]} in mode. Supported values are -1 (no groups) or a positive integer."
            raise ValueError(report(what, got=repr(mode)))
        self.name = f"{mode}_from_{self.source_name}"

    def get_config(self) -> dict[str, Any]:
        """The mode with its numbers, and the name of the policy that the rest has."""
        return {"mode": self.name.partition("_from_")[0], "source_name": self.source_name}


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


@register("dtype_policy")
class Int4DTypePolicy(_Sized):
    """Weights are 4-bit integers in blocks: `"int4/128_from_float32"`; one block is `"int4/-1"`."""

    form = "int4/block_size"


@register("dtype_policy")
class GPTQDTypePolicy(_Sized):
    """Weights are as `GPTQConfig` left them: `"gptq/4/128_from_float32"`."""

    form = "gptq/weight_bits/group_size"
    bits = (2, 3, 4, 8)


@register("dtype_policy")
class AWQDTypePolicy(_Sized):
    """Weights are as `AWQConfig` left them: `"awq/4/128_from_float32"`."""

    form = "awq/weight_bits/group_size"
    bits = (4,)


# Which class a mode has, with its numbers or without.
_CLASSES = {
    "float8": QuantizedFloat8DTypePolicy,
    "int4/": Int4DTypePolicy,
    "gptq": GPTQDTypePolicy,
    "gptq/": GPTQDTypePolicy,
    "awq": AWQDTypePolicy,
    "awq/": AWQDTypePolicy,
}


class _RememberingMapping(type(DTypePolicy), ABCMeta):  # type: ignore[misc]
    """The metaclass of what remembers its arguments and is a mapping."""


@register("dtype_policy")
class DTypePolicyMap(DTypePolicy, MutableMapping, metaclass=_RememberingMapping):
    """A policy for each layer, by its path: `layer.path` itself, else the one key that matches all of it as a pattern.

    Give it as `dtype` to layers or models. A layer whose path no key names has the default policy.

    Args:
        default_policy: a policy or its name; the process' own, when it is asked for, where None.
        policy_map: a dict of paths and policies to begin with.

    Raises:
        TypeError: `policy_map` is no dict.
    """

    def __init__(self, default_policy=None, policy_map=None):
        if not isinstance(policy_map, dict | None):
            raise TypeError(report("If specified, `policy_map` must be a dict.", got=repr(policy_map)))
        self._default = None if default_policy is None else get(default_policy)
        self._policies: dict[str, DTypePolicy] = {}
        self._found: dict[str, str | None] = {}  # the key of each path that was asked for, since the last change
        for path, policy in (policy_map or {}).items():
            self[path] = policy

    @property
    def name(self) -> str:
        """`map_` and the name of the default policy."""
        return f"map_{self.default_policy.name}"

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers that no key names."""
        return self._default or get(None)

    @property
    def compute_dtype(self) -> str:
        """That of the default policy."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """That of the default policy."""
        return self.default_policy.variable_dtype

    def at(self, path: str) -> DTypePolicy:
        return self[path]

    def __getitem__(self, path: str) -> DTypePolicy:
        """The policy of the layer at a path.

        Raises:
            ValueError: several keys match.
        """
        if path not in self._found:
            exact = path in self._policies
            matching = [path] if exact else [key for key in self._policies if expressions.fullmatch(key, path)]
            if len(matching) > 1:
                got = ", ".join(map(repr, matching))
                what = f"Path {path!r} matches multiple dtype policy keys of the DTypePolicyMap."
                raise ValueError(report(what, got=got))
            self._found[path] = matching[0] if matching else None
        key = self._found[path]
        return self.default_policy if key is None else self._policies[key]

    def __setitem__(self, path: str, policy: Any) -> None:
        """Set the policy of a path.

        Raises:
            ValueError: the path has one already, or it is not a pattern.
        """
        if path in self._policies:
            raise ValueError(
                report(
                    f"{path} already exist in the DTypePolicyMap with value {self._policies[path]!r}.",
                    fix="delete the key first.",
                )
            )
        expressions.check(path)
        self._policies[path] = get(policy)
        self._found.clear()

    def __delitem__(self, path: str) -> None:
        del self._policies[path]
        self._found.clear()

    def __contains__(self, path: object) -> bool:
        """Whether it is a key; `[]` has an answer for every path."""
        return path in self._policies

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        pairs = [(path, policy.name) for path, policy in self.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={pairs}>"

    def get_config(self) -> dict[str, Any]:
        """The default policy's name, and each key's policy."""
        default = None if self._default is None else self._default.name
        return {"default_policy": default, "policy_map": {path: _serialize(policy) for path, policy in self.items()}}


__getattr__ = errors.missing(__name__, globals())
