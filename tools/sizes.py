"""Check that files and functions are small: `python tools/sizes.py [root]` prints each offence as `file:line: what`."""

import ast
import statistics
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

MOST_FILE_LINES = 500
MOST_FUNCTION_LINES = 60  # without the docstring
MOST_ENGINE_LINES = 2500
# Lines of code of the vocabulary's folders: docstrings, comments and empty lines are free (docs/design/006).
MOST_CODE = {"layers": 5500, "ops": 2000, "losses": 600, "metrics": 900, "optimizers": 1220}
TREES = ("src/tricera", "tests", "benchmarks", "examples", "tools")
# What may be larger, and why: "src/tricera/a.py" for a file, "src/tricera/a.py:Class.method" for a function.
REASONS: dict[str, str] = {}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(root: Path, tree: str) -> dict[str, str]:
    """The text of every Python file of a tree by its path from `root`."""
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted((root / tree).rglob("*.py"))}


def functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function in `node`, nested ones too, by its qualified name."""
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, Function | ast.ClassDef):
            name = f"{prefix}.{child.name}".lstrip(".")
        if isinstance(child, Function):
            yield name, child
        yield from functions(child, name)


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = first.end_lineno - first.lineno + 1 if documented else 0
    return function.end_lineno - function.lineno + 1 - docstring


def oversized(path: str, text: str) -> Iterator[tuple[str, str]]:
    """What in one file is too large: the key that `REASONS` would have, and the offence."""
    count = len(text.splitlines())
    if count > MOST_FILE_LINES:
        yield path, f"{path}:1: {count} lines; a file has at most {MOST_FILE_LINES}"
    for name, function in functions(ast.parse(text, path)):
        if (count := length(function)) > MOST_FUNCTION_LINES:
            what = f"{name} has {count} lines; a function has at most {MOST_FUNCTION_LINES}"
            yield f"{path}:{name}", f"{path}:{function.lineno}: {what}"


def engine_lines(texts: Mapping[str, str]) -> int:
    return sum(len(text.splitlines()) for path, text in texts.items() if path.startswith("src/tricera/engine/"))


def code_lines(text: str) -> int:
    """Lines that hold code: without docstrings, comments and empty lines."""
    lines = {i for i, line in enumerate(text.splitlines(), 1) if line.strip() and not line.strip().startswith("#")}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node, clean=False) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def vocabulary(texts: Mapping[str, str]) -> dict[str, int]:
    """The lines of code of each folder that has a limit."""
    return {
        folder: sum(code_lines(text) for path, text in texts.items() if path.startswith(f"src/tricera/{folder}/"))
        for folder in MOST_CODE
    }


def offences(root: Path, reasons: Mapping[str, str] = REASONS) -> list[str]:
    """All offences below `root`, those of `reasons` itself too."""
    texts = {path: text for tree in TREES for path, text in files(root, tree).items()}
    large = dict(pair for path, text in texts.items() for pair in oversized(path, text))
    found = [what for key, what in large.items() if key not in reasons]
    found += [f"tools/sizes.py:1: {key!r} is small or gone; drop its reason" for key in reasons if key not in large]
    found += [f"tools/sizes.py:1: {key!r} has an empty reason" for key, why in reasons.items() if not why.strip()]
    if (count := engine_lines(texts)) > MOST_ENGINE_LINES:
        found.append(f"src/tricera/engine:1: {count} lines; the engine has at most {MOST_ENGINE_LINES}")
    for folder, count in vocabulary(texts).items():
        if count > MOST_CODE[folder]:
            found.append(f"src/tricera/{folder}:1: {count} lines of code; it has at most {MOST_CODE[folder]}")
    return found


def summary(root: Path) -> Iterator[str]:
    """One line a tree: files, lines, and the median lines of a file that is not empty."""
    for tree in TREES:
        texts = files(root, tree)
        counts = [len(text.splitlines()) for text in texts.values() if text]
        if counts:
            middle = statistics.median_low(counts)
            yield f"{tree}: {len(counts)} files, {sum(counts):,} lines, median {middle}, longest {max(counts)}"
    texts = files(root, "src/tricera")
    yield f"engine: {engine_lines(texts):,} of {MOST_ENGINE_LINES:,} lines"
    counts = (f"{folder} {count:,} of {MOST_CODE[folder]:,}" for folder, count in vocabulary(texts).items() if count)
    if code := ", ".join(counts):
        yield f"lines of code: {code}"


def main(root: Path) -> int:
    found = offences(root)
    print("\n".join([*found, *summary(root)]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1])))
