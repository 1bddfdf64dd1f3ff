"""Reading the pickles of old data sets without `pickle`: nothing in them can be called.

NumPy stores lists of unequal lengths, and CIFAR its batches, as pickles. Their few instructions are interpreted
here; the three globals that rebuild a NumPy array become inert tokens, any other is refused.
"""

import math
import operator
import pickle
import re
import struct
from collections.abc import Callable

import numpy as np

from tricera.errors import SafetyError

_RECONSTRUCT, _NDARRAY, _DTYPE, _ENCODE = "_reconstruct", "ndarray", "dtype", "encode"
_GLOBALS = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _DTYPE,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    # How Python 3 writes bytes in protocol 2.
    ("_codecs", "encode"): _ENCODE,
}
_DTYPE_NAME = re.compile(r"[biuf][1248]|O8?")
# Runs of small integers, nearly all of a data set of texts, are left to the C code: they hold no other instruction.
_INTEGERS = re.compile(rb"(?>K.|M..|J.{4})++", re.DOTALL)
_PLAIN = {int, list}
_MARK = object()


class _Token:
    """A global's name; inert."""

    def __init__(self, name: str):
        self.name = name


class _Array:
    """An array that is being rebuilt: filled once, by its state."""

    value = None


class _DType:
    def __init__(self, name: str):
        self.name, self.order = name, "="


def loads(data: bytes | memoryview) -> object:
    """The arrays, lists, tuples, dicts, numbers and strings that the pickle `data` holds; Python 2's strings are bytes.

    Raises:
        SafetyError: it names a global that rebuilds no array.
        ValueError: it is damaged.
    """
    try:
        return _Reader(bytes(data)).run()
    except SafetyError:
        raise
    except (IndexError, KeyError, TypeError, AttributeError, struct.error, ValueError, OverflowError) as error:
        raise ValueError(f"its pickle is damaged ({type(error).__name__}: {error})") from error


class _Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0
        self.stack: list = []
        self.memo: dict[int, object] = {}

    def run(self) -> object:
        while True:
            if integers := _INTEGERS.match(self.data, self.at):
                self.at = integers.end()
                self.stack += pickle.loads(b"\x80\x02](" + integers[0] + b"e.")
            code = self.take(1)
            if code == b".":
                return _value(self.stack.pop())
            if code not in _CODES:
                raise SafetyError(f"its pickle holds the instruction {code!r}, which no array needs")
            _CODES[code](self)

    def take(self, size: int) -> bytes:
        chunk = self.data[self.at : self.at + size]
        if len(chunk) != size:
            raise ValueError("it ends too early")
        self.at += size
        return chunk

    def unpack(self, form: str):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.data.index(b"\n", self.at)
        text, self.at = self.data[self.at : end].decode(), end + 1
        return text

    def push(self, value: object) -> None:
        self.stack.append(value)

    def since_mark(self) -> list:
        at = len(self.stack) - 1 - operator.indexOf(reversed(self.stack), _MARK)
        values = self.stack[at + 1 :]
        del self.stack[at:]
        return values

    def last(self, count: int) -> tuple:
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        values = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return values

    def extend(self, values: list) -> None:
        _expect(type(self.stack[-1]) is list, "it appends to what is no list")
        self.stack[-1].extend(values if set(map(type, values)) <= _PLAIN else map(_value, values))

    def update(self, values: list) -> None:
        _expect(type(self.stack[-1]) is dict, "it sets items of what is no dict")
        self.stack[-1].update(zip(values[::2], map(_value, values[1::2]), strict=True))

    def named(self, module: str, name: str) -> None:
        token = _GLOBALS.get((module, name))
        if token is None:
            raise SafetyError(f"its pickle asks for `{module}.{name}`, which no array needs")
        self.push(_Token(token))

    def reduce(self) -> None:
        function, arguments = self.last(2)
        _expect(isinstance(function, _Token), "it calls what is no function")
        self.push(_BUILDERS[function.name](*arguments))

    def build(self) -> None:
        (state,) = self.last(1)
        target = self.stack[-1]
        if isinstance(target, _DType):
            target.order = _text(state[1])
        else:
            _expect(isinstance(target, _Array) and target.value is None, "it changes what is no new array")
            target.value = _filled(*state)


