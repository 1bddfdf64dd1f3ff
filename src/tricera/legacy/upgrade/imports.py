"""Import statements of Keras in today's spelling."""

from itertools import groupby
from typing import Any

from tricera.legacy.upgrade.bindings import Binding, Bindings, below, dotted
from tricera.legacy.upgrade.homes import home

_WIDTH = 88


class Imports:
    """Writes the imports of a program anew, as its bindings say.

    Args:
        cst: the library libcst.
    """

    def __init__(self, cst: Any, bindings: Bindings):
        self._cst, self._bindings = cst, bindings
        self._gone = {each.local for each in bindings.gone()}
        self._needed = list(bindings.needed)
        self._written: list[Any] = []
        self._depth = 0

    # ---- what a visitor of libcst has

    def on_visit(self, node: Any) -> bool:
        """Whether to look into a node: imports may stand anywhere."""
        self._depth += type(node).__name__ == "IndentedBlock"
        return True

    def on_visit_attribute(self, node: Any, attribute: str) -> None:
        """Says nothing here."""

    on_leave_attribute = on_visit_attribute

    def on_leave(self, original: Any, updated: Any) -> Any:
        """The lines for a line of the program."""
        kind = type(updated).__name__
        if kind in ("Module", "IndentedBlock"):
            self._depth -= kind == "IndentedBlock"
            return updated.with_changes(body=self._joined(self._with_needed(updated.body)))
        if kind != "SimpleStatementLine":
            return updated
        texts = [text for part in updated.body for text in self._rewritten(part)]
        if all(text is part for text, part in zip(texts, updated.body, strict=False)) and len(texts) == len(
            updated.body
        ):
            return updated
        if not texts:
            return self._cst.RemoveFromParent()
        if len(texts) == 1:
            line = updated.with_changes(body=texts)
            self._written.append(line)
            return line
        lines = [self._cst.SimpleStatementLine([part]) for part in texts]
        lines[0] = lines[0].with_changes(leading_lines=updated.leading_lines)
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated.trailing_whitespace)
        self._written += lines
        return self._cst.FlattenSentinel(lines)

    def _with_needed(self, lines: Any) -> Any:
        """The lines of a program, with the imports that found no place beside another one."""
        if self._depth or not self._needed:
            return lines
        first = next((index for index, line in enumerate(lines) if not _begins(line)), len(lines))
        new = [self._cst.SimpleStatementLine([self._parsed(text)]) for text in self._needed]
        self._needed.clear()
        return [*lines[:first], *new, *lines[first:]]

    def _joined(self, lines: Any) -> list[Any]:
        """The lines, where neighbours that were written here import from one module as one line."""
        found: list[Any] = []
        for line in lines:
            before = found[-1] if found else None
            joined = self._one(before, line) if before is not None and self._is_written(line) else None
            found[-1:] = [joined] if joined is not None else [*found[-1:], line]
        return found

    def _is_written(self, line: Any) -> bool:
        return any(line is each for each in self._written)

    def _one(self, before: Any, line: Any) -> Any:
        """Two imports as one line, if that is short enough and no comment is lost; else None."""
        plain = [_plain(each) for each in (before, line)]
        if None in plain or plain[0][0] != plain[1][0]:
            return None
        text = _line(plain[0][0], list(dict.fromkeys([*plain[0][1], *plain[1][1]])))
        if len(text) > _WIDTH:
            return None
        new = before.with_changes(body=[self._parsed(text)])
        self._written.append(new)
        return new

    # ---- one statement

    def _rewritten(self, node: Any) -> list[Any]:
        """The statements for one; itself where it stays."""
        kind = type(node).__name__
        if kind == "Import":
            new = self._import(node)
        elif kind == "ImportFrom" and node.module is not None and not node.relative:
            new = self._from(node)
        else:
            return [node]
        ours = any(below(whole) is not None or whole.startswith("tensorflow") for whole in _names(node))
        if ours and self._needed and not self._depth:
            new += [self._parsed(text) for text in self._needed]
            self._needed.clear()
        unlike: list[Any] = []
        for each in new:
            if not any(each.deep_equals(other) for other in unlike):
                unlike.append(each)
        return unlike

    def _parsed(self, text: str) -> Any:
        return self._cst.parse_statement(text).body[0]

    def _import(self, node: Any) -> list[Any]:
        """`import a.b as c`: each alias for itself, where one of them changes."""
        texts = []
        for alias in node.names:
            whole, named = dotted(alias.name), alias.asname and dotted(alias.asname.name)
            local = named or whole.partition(".")[0]
            path = below(whole)
            if path is None and whole != "tensorflow":
                texts.append(f"import {whole}" + (f" as {named}" if named else ""))
            elif local not in self._gone:
                texts.append(self._import_line(whole, path, named))
        old = [f"import {dotted(a.name)}" + (f" as {dotted(a.asname.name)}" if a.asname else "") for a in node.names]
        return [node] if texts == old else [self._parsed(text) for text in texts]

    def _import_line(self, whole: str, path: str | None, named: str | None) -> str:
        if path is None:
            return f"import {whole}" + (f" as {named}" if named else "")
        today = f"keras.{home(path).path}".rstrip(".")
        if named is None:
            return "import keras"
        return f"import {today}" if named == today else f"import {today} as {named}"

    def _from(self, node: Any) -> list[Any]:
        """`from a.b import c as d`: a statement for each module of today."""
        module = dotted(node.module)
        if below(module) is None and module != "tensorflow":
            return [node]
        if type(node.names).__name__ == "ImportStar":
            new = f"keras.{home(below(module) or '').path}".rstrip(".")
            return [node] if new == module else [node.with_changes(module=self._cst.parse_expression(new))]
        rows = [row for alias in node.names for row in self._row(module, alias)]
        rows = list(dict.fromkeys(rows))
        old = [(module, a.name.value, dotted(a.asname.name) if a.asname else a.name.value) for a in node.names]
        if rows == old:
            return [node]
        if rows and len({row[0] for row in rows}) == 1 and len(rows) == len(old) and rows[0][0]:
            return [self._in_place(node, rows)]
        modules = list(dict.fromkeys(row[0] for row in rows))
        rows.sort(key=lambda row: modules.index(row[0]))
        return [self._parsed(_line(module, list(group))) for module, group in groupby(rows, lambda row: row[0])]

    def _row(self, module: str, alias: Any) -> list[tuple[str, str, str]]:
        """The module of today, the name there, and the name here; nothing where it is not used any more."""
        local = dotted(alias.asname.name) if alias.asname else alias.name.value
        binding: Binding | None = self._bindings.found.get((local, f"{module}.{alias.name.value}"))
        if binding is None or binding.new is None:
            return [(module, alias.name.value, local)]
        if local in self._gone:
            return []
        where, _, name = binding.new.rpartition(".")
        return [(f"keras.{where}".rstrip("."), name, binding.new_local)] if binding.new else [("", "keras", "keras")]

    def _in_place(self, node: Any, rows: list[tuple[str, str, str]]) -> Any:
        """The statement as it stands, with its parentheses and comments, and new names in it."""
        names = [
            alias.with_changes(
                name=self._cst.Name(name), asname=alias.asname if alias.asname else self._as(name, local)
            )
            for alias, (_, name, local) in zip(node.names, rows, strict=True)
        ]
        return node.with_changes(module=self._cst.parse_expression(rows[0][0]), names=names)

    def _as(self, name: str, local: str) -> Any:
        return None if name == local else self._parsed(f"from a import {name} as {local}").names[0].asname


