"""All values of a model as a tree of dicts, by the paths of its variables."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tricera.engine.inputs import where
from tricera.engine.variable import Variable
from tricera.errors import did_you_mean, report
from tricera.optimizers.state import OptimizerState

WEIGHTS = ("trainable_variables", "non_trainable_variables")
_FORMS = {"backend_tensor": lambda variable: variable.value, "numpy_array": lambda variable: variable.numpy()}
_COUNTER = re.compile(r"_\d+(?=[_/]|$)")

Pairs = list[tuple[Variable, Any]]


def tree(model: Any, value_format: str) -> dict[str, Any]:
    """The values by group and path: `{"trainable_variables": {"dense": {"kernel": ...}}}`.

    Raises:
        ValueError: two variables have the same path; another `value_format`.
    """
    if value_format not in _FORMS:
        raise ValueError(report("`value_format` is unknown.", expected=" or ".join(_FORMS), got=repr(value_format)))
    form = _FORMS[value_format]
    return {group: _nested(model, variables, form) for group, variables in _groups(model).items()}


def assign(model: Any, values: Mapping[str, Any]) -> None:
    """Give the variables the values of a tree; those that it does not name keep theirs.

    An optimizer that has made no step gets its variables first. What the tree has of an optimizer or of metrics is
    left where the model is not compiled, or has seen no data that would make its metrics.

    Raises:
        ValueError: it names variables or groups that the model does not have, or gives them another shape. Nothing is
            assigned then.
    """
    pairs, wrong, _ = matched(model, values)
    if wrong:
        what = f"{where(model)} and the state tree differ: nothing is assigned."
        raise ValueError(report("\n".join([what, *(f"  {line}" for line in wrong)])))
    for variable, value in pairs:
        variable.assign(value)


def matched(model: Any, values: Mapping[str, Any]) -> tuple[Pairs, list[str], list[str]]:
    """Variables with their values, what of the tree does not fit, and what of the model is not in its groups.

    Where the paths of tree and model differ in nothing but the numbers that names are counted with, as `dense_1` and
    `dense_4`, they are taken in the order of these.
    """
    optimizer = getattr(model, "optimizer", None)
    if isinstance(optimizer, OptimizerState) and not optimizer.built and values.get("optimizer_variables"):
        optimizer.build(model.trainable_variables)
    known = _groups(model)
    if unknown := [group for group in values if group not in known]:
        fix = did_you_mean(str(unknown[0]), known)
        raise ValueError(report(f"Unknown variable name: {unknown[0]}", expected=" or ".join(known), fix=fix))
    pairs: Pairs = []
    wrong: list[str] = []
    missing: list[str] = []
    for group, inside in values.items():
        found = list(_beside(known[group], dict(flat(inside))))
        for path, variable, value in found:
            shape = tuple(np.shape(value))
            if variable is not None and tuple(variable.shape) == shape:
                pairs.append((variable, value))
            elif variable is not None:
                wrong.append(f"wrong shape: {path}: {tuple(variable.shape)} in the model, {shape} stored")
            elif group in WEIGHTS or (group == "optimizer_variables" and known[group]):
                wrong.append(f"unexpected:  {path}, shape {shape}")
        taken = {id(variable) for _, variable, _ in found}
        missing += [f"missing:     {v.path}, shape {tuple(v.shape)}" for v in known[group] if id(v) not in taken]
    return pairs, wrong, missing


def _beside(variables: list[Variable], stored: Mapping[str, Any]) -> Iterator[tuple[str, Variable | None, Any]]:
    """Each path with the variable that it means, and its value."""
    own: dict[str, list[Variable]] = defaultdict(list)
    theirs: dict[str, list[str]] = defaultdict(list)
    for variable in variables:
        own[_COUNTER.sub("", variable.path)].append(variable)
    for path in stored:
        theirs[_COUNTER.sub("", path)].append(path)
    for kind, paths in theirs.items():
        named = {variable.path: variable for variable in own[kind]}
        if len(paths) == len(named) and not named.keys() >= set(paths):
            named = dict(zip(sorted(paths, key=_numbers), (named[p] for p in sorted(named, key=_numbers)), strict=True))
        yield from ((path, named.get(path), stored[path]) for path in paths)


def _numbers(path: str) -> list[int]:
    """The numbers that the names of a path are counted with, 0 for none."""
    found: list[int] = []
    for part in re.split("[_/]", path):
        if part.isdecimal() and found:
            found[-1] = int(part)
        else:
            found.append(0)
    return found


def _groups(model: Any) -> dict[str, list[Variable]]:
    """The variables of a model, by what they are for."""
    optimizer = getattr(model, "optimizer", None)
    return {
        "trainable_variables": list(model.trainable_variables),
        "non_trainable_variables": list(model.non_trainable_variables),
        "optimizer_variables": list(optimizer.variables) if optimizer is not None else [],
        "metrics_variables": list(model.metrics_variables),
    }


def _nested(model: Any, variables: list[Variable], form: Any) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for variable in variables:
        *path, name = variable.path.split("/")
        inside = root
        for part in path:
            inside = inside.setdefault(part, {})
        if name in inside:
            raise ValueError(
                report(
                    f"{where(model)}: The following variable path is found twice in the model: {variable.path!r}.",
                    fix="give layers that stand beside each other names of their own.",
                )
            )
        inside[name] = form(variable)
    return root


def flat(inside: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """What dicts in dicts hold, with the path of each."""
    for key, value in inside.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{key}/")
        else:
            yield f"{before}{key}", value
