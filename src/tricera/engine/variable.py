"""Variable: a named, typed cell whose reads and writes go through the scope; operators of what stands for an array."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.engine import dtypes, naming, registry, scope
from tricera.errors import abstract, report

_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "mod", "pow": "power", "matmul": "matmul", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
}  # fmt: skip
_COMPARE = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


class Operators:
    """Base of symbolic tensors and variables. `_operate(name, *operands)` applies the op of that name."""

    __array_priority__ = 100  # NumPy arrays on the left let the reflected method answer

    def _operate(self, name: str, *operands: Any) -> Any:
        raise abstract(self, "_operate")

    def __getitem__(self, key: Any) -> Any:
        return self._operate("get_item", self, key)

    def __round__(self, ndigits: int | None = None) -> Any:
        return self._operate("round", self, ndigits or 0)

    def __hash__(self) -> int:
        return id(self)


def _forward(op: str):
    return lambda self, other: self._operate(op, self, other)


def _reflected(op: str):
    return lambda self, other: self._operate(op, other, self)


for _name, _op in _BINARY.items():
    setattr(Operators, f"__{_name}__", _forward(_op))
    setattr(Operators, f"__r{_name}__", _reflected(_op))
for _name, _op in _COMPARE.items():
    if _name not in ("eq", "ne"):  # identity, so that they can be looked up; variables compare by value themselves
        setattr(Operators, f"__{_name}__", _forward(_op))
for _name, _op in _UNARY.items():
    setattr(Operators, f"__{_name}__", (lambda op: lambda self: self._operate(op, self))(_op))


class Variable(Operators):
    """A cell that holds one array of a fixed shape and dtype.

    Args:
        initializer: an array, a callable `(shape, dtype) -> array`, or the name of an initializer.
        shape: needed where the initializer is a callable or a name.
        trainable: whether training computes its gradient and changes it.
        autocast: whether a layer that computes in 16 bits reads it so.
    """

    tracked_as = "variable"
    absorbed = False  # whether what another variable stores has it in it

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
    ):
        self.name = name or naming.auto_name(type(self))
        if not isinstance(self.name, str) or "/" in self.name:
            raise ValueError(report("Argument `name` must be a string, and not contain '/'.", got=repr(name)))
        self.path = "/".join((*scope.current().path, self.name))
        self.trainable = trainable
        self.learnable = trainable  # what `layer.trainable = True` brings back
        self.autocast, self.aggregation, self.synchronization = autocast, aggregation, synchronization
        self.regularizer: Any = None
        self.constraint: Any = None
        self.overwrite_with_gradient = False
        self._lent = False
        self._value = self._initial(initializer, shape, dtype)
        self.shape: tuple[int, ...] = tuple(self._value.shape)
        self._dtype: str = dtypes.dtype_of(self._value)

    def _initial(self, initializer: Any, shape: Any, dtype: Any) -> jax.Array:
        if isinstance(initializer, str):
            initializer = registry.resolve("initializer", initializer)
        if not callable(initializer):
            with jax.ensure_compile_time_eval():  # a variable may be made while something is traced
                given = jnp.asarray(initializer) if dtype is None else initializer
                return _concrete(given, dtypes.standardize_dtype(dtype or _default_dtype(given)))
        if shape is None:
            raise ValueError(
                report("A Variable made by an initializer needs a shape.", fix="pass `shape=`.", got="shape=None")
            )
        dtype, shape = dtypes.standardize_dtype(dtype), standardize_shape(shape)
        scope.spend(f"Variable {self.path!r} of shape {shape}", math.prod(shape) * jnp.dtype(dtype).itemsize)
        with jax.ensure_compile_time_eval():
            return _concrete(initializer(shape, dtype=dtype), dtype)

    @property
    def dtype(self) -> str:
        """The dtype that `value` has: the variable's own, or that of the layer which reads it in 16 bits."""
        here = scope.current()
        return here.autocast if here.autocast and self.autocast and dtypes.is_float(self._dtype) else self._dtype

    @property
    def value(self) -> Any:
        """The array: the scope's, in a pure call, else the cell's."""
        here = scope.current()
        if here.values is not None and self in here.values:
            value = here.values[self]
        else:
            value, self._lent = self._value, True
        if here.watch is not None:
            here.watch(self, value)
        return value if (dtype := self.dtype) == self._dtype else value.astype(dtype)

    def assign(self, value: Any) -> Any:
        """Put `value` into the cell (in a pure call, into the scope's table).

        Raises:
            ValueError: another shape.
        """
        value = jnp.asarray(given := value.raw() if isinstance(value, Variable) else value, self._dtype)
        if tuple(value.shape) != self.shape:
            raise ValueError(
                report(
                    f"The shape of the target variable and the shape of the target value in `variable.assign(value)` "
                    f'must match: variable "{self.path}".',
                    expected=self.shape,
                    got=tuple(value.shape),
                )
            )
        here = scope.current()
        if here.values is not None:
            here.values[self] = value
        elif isinstance(value, jax.core.Tracer):
            raise ValueError(
                report(
                    f'Variable "{self.path}" would be assigned a traced value.',
                    fix="inside of `jax.jit` or `jax.grad` use `stateless_call`, `tricera.engine.pure.pure` or `fit`.",
                )
            )
        else:
            self._value, self._lent = value, value is given  # by somebody who may hold it, as another variable
        return value

    def assign_add(self, value: Any) -> Any:
        """`self + value`, put into the cell."""
        return self.assign(self.raw() + jnp.asarray(value))

    def assign_sub(self, value: Any) -> Any:
        """`self - value`, put into the cell."""
        return self.assign(self.raw() - jnp.asarray(value))

    def raw(self) -> Any:
        """The value in the variable's own dtype, whatever the layer around computes in."""
        with scope.enter(autocast=None):
            return self.value

    def stored(self) -> Any:
        """What files get."""
        return self.raw()

    def take(self) -> jax.Array:
        """The cell's array for a program that donates it: a copy if somebody else may hold it."""
        value = jnp.copy(self._value) if self._lent else self._value
        self._value, self._lent = value, False
        return value

    def put(self, value: jax.Array) -> None:
        """Make `value`, of this shape and dtype, the cell's, whatever the scope."""
        self._value, self._lent = value, False

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def numpy(self) -> np.ndarray:
        """A copy of the value."""
        return np.array(self.value)

    def __jax_array__(self) -> Any:
        return self.value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype)

    def astype(self, dtype: Any) -> Any:
        """The value in another dtype."""
        return self.value.astype(dtypes.standardize_dtype(dtype))

    def _operate(self, name: str, *operands: Any) -> Any:
        arrays = (x.value if isinstance(x, Variable) else x for x in operands)
        return registry.find("op", name)(*arrays)

    def __eq__(self, other: object) -> Any:
        return self._operate("equal", self, other)

    def __ne__(self, other: object) -> Any:
        return self._operate("not_equal", self, other)

    __hash__ = Operators.__hash__

    def __pos__(self) -> Any:
        return self.value

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Any:
        return iter(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __deepcopy__(self, memo: dict) -> "Variable":
        twin = memo[id(self)] = object.__new__(type(self))
        twin.__dict__.update(vars(self))
        twin._value = jnp.copy(self._value)
        return twin

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self._dtype}, value={self._value}>"


def _default_dtype(value: Any) -> Any:
    dtype = dtypes.dtype_of(value)
    return None if dtypes.is_float(dtype) and not hasattr(value, "dtype") else dtype


def _concrete(value: Any, dtype: str) -> jax.Array:
    return jnp.asarray(np.asarray(value, dtype) if not isinstance(value, jax.Array) else value, dtype)


def standardize_shape(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of sizes.

    Raises:
        ValueError: a size is unknown, negative or no whole number.
    """
    shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    for size in shape:
        if not isinstance(size, int | np.integer) or size < 0:
            raise ValueError(report("A variable's shape must be known.", expected="non-negative integers", got=shape))
    return tuple(int(size) for size in shape)
