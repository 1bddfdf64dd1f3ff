"""Check that imports point down: `python tools/layering.py [root]` prints each offence as `file:line: what`."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

# The house, lowest row first. A module or folder of `tricera` may import what stands in the rows below its own.
ROWS = (
    "errors arguments config machine tree disk",
    "engine",
    "kernels data expressions",
    "ops random",
    "activations initializers regularizers constraints",
    "losses metrics optimizers",
    "quantizers",
    "transform",
    "layers",
    "callbacks",
    "train",
    "saving",
    "export",
    "models",
    "applications datasets visualization utils preprocessing",
    "backend distillation dtype_policies mixed_precision model_selection wrappers",
    "legacy alias __init__ __main__",
)
# Within a row, only these.
ARROWS = {
    "arguments": {"errors"},
    "disk": {"errors"},
    "config": {"errors"},
    "tree": {"errors"},
    "metrics": {"losses"},
    "applications": {"utils"},
    "preprocessing": {"utils"},
    "visualization": {"utils"},
    "__init__": {"alias"},
    "alias": {"legacy"},
    "__main__": {"legacy", "alias", "__init__"},
}
# Within a row, and only those modules of the target that themselves need nothing above `engine`.
GROUNDED_ARROWS = {"datasets": {"utils"}}
# Optional or slow to import, hence imported in functions and nowhere else.
LAZY = {
    "flax",
    "grain",
    "h5py",
    "jax2onnx",
    "libcst",
    "PIL",
    "matplotlib",
    "onnxruntime",
    "orbax",
    "pandas",
    "rich",
    "scipy",
    "sklearn",
    "yaml",
}
MOST_FILES = 15
# Folders that may hold more, and why.
CROWDED = {"applications": "one file for each of Keras' public modules, and three that they share"}

RANK = {unit: rank for rank, row in enumerate(ROWS) for unit in row.split()}


class Import(NamedTuple):
    """One imported module: where it stands, its full name, and whether a function or a type check hides it."""

    line: int
    target: str
    in_function: bool
    for_types: bool


class Module(NamedTuple):
    """A file of the package and what it imports."""

    path: Path
    imports: list[Import]


def unit(name: str) -> str:
    """The entry of `ROWS` that the module `name` belongs to: `tricera.ops.nn` -> `ops`."""
    return name.split(".")[1] if "." in name else "__init__"


def is_ours(name: str) -> bool:
    return name.split(".")[0] == "tricera"


def read_package(root: Path) -> dict[str, Module]:
    """Every module below `root/src/tricera` by its full name."""
    source = root / "src"
    names = {}
    for path in sorted(source.glob("tricera/**/*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {
        name: Module(path.relative_to(root), list(imports_of(ast.parse(path.read_text(), str(path)), names)))
        for name, path in names.items()
    }


def imports_of(node: ast.AST, names: dict[str, Path], hidden: bool = False, types: bool = False) -> Iterator[Import]:
    """What the code in `node` imports; `from a import b` names `a.b` where that is one of `names`, else `a`."""
    for child in ast.iter_child_nodes(node):
        for target in targets_of(child, names):
            yield Import(child.lineno, target, hidden, types)
        in_function = hidden or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = types or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        yield from imports_of(child, names, in_function, for_types)


def targets_of(node: ast.AST, names: dict[str, Path]) -> list[str]:
    """The modules that one statement, or one call of `import_module` with a literal name, imports."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            base = "." * node.level + (node.module or "")
            members = [f"{base}.{alias.name}" for alias in node.names]
            return sorted({member if member in names else base for member in members})
        case ast.Call(func=ast.Name(id=call) | ast.Attribute(attr=call), args=[ast.Constant(value=str(target)), *_]):
            return [target] if call in ("import_module", "__import__") else []
    return []


def misplaced(modules: dict[str, Module]) -> Iterator[str]:
    """Modules without a place in the table, and imports that don't point down."""
    for name, module in modules.items():
        if unit(name) not in RANK:
            yield f"{module.path}:1: {unit(name)!r} has no place in the table of tools/layering.py"
            continue
        for line, target, *_ in module.imports:
            if target.startswith("."):
                yield f"{module.path}:{line}: relative import; write the full name"
            elif is_ours(target) and not may_import(unit(name), target, modules):
                yield f"{module.path}:{line}: {unit(name)} may not import {target}"


def may_import(source: str, target: str, modules: dict[str, Module]) -> bool:
    """Whether a module of the unit `source` may import the module `target`."""
    to = unit(target)
    return (
        source == to
        or RANK.get(to, len(ROWS)) < RANK[source]
        or to in ARROWS.get(source, ())
        or (to in GROUNDED_ARROWS.get(source, ()) and is_grounded(target, modules))
    )


def is_grounded(name: str, modules: dict[str, Module]) -> bool:
    """Whether the module, through all that it imports, needs nothing above `engine` but its own unit."""
    reached, ahead = set(), {name}
    while ahead:
        module = ahead.pop()
        reached.add(module)
        if module in modules:
            ahead |= {entry.target for entry in modules[module].imports if is_ours(entry.target)} - reached
    return all(unit(module) == unit(name) or RANK.get(unit(module), len(ROWS)) <= RANK["engine"] for module in reached)


def wrong_moment(modules: dict[str, Module]) -> Iterator[str]:
    """Imports inside functions that belong at the top, and imports at the top that belong inside functions."""
    for module in modules.values():
        for line, target, in_function, for_types in module.imports:
            lazy = target.split(".")[0] in LAZY
            if in_function and not lazy:
                yield f"{module.path}:{line}: {target} is imported inside a function; import it at the top"
            if lazy and not in_function and not for_types:
                yield f"{module.path}:{line}: {target} is imported at the top; import it where it is used first"


def cycles(modules: dict[str, Module]) -> Iterator[str]:
    """Modules that import each other, cycle by cycle: to find the next one, the first import of each is left out."""
    graph = {
        name: sorted({entry.target for entry in module.imports} & set(modules)) for name, module in modules.items()
    }
    while cycle := find_cycle(graph):
        source, target = cycle[:2]
        graph[source].remove(target)
        line = next(entry.line for entry in modules[source].imports if entry.target == target)
        yield f"{modules[source].path}:{line}: import cycle: {' -> '.join(cycle)}"


def find_cycle(graph: dict[str, list[str]]) -> list[str] | None:
    """Some cycle of the graph, from its alphabetically first node back to it; None where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        nodes = error.args[1][:0:-1]
        first = nodes.index(min(nodes))
        return [*nodes[first:], *nodes[: first + 1]]
    return None


def crowded(modules: dict[str, Module]) -> Iterator[str]:
    """Folders that hold too many files."""
    folders = [module.path.parent for module in modules.values() if module.path.name != "__init__.py"]
    for folder in sorted(set(folders)):
        if (count := folders.count(folder)) > MOST_FILES and folder.name not in CROWDED:
            yield f"{folder}:1: {count} files; a folder holds at most {MOST_FILES}"


def offences(root: Path) -> list[str]:
    """All offences of the package below `root/src/tricera`."""
    modules = read_package(root)
    return [what for check in (misplaced, wrong_moment, cycles, crowded) for what in check(modules)]


def main(root: Path) -> int:
    found = offences(root)
    print("\n".join(found) or "layering: all imports point down")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])))
