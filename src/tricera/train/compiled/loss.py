"""The losses that `compile` was given, each for an output or for a part of nested outputs."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
from jax import tree_util

from tricera import losses as losses_module
from tricera import metrics as metrics_module
from tricera.engine import scope
from tricera.errors import report
from tricera.train import structure
from tricera.train.compiled import kinds
from tricera.train.compiled.outputs import (
    Path,
    at,
    by_leaf,
    by_output,
    flat,
    is_nested,
    items,
    names_of,
    own_names,
    paths,
    sketch,
)


class Term(NamedTuple):
    """One loss: what it compares, how much it counts, and what logs call it."""

    path: Path
    loss: Any
    weight: Any
    name: str


class CompiledLoss:
    """The total loss of all outputs, with a running mean of each where there are several.

    Args:
        loss: a loss, or a nesting of them like that of the outputs, in any form that `losses.get` takes; a loss at a
            place that has outputs inside gets them all; several in a list, where the outputs have none, add up.
        loss_weights: how much each output, or each loss, counts.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None):
        self._loss, self._weights, self._output_names = loss, loss_weights, output_names
        each(loss, _as_loss)  # unknown names are errors now, not when training starts
        self.built = False
        self.names: list[str] = []
        self.terms: list[Term] = []
        self.metrics: list[Any] = []
        self._outputs: Any = None  # the nesting of the outputs

    def build(self, outputs: Any) -> None:
        """Pair losses with outputs.

        Raises:
            ValueError: they do not fit together.
        """
        if self.built:
            return
        self.names = names_of(outputs, self._output_names)
        self._outputs = tree_util.tree_structure(outputs)
        found = list(_spread_over(self._loss, outputs, self.names))
        weights = self._weights_for([path for path, _, _ in found], [own for _, _, own in found], outputs)
        own = dict(zip(paths(outputs), own_names(outputs, self._output_names), strict=True))
        self.terms = []
        for (path, given, _), weight in zip(found, weights, strict=True):
            if given is not None:
                loss, label = _as_loss(given)
                self.terms.append(Term(path, loss, weight, _name(path, label, outputs, own)))
        if len(self.terms) > 1:
            with scope.enter(values=None), jax.ensure_compile_time_eval():  # in a `compute_loss` that is traced
                self.metrics = [metrics_module.Mean(name=f"{term.name}_loss") for term in self.terms]
        self.built = True

    @property
    def losses(self) -> list[Any]:
        """The loss of each output alone, None where it has none."""
        alone = {term.path: term.loss for term in reversed(self.terms)}
        return [alone.get(path) for path in self._paths()]

    def _paths(self) -> list[Path]:
        return list(paths(tree_util.tree_unflatten(self._outputs, self.names)))

    def _weights_for(self, places: list[Path], given_at: list[Path], outputs: Any) -> list[Any]:
        """The weight of each loss of these places, and of these in what was given, None where it counts once."""
        given = self._weights
        if given is None:
            return [None] * len(places)
        leaves = list(paths(outputs))
        plain = not is_nested(given) or not any(is_nested(item) for _, item in items(given))
        inside = [at(given, path) for path in paths(given)]
        alone = len(set(places)) == len(places) and set(places) <= set(leaves)
        if plain and alone and (len(places) == len(leaves) or len(inside) != len(places)):
            weights = dict(zip(leaves, by_output(given, self.names, "loss_weights"), strict=True))
            inside = [weights[place] for place in places]
        elif len(inside) != len(places):
            raise ValueError(
                report(
                    "`loss_weights` must match the number of losses.",
                    expected=f"{len(places)} numbers, nested like `loss`: {sketch(self._loss)}",
                    got=sketch(given),
                )
            )
        elif is_nested(self._loss):
            of_loss = dict(zip(paths(self._loss), inside, strict=True))
            inside = [of_loss[place] for place in given_at]
        names = dict(zip(leaves, self.names, strict=True))
        for place, weight in zip(places, inside, strict=True):
            self._check_number(names.get(place) or sketch(at(outputs, place)), weight)
        return inside

    def _check_number(self, name: str, weight: Any) -> None:
        if isinstance(weight, str | list | tuple | dict) or callable(weight):
            numbers = ", ".join(f"{each!r}: 1.0" for each in self.names)
            raise ValueError(
                report(
                    f"`loss_weights` has no number for the output {name!r}.",
                    expected=f"as {{{numbers}}}",
                    got=repr(weight),
                    fix=f"`metrics={self._weights!r}`, which stand in third place in Keras 1 and 2 alone.",
                )
            )

    def structure(self) -> Any:
        """What programs depend on."""
        named = len(self.terms) > 1
        rows = ((t.path, structure.key(t.loss), structure.key(t.weight), t.name if named else "") for t in self.terms)
        return ("losses", *rows)

    def targets(self, y: Any, outputs: Any) -> list[Any]:
        """The targets of each output; those without a loss may lack theirs.

        Raises:
            ValueError: they do not fit the outputs.
        """
        wanted = [any(path[: len(t.path)] == t.path for t in self.terms) for path in self._paths()]
        given = list(y) if isinstance(y, list | tuple) else [y]
        if not isinstance(y, dict) and len(given) == sum(wanted) < len(wanted) and not any(map(is_nested, given)):
            left = iter(given)
            return [next(left) if each else None for each in wanted]
        return by_leaf(y, outputs, self.names, "y")

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The weighted sum of the outputs' losses."""
        self.build(y_pred)
        nested = lambda leaves: tree_util.tree_unflatten(self._outputs, leaves)  # noqa: E731
        predictions = nested(flat(y_pred))
        targets, weights = nested(self.targets(y, predictions)), None
        if is_nested(sample_weight):
            weights = nested(by_leaf(sample_weight, predictions, self.names, "sample_weight"))
        total, trackers = None, iter(self.metrics)
        for path, loss, weight, _ in self.terms:
            prediction = at(predictions, path)
            value = loss(at(targets, path), prediction, sample_weight if weights is None else at(weights, path))
            if self.metrics:
                next(trackers).update_state(value, sample_weight=flat(prediction)[0].shape[0])
            if weight is not None:
                value = value * weight
            total = value if total is None else total + value
        return total