def _begins(line: Any) -> bool:
    """Whether a line is a docstring or an import from `__future__`, before which nothing may stand."""
    node = line.body[0] if type(line).__name__ == "SimpleStatementLine" else None
    future = getattr(getattr(node, "module", None), "value", None) == "__future__"
    return future or type(getattr(node, "value", None)).__name__ in ("SimpleString", "ConcatenatedString")


def _plain(line: Any) -> tuple[str, list[tuple[str, str, str]]] | None:
    """Module and rows of a line that is one import from a module, without comments; None: it is another."""
    node = line.body[0] if type(line).__name__ == "SimpleStatementLine" and len(line.body) == 1 else None
    if type(node).__name__ != "ImportFrom" or node.module is None or type(node.names).__name__ == "ImportStar":
        return None
    if node.lpar is not None or node.relative or line.trailing_whitespace.comment is not None:
        return None
    if any(each.comment is not None for each in line.leading_lines):
        return None
    module = dotted(node.module)
    return module, [
        (module, alias.name.value, dotted(alias.asname.name) if alias.asname else alias.name.value)
        for alias in node.names
    ]


def _names(node: Any) -> list[str]:
    """The whole paths of the modules that a statement names."""
    return [dotted(alias.name) for alias in node.names] if type(node).__name__ == "Import" else [dotted(node.module)]


def _line(module: str, rows: list[tuple[str, str, str]]) -> str:
    if not module:
        return "import keras"
    words = ", ".join(name if name == local else f"{name} as {local}" for _, name, local in rows)
    return f"from {module} import {words}"