def _filled(version: int, shape: tuple, dtype: _DType, fortran: bool, content: list | bytes) -> np.ndarray:
    """The array of a state, if its content has exactly the declared size."""
    kind = np.dtype(dtype.name).newbyteorder({"|": "="}.get(dtype.order, dtype.order))
    _expect(all(type(size) is int and size >= 0 for size in shape), "an array has a negative size")
    count, order = math.prod(shape), "F" if fortran else "C"
    if kind.hasobject:
        _expect(type(content) is list and len(content) == count, "an array's size is not that of its content")
        array = np.empty(count, object)
        array[:] = [_value(cell) for cell in content] if count else []
        return array.reshape(shape, order=order)
    _expect(type(content) is bytes and len(content) == count * kind.itemsize, "an array's size is not its content's")
    return np.frombuffer(bytearray(content), kind).reshape(shape, order=order)


def _reconstruct(kind: _Token, shape: tuple, code: bytes) -> _Array:
    _expect(isinstance(kind, _Token) and kind.name == _NDARRAY and shape == (0,), "it builds what is no array")
    return _Array()


def _dtype(name: str | bytes, *_: object) -> _DType:
    name = _text(name)
    _expect(_DTYPE_NAME.fullmatch(name) is not None, f"an array has the dtype {name!r}")
    return _DType(name)


def _encode(text: str, encoding: str) -> bytes:
    _expect(_text(encoding) == "latin1", "its bytes are not in latin1")
    return text.encode("latin1")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _value(item: object) -> object:
    """`item` as the user sees it: an array for one that is being rebuilt; tokens never leave."""
    if isinstance(item, _Array):
        _expect(item.value is not None, "an array has no content")
        return item.value
    _expect(not isinstance(item, (_Token, _DType)) and item is not _MARK, "a function stands where data belong")
    return item


def _expect(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)


_BUILDERS: dict[str, Callable] = {_RECONSTRUCT: _reconstruct, _DTYPE: _dtype, _ENCODE: _encode}


def _remember(reader: _Reader, key: int) -> None:
    reader.memo[key] = reader.stack[-1]


# Python's `pickletools` names and explains each instruction.
_CODES: dict[bytes, Callable[[_Reader], object]] = {
    b"\x80": lambda r: r.take(1),
    b"\x95": lambda r: r.take(8),
    b"(": lambda r: r.push(_MARK),
    b"0": lambda r: r.last(1),
    b"N": lambda r: r.push(None),
    b"\x88": lambda r: r.push(True),
    b"\x89": lambda r: r.push(False),
    b"\x8a": lambda r: r.push(int.from_bytes(r.take(r.unpack("<B")), "little", signed=True)),
    b"G": lambda r: r.push(r.unpack(">d")),
    b"]": lambda r: r.push([]),
    b"}": lambda r: r.push({}),
    b")": lambda r: r.push(()),
    b"\x85": lambda r: r.push(r.last(1)),
    b"\x86": lambda r: r.push(r.last(2)),
    b"\x87": lambda r: r.push(r.last(3)),
    b"t": lambda r: r.push(tuple(r.since_mark())),
    b"a": lambda r: r.extend(r.last(1)),
    b"e": lambda r: r.extend(r.since_mark()),
    b"s": lambda r: r.update(r.last(2)),
    b"u": lambda r: r.update(r.since_mark()),
    b"U": lambda r: r.push(r.take(r.unpack("<B"))),
    b"C": lambda r: r.push(r.take(r.unpack("<B"))),
    b"T": lambda r: r.push(r.take(r.unpack("<I"))),
    b"B": lambda r: r.push(r.take(r.unpack("<I"))),
    b"\x8e": lambda r: r.push(r.take(r.unpack("<Q"))),
    b"\x8c": lambda r: r.push(r.take(r.unpack("<B")).decode()),
    b"X": lambda r: r.push(r.take(r.unpack("<I")).decode("utf-8", "surrogatepass")),
    b"q": lambda r: _remember(r, r.unpack("<B")),
    b"r": lambda r: _remember(r, r.unpack("<I")),
    b"\x94": lambda r: _remember(r, len(r.memo)),
    b"h": lambda r: r.push(r.memo[r.unpack("<B")]),
    b"j": lambda r: r.push(r.memo[r.unpack("<I")]),
    b"c": lambda r: r.named(r.line(), r.line()),
    b"\x93": lambda r: r.named(*r.last(2)),
    b"R": lambda r: r.reduce(),
    b"b": lambda r: r.build(),
}
