"""A program in today's spelling: what it calls, how, and what it imports for that; all else stays as it is."""

import re
from typing import Any, NamedTuple

from tricera.errors import report
from tricera.legacy import generation, paths
from tricera.legacy.upgrade import functions
from tricera.legacy.upgrade.bindings import Bindings
from tricera.legacy.upgrade.calls import Call, of_class
from tricera.legacy.upgrade.homes import Home, home
from tricera.legacy.upgrade.imports import Imports
from tricera.legacy.upgrade.merging import is_merge, merged
from tricera.legacy.upgrade.methods import Methods

_KEYS = {"acc": "accuracy", "val_acc": "val_accuracy"}


class Rewritten(NamedTuple):
    """A program in today's spelling, and what is left to be done by hand: lines, and what stands there."""

    source: str
    left: list[tuple[int, str]]


def rewrite(source: str, number: int | None = None) -> Rewritten:
    """A program of any Keras in the spelling of Keras 3.

    Args:
        number: the Keras that it was written for; None: as its spellings say.

    Raises:
        ImportError: libcst is not installed.
        SyntaxError: it is not Python.
    """
    try:
        import libcst as cst
        from libcst import metadata
    except ImportError:
        raise ImportError(
            report("Rewriting programs needs the library libcst.", fix="`pip install 'tricera[upgrade]'`.")
        ) from None
    before = generation.current()
    generation.settle(number or generation.generation(source)[0])
    try:
        wrapper = metadata.MetadataWrapper(_parsed(cst, source))
        rewriter = _Rewriter(cst, source, wrapper, metadata)
        module = wrapper.module.visit(rewriter)
        module = module.visit(Imports(cst, rewriter.bindings))
    finally:
        generation.settle(before)
    return Rewritten(module.code, sorted(set(rewriter.left)))


def _parsed(cst: Any, source: str) -> Any:
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(f"line {error.raw_line}: {error.message}") from None


