"""The outputs of a model: their names and paths, and what a user gave for each of them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jax import tree_util

from tricera.engine.graph import is_symbolic_leaf
from tricera.errors import did_you_mean, report

Path = tuple[Any, ...]  # the keys and places that lead to a part of a nesting


def names_of(outputs: Any, output_names: Sequence[str] | None) -> list[str]:
    """The names of a model's outputs: keys of a dict, the model's own names, or `output_0`, `output_1`, ..."""
    if _is_flat_dict(outputs):
        return [key for key, _ in items(outputs)]
    count = len(flat(outputs))
    if output_names and len(output_names) == count:
        return list(output_names)
    return [f"output_{i}" for i in range(count)] if count > 1 else ["output"]


def own_names(outputs: Any, output_names: Sequence[str] | None) -> list[str | None]:
    """The same, but None for each output that nobody gave a name."""
    names = names_of(outputs, output_names)
    named = _is_flat_dict(outputs) or (output_names is not None and list(output_names) == names)
    return [*names] if named else [None] * len(names)


def _is_flat_dict(outputs: Any) -> bool:
    return isinstance(outputs, dict) and not any(map(is_nested, outputs.values()))


def flat(outputs: Any) -> list[Any]:
    """The outputs of a model as a list; those of a dict by their sorted keys, as JAX has them."""
    return tree_util.tree_leaves(outputs, is_leaf=is_symbolic_leaf)


# ---- nestings


def is_nested(tree: Any) -> bool:
    """Whether this is a list, tuple or dict of things, and no configuration of one."""
    return isinstance(tree, list | tuple) or (isinstance(tree, dict) and "class_name" not in tree)


def items(tree: Any) -> list[tuple[Any, Any]]:
    """The keys or places of a nesting with what stands there, in JAX's order."""
    if isinstance(tree, OrderedDict):
        return list(tree.items())
    return [(key, tree[key]) for key in sorted(tree)] if isinstance(tree, dict) else list(enumerate(tree))


def paths(tree: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each leaf."""
    if not is_nested(tree):
        yield path
        return
    for key, item in items(tree):
        yield from paths(item, (*path, key))


def at(tree: Any, path: Path) -> Any:
    """The part of a nesting that a path leads to."""
    for step in path:
        tree = tree[step]
    return tree


def sketch(tree: Any, leaf: Callable[[Any], str] = lambda _: "*") -> str:
    """How something is nested: `{'a': (*, *), 'b': *}`, with what `leaf` says of each leaf."""
    if not is_nested(tree):
        return leaf(tree)
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {sketch(item, leaf)}" for key, item in tree.items()) + "}"
    inside = ", ".join(sketch(item, leaf) for item in tree)
    return f"[{inside}]" if isinstance(tree, list) else f"({inside})"


# ---- what is given for outputs


def by_output(given: Any, names: Sequence[str], what: str) -> list[Any]:
    """One entry of `given` for each output: from a dict by name, from a list by place, else the only one.

    Raises:
        ValueError: an unknown name, or another number of entries.
    """
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        for name in given:
            if name not in names:
                raise ValueError(
                    report(
                        f"In the dict argument `{what}`, key {name!r} does not correspond to any model output.",
                        expected=_outputs(names),
                        got=", ".join(map(repr, given)),
                        fix=did_you_mean(str(name), names)
                        or f"`{what}` by the names of the outputs: {_example(names)}.",
                    )
                )
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            raise ValueError(
                report(
                    f"`{what}` must have one entry for each output of the model.",
                    expected=f"{len(names)} ({', '.join(names)})",
                    got=len(given),
                    fix=f"a list in this order, or a dict: {_example(names)}.",
                )
            )
        return list(given)
    if len(names) == 1:
        return [given]
    return [given] * len(names) if isinstance(given, str) or callable(given) else _too_few(names, what)


def by_leaf(given: Any, outputs: Any, names: Sequence[str], what: str) -> list[Any]:
    """One entry of `given` for each output that may be nested: nested like the outputs, or as `by_output` takes it.

    Raises:
        ValueError: the nesting is another one.
    """
    parts = [item for _, item in items(outputs)] if is_nested(outputs) else []
    if given is None or not any(is_nested(part) for part in parts):
        return by_output(given, names, what)
    try:
        return list(_alongside(given, outputs))
    except LookupError:
        plain = is_nested(given) and not any(is_nested(item) for _, item in items(given))
        fits = set(given) <= set(names) if isinstance(given, dict) else plain and len(given) == len(names)
        if plain and fits:
            return by_output(given, names, what)
    headline = "y_true and y_pred have different structures." if what == "y" else f"Invalid `{what}`."
    raise ValueError(
        report(
            f"{headline} `{what}` is not nested like the outputs of the model.",
            expected=sketch(outputs),
            got=sketch(given),
        )
    )


def _alongside(given: Any, outputs: Any) -> Iterator[Any]:
    """What stands in `given` where the outputs stand; LookupError where the nestings differ."""
    if not is_nested(outputs):
        yield given
    elif given is None:
        yield from [None] * len(list(paths(outputs)))
    elif isinstance(outputs, dict):
        if not isinstance(given, dict) or set(given) - set(outputs):
            raise LookupError
        for key, item in items(outputs):
            yield from _alongside(given.get(key), item)
    else:
        if not isinstance(given, list | tuple) or len(given) != len(outputs):
            raise LookupError
        for each, item in zip(given, outputs, strict=True):
            yield from _alongside(each, item)


def _too_few(names: Sequence[str], what: str) -> list[Any]:
    raise ValueError(
        report(
            f"The model has {len(names)} outputs, but `{what}` is a single value.",
            expected=f"a list or dict with {_outputs(names)}",
            fix=f"`{what}={_example(names)}`.",
        )
    )


def _outputs(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _example(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name!r}: ..." for name in names) + "}"
