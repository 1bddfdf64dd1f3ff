"""Tensors, variables, dtypes and shapes by TensorFlow's names. A tensor is an array of JAX; it gets `.numpy()`."""

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax import tree_util

from tricera.engine import graph, variable
from tricera.engine.graph import KerasTensor
from tricera.errors import did_you_mean, report


class DType(str):
    """The name of a dtype, which is what Keras, NumPy and JAX take for one."""

    @property
    def name(self) -> str:
        """The name."""
        return str(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """NumPy's class of numbers of this dtype."""
        return jnp.dtype(self).type

    @property
    def is_floating(self) -> bool:
        """Whether it is of real numbers."""
        return self != "string" and jnp.issubdtype(jnp.dtype(self), jnp.floating)

    @property
    def is_integer(self) -> bool:
        """Whether it is of whole numbers."""
        return self != "string" and jnp.issubdtype(jnp.dtype(self), jnp.integer)

    @property
    def max(self) -> Any:
        """The largest number."""
        return (jnp.finfo if self.is_floating else jnp.iinfo)(self).max

    @property
    def min(self) -> Any:
        """The smallest number."""
        return (jnp.finfo if self.is_floating else jnp.iinfo)(self).min

    def __repr__(self) -> str:
        return f"tf.{self}"

    __hash__ = str.__hash__


bfloat16, float16, float32, float64 = map(DType, ("bfloat16", "float16", "float32", "float64"))
half, double = float16, float64
int8, int16, int32, int64 = map(DType, ("int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = map(DType, ("uint8", "uint16", "uint32", "uint64"))
complex64, complex128, string = map(DType, ("complex64", "complex128", "string"))
bool = DType("bool")
newaxis = None


class TensorShape(tuple):
    """The sizes of a tensor's axes, None where one is unknown."""

    def __new__(cls, dims: Iterable[int | None]):
        return super().__new__(cls, dims)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    ndims = rank

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        return list(self)

    def num_elements(self) -> int | None:
        """The number of elements, where every size is known."""
        return None if None in self else int(np.prod(self))

    def is_fully_defined(self) -> Any:
        """Whether every size is known."""
        return None not in self


class TensorSpec:
    """What is known of a tensor before it is there."""

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None):
        self.shape, self.dtype, self.name = None if shape is None else TensorShape(shape), DType(dtype), name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class Text(str):
    """An element of a data set that is text."""

    def numpy(self) -> bytes:
        """The text in UTF-8."""
        return self.encode()


Tensor = jax.Array


class _AnyVariable(type):
    """Every variable of Tricera is a `tf.Variable`."""

    def __instancecheck__(cls, instance: Any) -> Any:
        return isinstance(instance, variable.Variable)


class Variable(variable.Variable, metaclass=_AnyVariable):
    """A cell that holds `initial_value`."""

    def __init__(
        self,
        initial_value: Any = None,
        trainable: Any = True,
        validate_shape: Any = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ):
        value = initial_value() if callable(initial_value) else initial_value
        with jax.ensure_compile_time_eval():
            super().__init__(
                convert_to_tensor(value, dtype),
                trainable=trainable is not False,
                name=name and name.replace("/", "_").split(":")[0],
            )
        self.constraint = constraint

    def read_value(self) -> Any:
        """The value."""
        return self.value


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """`value` as a tensor: of numbers of Python, float32 or int32. Texts and symbolic tensors stay what they are."""
    if isinstance(value, KerasTensor) or is_text(value):
        return value
    if isinstance(value, variable.Variable):
        value = value.value
    if isinstance(value, list | tuple):
        value = jnp.stack([convert_to_tensor(x) for x in value]) if _holds_arrays(value) else np.asarray(value)
    return jnp.asarray(value, dtype)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """`value` as a tensor, repeated to fill `shape` where one is given."""
    array = convert_to_tensor(value, dtype)
    if shape is None:
        return array
    return jnp.broadcast_to(array, shape) if array.size == 1 else array.reshape(shape)


def is_tensor(x: Any) -> Any:
    """Whether `x` is a tensor: symbolic, an array of JAX, or a variable."""
    return isinstance(x, KerasTensor | jax.Array | variable.Variable)


def is_text(x: Any) -> Any:
    """Whether `x` is text, or an array of texts."""
    return isinstance(x, str | bytes) or (hasattr(x, "dtype") and getattr(x.dtype, "kind", "") in "OSU")


def as_dtype(type_value: Any) -> DType:
    """A dtype given in any way."""
    return DType(jnp.dtype(type_value).name if type_value != "string" else "string")


def _holds_arrays(value: Any) -> Any:
    return any(
        isinstance(x, jax.Array | variable.Variable) or (isinstance(x, list | tuple) and _holds_arrays(x))
        for x in value
    )


# ---- functions


def lift(function: Callable) -> Callable:
    """Make a function of arrays one of whatever TensorFlow takes: tensors, variables, symbolic tensors, lists.

    What depends on no tensor is computed at once, also where a program is being traced: sizes stay numbers.
    """
    computed = graph.lift(function)

    @functools.wraps(function)
    def call(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        if any(isinstance(x, jax.Array | KerasTensor | variable.Variable) for x in _leaves((args, kwargs))):
            return computed(*args, **kwargs)
        with jax.ensure_compile_time_eval():
            return computed(*args, **kwargs)

    return call


def _leaves(tree: Any) -> list[Any]:
    return tree_util.tree_leaves(tree, is_leaf=graph.is_symbolic_leaf)


def of_arrays(function: Callable) -> Callable:
    """The same for a function all whose arguments by position are tensors, of which it takes arrays only."""
    return lift(functools.wraps(function)(lambda *args, **kwargs: function(*map(convert_to_tensor, args), **kwargs)))


def missing(module: str, names: Any) -> Callable[[str], Any]:
    """The `__getattr__` of a module of the stand-in: it says that there is more in TensorFlow than here."""

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        nearest = did_you_mean(name, [n for n in names if not n.startswith("_")])
        raise AttributeError(
            report(
                f"{module}.{name}: Tricera's stand-in for TensorFlow does not have it.",
                expected="what scripts for Keras use of TensorFlow: docs/tensorflow.md lists it",
                fix=nearest or "write it with `keras.ops` (NumPy's names), or with NumPy before the data reach Keras.",
            )
        )

    return __getattr__


def graft() -> None:
    """Give arrays of JAX the methods of TensorFlow's tensors that scripts call."""
    warnings.filterwarnings("ignore", "Explicitly requested dtype (float64|u?int64|complex128)")
    array = type(jnp.zeros(()))
    array.__array_function__ = _array_function  # type: ignore[attr-defined]
    for kind in (array, jax.core.Tracer):
        kind.numpy = _numpy  # type: ignore[attr-defined]
        kind.get_shape = _get_shape  # type: ignore[attr-defined]
        kind.set_shape = _set_shape  # type: ignore[attr-defined]
    KerasTensor.get_shape = variable.Variable.get_shape = _get_shape  # type: ignore[attr-defined]
    KerasTensor.set_shape = _set_shape  # type: ignore[attr-defined]


def _numpy(self: Any) -> Any:
    """A copy as a NumPy array, which may be written to; of a scalar, a number of NumPy's."""
    return np.array(self)[()]


def _array_function(self: Any, func: Callable, types: Any, args: Any, kwargs: Any) -> Any:
    """What NumPy's functions do with arrays of JAX; `np.squeeze` gives NumPy's, which `np.random.choice` asks for."""
    if func is np.squeeze:
        args = (np.asarray(args[0]), *args[1:])
    return func._implementation(*args, **kwargs)  # type: ignore[attr-defined]


def _get_shape(self: Any) -> TensorShape:
    """The sizes of the axes."""
    return TensorShape(graph.known(self.shape))


def _set_shape(self: Any, shape: Any) -> None:
    """Say what the shape is known to be: nothing to do."""