class _Rewriter:
    """Rewrites expressions; the imports that these need then are in `bindings`."""

    def __init__(self, cst: Any, source: str, wrapper: Any, metadata: Any):
        self._cst = cst
        self._names = wrapper.resolve(metadata.QualifiedNameProvider)
        self._places = wrapper.resolve(metadata.PositionProvider)
        self.left: list[tuple[int, str]] = []
        self._line = 0
        self._planned: dict[int, functions.Row | None] = {}  # the function of a call -> what becomes of the call
        scopes = {scope for scope in wrapper.resolve(metadata.ScopeProvider).values() if scope is not None}
        bound = [each for scope in scopes for each in scope.assignments]
        self.bindings = Bindings({each.name for each in bound if not isinstance(each, metadata.ImportAssignment)})
        values: dict[str, list[Any]] = {}
        self._scan(wrapper.module, values)
        single = {name: found[0] for name, found in values.items() if len(found) == 1}
        self._methods = Methods(cst, source, single, self._leave)
        asked = "".join(re.findall(r"metrics\s*=\s*\[([^\]]*)\]", source))
        self._keys = _KEYS if "accuracy" in asked and not re.search(r"['\"]acc['\"]", asked) else {}

    def _scan(self, node: Any, values: dict[str, list[Any]]) -> None:
        """Find the imports, and what is assigned to each name."""
        kind = type(node).__name__
        if kind in ("Import", "ImportFrom"):
            self.bindings.add_import(node)
        elif kind == "Assign":
            for target in node.targets:
                if type(target.target).__name__ == "Name":
                    values.setdefault(target.target.value, []).append(node.value)
        for child in node.children:
            self._scan(child, values)

    def _leave(self, what: str) -> None:
        self.left.append((self._line, what))

    # ---- what a visitor of libcst has

    def on_visit(self, node: Any) -> bool:
        """Whether to look into a node: not into imports, and not into a name of Keras, which is one whole."""
        if type(node).__name__ == "Call" and (whole := self._whole(node.func)) is not None:
            path, call = self._home(whole).path, Call(self._cst, node.args)
            row = functions.row_of(path, call)
            if row is not None or functions.expression(path, call) is not None:
                self._planned[id(node.func)] = row
        return type(node).__name__ not in ("Import", "ImportFrom") and self._whole(node) is None

    def on_visit_attribute(self, node: Any, attribute: str) -> None:
        """Says nothing here."""

    on_leave_attribute = on_visit_attribute

    def on_leave(self, original: Any, updated: Any) -> Any:
        """The node for a node of the program."""
        kind = type(original).__name__
        if kind in ("Name", "Attribute"):
            return self._respelled(original, updated)
        if kind == "Call":
            self._line = self._places[original].start.line
            return self._call(original, updated)
        if kind == "Subscript" and len(updated.slice) == 1:
            return updated.visit(_Keys(self._cst, self._keys)) if self._keys else updated
        if kind == "Arg" and updated.keyword is not None and updated.keyword.value == "monitor":
            return updated.visit(_Keys(self._cst, self._keys))
        return updated

    # ---- names

    def _whole(self, node: Any) -> str | None:
        """The whole path of a name that an import binds, if it is below Keras."""
        if type(node).__name__ not in ("Name", "Attribute") or type(_first(node)).__name__ != "Name":
            return None
        found = self._names.get(node, set())
        found = found() if callable(found) else found
        names = {each.name for each in found if each.source.name == "IMPORT"}
        if len(names) == 1 == len(found):
            return next((name for name in names if paths.below_keras(name) is not None), None)
        return None if found or type(node).__name__ == "Attribute" else self._by_star(node.value)

    def _by_star(self, name: str) -> str | None:
        known = (f"{module}.{name}" for module in self.bindings.stars)
        old = (whole for whole in known if name not in self.bindings.taken and self._home(whole).thing is not None)
        return next(old, None)

    def _home(self, whole: str) -> Home:
        return home(paths.below_keras(whole) or "")

    def _respelled(self, original: Any, updated: Any) -> Any:
        whole = self._whole(original)
        if whole is None:
            self._keep(original)
            return self._rate(updated)
        found = self._home(whole)
        if id(original) in self._planned:
            row = self._planned[id(original)]
            if row is None:  # an expression takes its place
                self.bindings.of(_first(original).value, whole).left += 1  # type: ignore[union-attr]
            return original if row is None else self._said(original, row.path, whole)
        if not found.kept:
            self.left.append((self._places[original].start.line, f"keras.{found.path}: not in Keras 3"))
        return self._said(original, found.path, whole)

    def _said(self, original: Any, path: str, whole: str) -> Any:
        """The expression for a path of today."""
        binding = self.bindings.of(_first(original).value, whole)
        if binding is None and type(original).__name__ == "Name":  # imported with a star
            return original.with_changes(value=path.rpartition(".")[2])
        text = self.bindings.spell(path, binding)
        if text == self._cst.Module([]).code_for_node(original.with_changes(lpar=[], rpar=[])):
            return original
        return self._cst.parse_expression(text).with_changes(lpar=original.lpar, rpar=original.rpar)

    def _keep(self, node: Any) -> None:
        """Count the uses of TensorFlow itself."""
        found = self._names.get(node, set())
        for each in found() if callable(found) else found:
            if each.source.name == "IMPORT" and each.name.partition(".")[0] == "tensorflow":
                for binding in self.bindings.found.values():
                    binding.kept += binding.old == "tensorflow"

    def _rate(self, node: Any) -> Any:
        """`model.optimizer.lr`."""
        old = type(node).__name__ == "Attribute" and node.attr.value == "lr"
        if old and getattr(getattr(node.value, "attr", None), "value", None) == "optimizer":
            return node.with_changes(attr=self._cst.Name("learning_rate"))
        return node

    # ---- calls

    def _call(self, original: Any, updated: Any) -> Any:
        whole = self._whole(original.func)
        if whole is None:
            method = type(original.func).__name__ == "Attribute" and original.func.attr.value
            return self._methods.rewritten(method, updated) if method else updated
        found = self._home(whole)
        call = Call(self._cst, updated.args)
        if id(original.func) in self._planned:
            return self._planned_call(original, updated, found.path, call)
        if is_merge(whole):
            text = merged(call, self.bindings.spell)
            if text is None:
                self._leave("merge: say by which function, such as `keras.layers.concatenate`")
            return updated if text is None else self._cst.parse_expression(text)
        if isinstance(found.thing, type):
            of_class(call, found.thing, self.bindings.spell)
            if "batch_input_shape" in call.named():
                self._leave("batch_input_shape: begin the model with `keras.Input(batch_shape=...)`")
        else:
            functions.of_function(found.path, call)
        return updated.with_changes(args=call.result()) if call.changed else updated

    def _planned_call(self, original: Any, updated: Any, path: str, call: Call) -> Any:
        """The call of a function of the backend, or the expression in its place."""
        row = self._planned[id(original.func)]
        if row is None:
            made = self._cst.parse_expression(functions.expression(path, call))
            return made.with_changes(lpar=[*updated.lpar, *made.lpar], rpar=[*made.rpar, *updated.rpar])
        functions.of_row(call, row)
        return updated.with_changes(args=call.result()) if call.changed else updated


def _first(node: Any) -> Any:
    """What a chain of attributes begins with."""
    while type(node).__name__ == "Attribute":
        node = node.value
    return node


class _Keys:
    """Renames keys of histories in strings."""

    def __init__(self, cst: Any, keys: dict[str, str]):
        self._cst, self._keys = cst, keys

    def on_visit(self, node: Any) -> bool:
        """Whether to look into a node."""
        return True

    def on_visit_attribute(self, node: Any, attribute: str) -> None:
        """Says nothing here."""

    on_leave_attribute = on_visit_attribute

    def on_leave(self, original: Any, updated: Any) -> Any:
        """The string for a string."""
        if type(updated).__name__ != "SimpleString" or updated.value[1:-1] not in self._keys:
            return updated
        quote = updated.value[0]
        return updated.with_changes(value=f"{quote}{self._keys[updated.value[1:-1]]}{quote}")