# ---- from what was given to terms


def _spread_over(loss: Any, outputs: Any, names: Sequence[str]) -> Iterator[tuple[Path, Any, Path]]:
    """The losses, each with the path of what it compares, and with its own in what was given; in the order of that."""
    leaves = list(paths(outputs))
    if not is_nested(loss):
        yield from ((leaf, loss, ()) for leaf in leaves)
    elif isinstance(loss, dict) and not isinstance(outputs, dict):
        by_output(loss, names, "loss")
        for name, item in loss.items():
            yield from _spread(item, outputs, leaves[names.index(name)], (name,))
    elif isinstance(loss, list | tuple) and not any(map(is_nested, loss)):
        for i, (leaf, item) in enumerate(zip(leaves, by_output(loss, names, "loss"), strict=True)):
            yield leaf, item, (i,)
    else:
        yield from _spread(loss, outputs, (), ())


def _spread(loss: Any, outputs: Any, path: Path, own: Path) -> Iterator[tuple[Path, Any, Path]]:
    """The same for a part of the outputs, where a loss that is not nested gets all that is inside."""
    here = at(outputs, path)
    what = "loss" + "".join(f"[{step!r}]" for step in own)
    if not is_nested(loss):
        yield path, loss, own
    elif isinstance(loss, dict):
        if not isinstance(here, dict):
            raise ValueError(
                report(
                    f"`{what}` is a dict, but the outputs there are none.",
                    expected=f"a loss, or losses nested like {sketch(here)}",
                    got=sketch(loss),
                )
            )
        by_output(loss, list(here), what)
        for key, item in loss.items():
            yield from _spread(item, outputs, (*path, key), (*own, key))
    elif is_nested(here) and len(loss) == len(list(paths(here))) and not any(map(is_nested, loss)):
        for i, (leaf, item) in enumerate(zip(paths(here), loss, strict=True)):
            yield (*path, *leaf), item, (*own, i)
    elif not isinstance(here, type(loss)):
        for i, item in enumerate(loss):  # several losses of the same outputs
            yield from _spread(item, outputs, path, (*own, i))
    else:
        if len(loss) != len(here):
            raise ValueError(
                report(
                    f"`{what}` must have one entry for each output there.",
                    expected=f"{len(here)}: {sketch(here)}",
                    got=f"{len(loss)}: {sketch(loss)}",
                    fix="None stands for no loss.",
                )
            )
        for i, item in enumerate(loss):
            yield from _spread(item, outputs, (*path, i), (*own, i))


def _name(path: Path, label: str, outputs: Any, own: dict[Path, str | None]) -> str:
    """What logs call a loss: the path of its outputs, with the output's name or the loss' in a place's stead."""
    if path in own and (not path or isinstance(path[-1], int)):
        path = (*path[:-1], own[path] or label)
    if path:
        return "/".join(map(str, path))
    names = list(outputs) if isinstance(outputs, dict) else list(own.values())
    return label if None in names else "_".join(map(str, names))


def each(tree: Any, function: Callable) -> None:
    """Call a function on everything in a nesting but None."""
    for path in paths(tree):
        if (item := at(tree, path)) is not None:
            function(item)


def _as_loss(identifier: Any) -> tuple[Any, str]:
    """The loss, and its name: of a function the one that it was asked for by."""
    loss = kinds.Crossentropy(identifier) if kinds.is_loss(identifier) else losses_module.get(identifier)
    if not isinstance(loss, losses_module.Loss):
        loss = losses_module.LossFunctionWrapper(loss, name=getattr(loss, "__name__", None))
        return loss, identifier if isinstance(identifier, str) else loss.name
    return loss, loss.name
