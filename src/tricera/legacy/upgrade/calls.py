"""Arguments of calls in today's spelling."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

from tricera.callbacks import Callback
from tricera.engine.configured import argument_names
from tricera.engine.layer import Layer
from tricera.legacy import arguments, generation, signatures
from tricera.models import Model
from tricera.optimizers import Optimizer
from tricera.saving.past import names


class Call:
    """The arguments of one call, to be changed one by one.

    Args:
        cst: the library libcst.
        args: the arguments, as nodes.
    """

    def __init__(self, cst: Any, args: Any):
        self.cst, self.args = cst, list(args)
        self._first = tuple(args)

    @property
    def changed(self) -> bool:
        """Whether anything has been changed."""
        return len(self.args) != len(self._first) or any(
            a is not b for a, b in zip(self.args, self._first, strict=True)
        )

    def named(self) -> dict[str, Any]:
        """The arguments that have names."""
        return {arg.keyword.value: arg for arg in self.args if arg.keyword is not None}

    def placed(self) -> list[Any]:
        """The arguments before the first that has a name or a star."""
        return [arg for arg in self.args if arg.keyword is None and not arg.star]

    def text(self, arg: Any) -> str:
        """The program's text of an argument's value."""
        return self.cst.Module([]).code_for_node(arg.value)

    def drop(self, name: str) -> Any:
        """Take an argument out, and give it."""
        arg = self.named()[name]
        self.args.remove(arg)
        return arg

    def set(self, arg: Any, name: str | None, value: str | None = None) -> None:
        """Give an argument a name, and another value where one is given."""
        changes: dict[str, Any] = {}
        if name is not None:
            equal = arg.equal if arg.keyword is not None else self._tight()
            changes = {"keyword": self.cst.Name(name), "equal": equal}
        if value is not None:
            changes["value"] = self.cst.parse_expression(value)
        self.args[self.args.index(arg)] = arg.with_changes(**changes)

    def add(self, name: str, value: str) -> None:
        """Add an argument at the end."""
        new = self.cst.Arg(self.cst.parse_expression(value), keyword=self.cst.Name(name), equal=self._tight())
        self.args.append(new)

    def _tight(self) -> Any:
        return self.cst.AssignEqual(self.cst.SimpleWhitespace(""), self.cst.SimpleWhitespace(""))

    def result(self) -> list[Any]:
        """The arguments, with the commas where they belong."""
        last = self._first[-1].comma if self._first else None
        comma = self.cst.Comma(whitespace_after=self.cst.SimpleWhitespace(" "))
        plain = type(self.cst.Arg(self.cst.Name("a")).comma)
        found = [
            arg if not isinstance(arg.comma, plain) or index == len(self.args) - 1 else arg.with_changes(comma=comma)
            for index, arg in enumerate(self.args)
        ]
        if found and last is not None:
            found[-1] = found[-1].with_changes(comma=last)
        return found

    def string(self, arg: Any) -> str | None:
        """The value of an argument that is a plain string."""
        return _constant(self.text(arg), str)


def _constant(text: str, kind: type) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return value if type(value) is kind else None


def rename(call: Call, renamed: Callable[[str], str | None], known: set[str]) -> None:
    """Give the arguments their names of today, and their values where those have other names too."""
    for name, arg in call.named().items():
        new = None if name in known else renamed(name)
        if new in known and new not in call.named():
            value, text = call.string(arg), None
            if value is not None:
                today = arguments.value_of(new, value)
                text = None if today == value else repr(today)
            call.set(arg, new, text)


def of_class(call: Call, cls: type, spell: Callable[[str], str]) -> None:
    """Change the arguments of a class of Keras 1 or 2.

    Args:
        spell: how the program says a path of today.
    """
    known = argument_names(cls)
    if issubclass(cls, Layer):
        _of_layer(call, cls, known)
    if issubclass(cls, Model):
        _of_model(call)
    if issubclass(cls, Callback):
        _of_callback(call)
    rename(call, arguments.new_name(cls), known)
    if issubclass(cls, Optimizer):
        _decayed(call, cls, spell)


_OF_CALLBACKS = {"epsilon": "min_delta"}
_SILENT_IN_CALLBACKS = ("write_grads", "batch_size")  # of TensorBoard


def _of_model(call: Call) -> None:
    """`Model(input=, output=)`."""
    for old, new in arguments.OF_MODELS.items():
        if old in call.named():
            call.set(call.named()[old], new)


def _of_callback(call: Call) -> None:
    for old, new in _OF_CALLBACKS.items():
        if old in call.named():
            call.set(call.named()[old], new)
    for name in _SILENT_IN_CALLBACKS:
        if name in call.named():
            call.drop(name)


def _of_layer(call: Call, cls: type, known: set[str]) -> None:
    for name in arguments.SILENT & set(call.named()) - known:
        call.drop(name)
    if cls.__name__ == "BatchNormalization" and "mode" in call.named() and call.text(call.named()["mode"]) == "0":
        call.drop("mode")
    _input(call, known)
    if "kernel_size" in known:
        _window(call, getattr(cls, "rank", 0))
    _by_name(call, cls)
    if "forget_bias_init" in call.named():
        arg = call.named()["forget_bias_init"]
        call.set(arg, "unit_forget_bias", repr(arguments.FORGET.get(call.string(arg) or "", True)))


def _input(call: Call, known: set[str]) -> None:
    """`input_length`, which Keras 3 does not know, as `input_shape`."""
    named = call.named()
    if "input_length" not in named or "input_shape" in named:
        return
    length = call.text(named["input_length"])
    wide = "input_dim" in named and "input_dim" not in known
    features = f"{length}, {call.text(call.drop('input_dim'))}" if wide else f"{length},"
    call.set(named["input_length"], "input_shape", f"({features})")


def _window(call: Call, rank: int) -> None:
    placed, named = call.placed(), call.named()
    sides = placed[1 : 1 + rank]
    plain = all(_constant(call.text(side), int) is not None for side in sides)
    number = generation.current()
    newer = any(type(side.value).__name__ in ("Tuple", "List") for side in sides)
    if (
        rank > 1
        and len(sides) == rank
        and not newer
        and (number == 1 or (number == 2 and plain and len(placed) == 1 + rank))
    ):
        call.set(sides[0], None, f"({', '.join(map(call.text, sides))})")
        for side in sides[1:]:
            call.args.remove(side)
    for parts in names.WINDOWS:
        if set(parts) <= set(named):
            text = ", ".join(call.text(named[part]) for part in parts)
            call.set(named[parts[0]], "kernel_size", f"({text})")
            for part in parts[1:]:
                call.drop(part)


def _by_name(call: Call, cls: type) -> None:
    """Arguments whose places were others in Keras 1, by their names."""
    renamed = arguments.new_name(cls)
    values = [_constant(call.text(arg), str) or arg for arg in call.placed()]
    _, named = signatures.by_name(cls, tuple(values), lambda name: renamed(name) or name)
    for arg, name in zip(call.placed()[len(values) - len(named) :], named, strict=True):
        call.set(arg, name)


def _decayed(call: Call, cls: type, spell: Callable[[str], str]) -> None:
    """`decay` as a schedule of the learning rate."""
    if "decay" not in call.named():
        return
    decay = call.text(call.drop("decay"))
    if _constant(decay, float) == 0 or _constant(decay, int) == 0:
        return
    schedule = spell("optimizers.schedules.InverseTimeDecay")
    rate = call.named().get("learning_rate") or next(iter(call.placed()), None)
    if rate is None:
        found = signatures.defaults(cls).get(
            "learning_rate", inspect.signature(cls).parameters["learning_rate"].default
        )
        call.add("learning_rate", f"{schedule}({found}, 1, {decay})")
    else:
        call.set(rate, None, f"{schedule}({call.text(rate)}, 1, {decay})")
