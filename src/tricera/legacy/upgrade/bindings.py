"""What the imports of a program bind of Keras, and what they are to bind."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tricera.legacy import paths
from tricera.legacy.upgrade.homes import home


@dataclass
class Binding:
    """A name that an import binds.

    Attributes:
        local: the name, and `new_local` the name that takes its place.
        old: the whole path that it stands for, and `new` that of today below `keras`; None: it is not of Keras.
        kept: how often the name is still used; `left`: how often something else took its place.
    """

    local: str
    old: str
    new: str | None
    new_local: str
    kept: int = 0
    left: int = 0


def dotted(node: Any) -> str:
    """The text of a name with dots."""
    return node.value if type(node).__name__ == "Name" else f"{dotted(node.value)}.{node.attr.value}"


def below(old: str) -> str | None:
    """The path below `keras` of a whole one; None where that is not of Keras."""
    return paths.below_keras(old)


@dataclass
class Bindings:
    """All such names of a program.

    Args:
        taken: the names that anything else in the program binds.
    """

    taken: set[str]
    found: dict[tuple[str, str], Binding] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)

    def add_import(self, node: Any) -> None:
        """Note what an import statement binds."""
        if type(node).__name__ == "Import":
            for alias in node.names:
                whole = dotted(alias.name)
                self._add(dotted(alias.asname.name) if alias.asname else whole.partition(".")[0], whole, alias.asname)
        elif node.module is not None and not node.relative:
            module = dotted(node.module)
            if type(node.names).__name__ == "ImportStar":
                self.stars += [module] if below(module) is not None else []
                return
            for alias in node.names:
                local = dotted(alias.asname.name) if alias.asname else alias.name.value
                self._add(local, f"{module}.{alias.name.value}", True if alias.asname else None)

    def _add(self, local: str, old: str, named: Any) -> None:
        whole = old
        if local == old.partition(".")[0] and not named:  # `import keras.layers` binds `keras`
            whole = local
        path = below(whole)
        if path is None and whole != "tensorflow":
            return
        new = None if path is None else home(path).path
        self.found[local, whole] = Binding(local, whole, new, local if named else self._fresh(local, new))

    def _fresh(self, local: str, new: str | None) -> str:
        """The name for what is at the path of today: its last word, if that is free."""
        last = local if new is None else new.rpartition(".")[2] or "keras"
        others = {each.new_local: each.new for each in self.found.values()}
        free = last not in self.taken and others.get(last, new) == new
        return last if last == local or free else local

    def of(self, local: str, whole: str) -> Binding | None:
        """The binding by which an expression that begins with a name means a whole path."""
        fits = [each for (name, old), each in self.found.items() if name == local and f"{whole}.".startswith(f"{old}.")]
        return max(fits, key=lambda each: len(each.old), default=None)

    def spell(self, path: str, binding: Binding | None = None) -> str:
        """How the program can say a path of today: by this binding, by another one, or by one more import."""
        if binding is not None and _inside(path, binding.new):
            return self._by(binding, path)
        if binding is not None:
            binding.left += 1
        others = [each for each in self.found.values() if each.new_local not in self.taken and _inside(path, each.new)]
        if binding is not None and binding.old == "tensorflow":
            others = [each for each in others if each.new == ""]
        if others:
            return self._by(max(others, key=lambda each: len(each.new or "")), path)
        return self._by_need(path, whole=binding is not None and binding.old == "tensorflow")

    def _by(self, binding: Binding, path: str) -> str:
        binding.kept += 1
        rest = path[len(binding.new or "") :].lstrip(".")
        return f"{binding.new_local}.{rest}".rstrip(".")

    def _by_need(self, path: str, whole: bool) -> str:
        home, _, last = path.rpartition(".")
        name = "ops" if home == "ops" else last
        if whole or name in self.taken or any(each.new_local == name for each in self.found.values()):
            self._need("import keras")
            return f"keras.{path}"
        self._need("from keras import ops" if home == "ops" else f"from keras.{home} import {last}")
        return f"ops.{last}" if home == "ops" else last

    def _need(self, statement: str) -> None:
        if statement not in self.needed:
            self.needed.append(statement)

    def gone(self) -> Iterator[Binding]:
        """The bindings that nothing uses any more, and something did."""
        return (each for each in self.found.values() if each.left and not each.kept)


def _inside(path: str, module: str | None) -> bool:
    return module is not None and (not module or f"{path}.".startswith(f"{module}."))
