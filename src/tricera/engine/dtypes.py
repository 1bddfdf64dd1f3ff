"""Names of dtypes, and the policies that say in which one a layer computes and in which it keeps its weights."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera import config, errors
from tricera.engine import registry
from tricera.engine.configured import Configured

FLOATS = ("bfloat16", "float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
ALLOWED = {*FLOATS, *INTEGERS, "bool", "complex64", "complex128", "string", "float8_e4m3fn", "float8_e5m2", "int4"}
_PYTHON = {bool: "bool", int: "int32", float: None, str: "string"}
_SPELLED = {"int": "int32", "float": "float32"}


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given in any way; `floatx` for None.

    Raises:
        ValueError: no array can have it.
    """
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, type) and dtype in _PYTHON:
        return _PYTHON[dtype] or config.floatx()
    name = str(getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or dtype).removeprefix("torch.")
    name = _SPELLED.get(name, name)
    if name not in ALLOWED:
        fix = errors.did_you_mean(name, ALLOWED)
        raise ValueError(errors.report(f"Invalid dtype: {dtype!r}.", expected=", ".join(sorted(ALLOWED)), fix=fix))
    return name


def is_float(dtype: Any) -> bool:
    """Whether a dtype is a real floating one."""
    return jnp.issubdtype(dtype, jnp.floating)


def dtype_of(x: Any) -> str:
    """The dtype's name of anything that has one, or of a Python number."""
    if is_text(x):
        return "string"
    return standardize_dtype(x.dtype) if hasattr(x, "dtype") else standardize_dtype(type(x))


def is_text(x: Any) -> bool:
    """Whether `x` is an array of text, which no device has."""
    return getattr(getattr(x, "dtype", None), "kind", None) in ("O", "S", "U")


def result_type(*dtypes: Any) -> str:
    """The dtype that operands of these dtypes (or Python numbers of these types) compute in."""
    operands = [_weak(d) if isinstance(d, type) and d in _PYTHON else jnp.dtype(standardize_dtype(d)) for d in dtypes]
    return jnp.result_type(*operands).name if operands else config.floatx()


def _weak(python_type: type) -> Any:
    return {bool: np.bool_, int: 0, float: 0.0}[python_type]


@registry.register("dtype_policy")
class DTypePolicy(Configured):
    """In which dtype a layer computes and in which it keeps its variables.

    Args:
        name: a dtype for both, or `"mixed_float16"` or `"mixed_bfloat16"`: compute in 16 bits, keep float32.
    """

    def __init__(self, name: Any = None):
        self.name = name = config.dtype_policy().name if name is None else name
        if not isinstance(name, str):
            raise TypeError(errors.report("'name' must be a string, such as 'mixed_float16'.", got=repr(name)))
        if name in ("mixed_float16", "mixed_bfloat16"):
            self.compute_dtype, self.variable_dtype = name.removeprefix("mixed_"), "float32"
        elif name in ALLOWED:
            self.compute_dtype = self.variable_dtype = name
        else:
            choices = [*ALLOWED, "mixed_float16", "mixed_bfloat16"]
            fix = errors.did_you_mean(str(name), choices)
            raise ValueError(errors.report(f"Cannot convert {name!r} to a mixed precision DTypePolicy.", fix=fix))

    @property
    def quantization_mode(self) -> str | None:
        """How the layer's weights are quantized: not at all."""
        return None

    def at(self, path: str) -> "DTypePolicy":
        """The policy of the layer at a path: this one."""
        return self

    def convert_input(self, x: Any, autocast: bool, dtype: str) -> Any:
        """`x` as an array (or symbolic tensor), in `dtype` if it is float and `autocast` says so."""
        if is_text(x):
            return x
        castable = autocast and is_float(getattr(x, "dtype", None) or jnp.result_type(x)) and dtype_of(x) != dtype
        if not hasattr(x, "aval") and hasattr(x, "__array__"):
            return jnp.asarray(x, dtype if castable else None)
        return x.astype(dtype) if castable else x

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


FloatDTypePolicy = DTypePolicy


@config.takes_policies
def get_policy(identifier: Any) -> DTypePolicy:
    """The policy that a dtype, a name, a policy or its configuration means; the process' own for None."""
    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict) and "class_name" in identifier:
        return registry.deserialize(identifier, role="dtype_policy")
    if isinstance(identifier, str) and "_from_" in identifier:
        return registry.find("dtype_policy", "QuantizedDTypePolicy").named(identifier)
    return DTypePolicy(identifier if isinstance(identifier, str) else standardize_dtype(identifier))
