"""Python's operators for things that stand for an array: each calls the op of its name."""

from typing import Any

_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARE = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


class Operators:
    """Base of symbolic tensors and variables. `_operate(name, *operands)` applies the op of that name."""

    __array_priority__ = 100
    __array_ufunc__ = None  # NumPy arrays on the left let the reflected method answer

    def _operate(self, name: str, *operands: Any) -> Any:
        raise NotImplementedError

    def __getitem__(self, key: Any) -> Any:
        return self._operate("get_item", self, key)

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
