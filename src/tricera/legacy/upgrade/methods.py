"""Calls of methods of models in today's spelling: found by the methods' names, for nothing says what an object is."""

import inspect
from collections.abc import Callable
from typing import Any

from tricera.legacy import generation, methods
from tricera.legacy.upgrade.calls import Call

_CLASSES = {  # what a program's losses say of its classes -> how they are read from the outputs
    (False, True): "({} > 0.5).astype('int32')",
    (True, False): "{}.argmax(axis=-1)",
}


class Methods:
    """Changes calls of methods.

    Args:
        cst: the library libcst.
        source: the program.
        values: the only value that each name is given in it, if that is a call.
        leave: takes what cannot be done, to be told.
    """

    def __init__(self, cst: Any, source: str, values: dict[str, Any], leave: Callable[[str], None]):
        self._cst, self._source, self._values, self._leave = cst, source, values, leave

    def rewritten(self, name: str, node: Any) -> Any:
        """The expression for a call `object.name(...)`."""
        call = Call(self._cst, node.args)
        if name == "predict_classes":
            return self._classes(node)
        if name.endswith("_generator") and name in methods.METHODS:
            if not self._of_generator(name, call):
                return node
        elif name in methods.ARGUMENTS or name == "compile":
            renamed = methods.OF_COMPILE if name == "compile" else methods.ARGUMENTS[name]
            _rename(call, renamed)
            _metrics_by_name(call) if name == "compile" else None
        new = methods.METHODS.get(name, name)
        if new == name and not call.changed:
            return node
        func = node.func if new == name else node.func.with_changes(attr=self._cst.Name(new))
        return node.with_changes(func=func, args=call.result())

    def _classes(self, node: Any) -> Any:
        losses = ("categorical_crossentropy" in self._source, "binary_crossentropy" in self._source)
        if losses not in _CLASSES:
            self._leave("predict_classes: `predict(x).argmax(axis=-1)`, or `predict(x) > 0.5` of a single output")
            return node
        func = node.func.with_changes(attr=self._cst.Name("predict"))
        text = self._cst.Module([]).code_for_node(node.with_changes(func=func, lpar=[], rpar=[]))
        return self._cst.parse_expression(_CLASSES[losses].format(text))

    def _of_generator(self, name: str, call: Call) -> bool:
        """Whether the arguments of `fit_generator` and its relatives could be changed into those of `fit`."""
        names = [*inspect.signature(getattr(methods, name)).parameters][1:]
        if generation.current() == 1:
            names = methods.PLACES_OF_KERAS_1[name]
        source = next(iter(call.placed()), None) or call.named().get("generator")
        if source is None:
            return False
        for arg, word in zip(call.placed()[1:], names[1:], strict=False):
            call.set(arg, word)
        if "generator" in call.named():
            call.set(call.named()["generator"], "x")
        _rename(call, methods.OF_GENERATORS)
        for queue in set(methods.OF_QUEUES) & set(call.named()):
            call.drop(queue)
        return all(self._in_steps(call, old, new, source) for old, new in methods.IN_SAMPLES.items())

    def _in_steps(self, call: Call, old: str, new: str, source: Any) -> bool:
        """Whether an argument that counted samples counts batches now."""
        if old not in call.named():
            return True
        validation = call.named().get("validation_data")
        if old == "nb_val_samples":
            if validation is None or type(validation.value).__name__ == "Tuple":
                call.drop(old)
                return True
            source = validation
        size, count = self._batch_size(source.value), call.text(call.named()[old])
        if size is None:
            self._leave(f"{old}: it counts samples, `{new}` counts batches; divide by the size of a batch")
            return False
        whole = count.isdigit() and size.isdigit()
        call.set(call.named()[old], new, str(-(-int(count) // int(size))) if whole else f"-(-({count}) // ({size}))")
        return True

    def _batch_size(self, node: Any) -> str | None:
        """The text of the size of a generator's batches, where the program says it."""
        if type(node).__name__ == "Name":
            node = self._values.get(node.value)
        func = getattr(node, "func", None)
        if type(func).__name__ != "Attribute" or func.attr.value not in ("flow", "flow_from_directory"):
            return None
        made = Call(self._cst, node.args)
        place = 2 if func.attr.value == "flow" else 5
        if len(made.placed()) > place:
            return made.text(made.placed()[place])
        return made.text(made.named()["batch_size"]) if "batch_size" in made.named() else "32"


def _rename(call: Call, renamed: dict[str, str | None]) -> None:
    for name, arg in call.named().items():
        if name in renamed and renamed[name] is None:
            call.drop(name)
        elif name in renamed:
            call.set(arg, renamed[name])


def _metrics_by_name(call: Call) -> None:
    """Keras 1 and 2 took metrics in the third place of `compile`."""
    if generation.current() < generation.NEWEST:
        for arg, name in zip(call.placed()[2:], ("metrics", "loss_weights"), strict=False):
            call.set(arg, name)
