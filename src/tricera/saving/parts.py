"""Where each layer and optimizer stands in a file of weights: by attribute and class, never by its own name.

The paths are Keras 3's: `layers/dense_1`, `encoder/block/container/dense`, `optimizer`.
"""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tricera.engine import registry, tracking
from tricera.engine.naming import snake_case
from tricera.engine.variable import Variable
from tricera.engine.weights import Weighted
from tricera.optimizers.state import OptimizerState

# What Tricera's own classes keep for themselves.
_OURS = frozenset(
    {"_graph", "_function", "_stack", "_source", "_added", "_initial_weights", "_inbound_nodes", "_trainable_variables"}
    | {"_compile_loss", "_compile_metrics", "_compile_config", "_loss_tracker", "history"}
    | (tracking.UNTRACKED - {"optimizer"})
)
_CONTAINERS = (list, tuple, dict, set)
_MOST_PATHS = 100  # of one thing, that are tried


class Seen(dict[int, Any]):
    """What was met, by its identity; held, as that of a list that is gone may be another's.

    Args:
        things: what is passed over, with what is only in them.
    """

    def __init__(self, things: Iterable[Any] = ()):
        super().__init__((id(thing), thing) for thing in things)
        self.again: list[tuple[str, Any]] = []  # the further paths of what was met

    def aliases(self, first: dict[int, str]) -> list[tuple[str, str]]:
        """What things are called first, by their identities in `first`, and what else."""
        pairs = [(first.get(id(thing)), other) for other, thing in self.again]
        return [(own, other) for own, other in pairs if own and own != other]


def elsewhere(path: str, aliases: list[tuple[str, str]]) -> Iterator[str]:
    """The other paths of the thing at a path, by those of the things around it."""
    paths = [path]
    for each in paths:  # which grows
        for own, other in aliases if len(paths) < _MOST_PATHS else ():
            if f"{each}/".startswith(f"{own}/") and (new := other + each[len(own) :]) not in paths:
                paths.append(new)
                yield new


def parts(model: Any, as_tf_keras: bool = False, seen: Seen | None = None) -> Iterator[tuple[str, Any]]:
    """Everything in the model that has variables to save, itself first, each once, with its path.

    Args:
        as_tf_keras: the paths that tf.keras gave them, which went through attributes from the last name to the first,
            `layers` among them, and did not count in a container what it had met before.
    """
    yield from _walk(model, "", Seen() if seen is None else seen, as_tf_keras)


def _walk(thing: Any, path: str, seen: Seen, old: bool) -> Iterator[tuple[str, Any]]:
    if id(thing) in seen:
        seen.again.append((path, thing))
        return
    seen[id(thing)] = thing
    yield path, thing
    attributes = sorted(dict(_attributes(thing)).items(), reverse=True, key=_name) if old else _attributes(thing)
    for name, value in attributes:
        yield from _inside(value, f"{path}/{name}" if path else name, seen, old)


def _name(attribute: tuple[str, Any]) -> str:
    return attribute[0]


def _inside(value: Any, path: str, seen: Seen, old: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Weighted | OptimizerState):
        yield from _walk(value, path, seen, old)
    elif isinstance(value, _CONTAINERS) and id(value) not in seen:
        seen[id(value)] = value
        for place, item in _places(value, seen if old else {}):
            yield from _inside(item, f"{path}/{place}", seen, old)


def _places(container: Any, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    """The things in a container, each with its place: its class, and its number among those of the class.

    Args:
        seen: things that have no place, for they have one elsewhere.
    """
    counts: Counter[str] = Counter()
    taken: set[str] = set()
    for item in _items(container):
        if id(item) in seen:
            continue
        if isinstance(item, Weighted | OptimizerState):
            name = snake_case(getattr(type(item), "stored_as", type(item).__name__))
        elif isinstance(item, _CONTAINERS):
            name = "container"
        else:
            continue
        place = f"{name}_{counts[name]}" if counts[name] else name
        counts[name] += 1
        while place in taken:  # a class `Dense_1` beside two of `Dense`
            place = f"{name}_{counts[name]}"
            counts[name] += 1
        taken.add(place)
        yield place, item


def _items(container: Any) -> Iterable[Any]:
    """What a container holds; a set in the order of names, for it has none that lasts."""
    if isinstance(container, set):
        return sorted(container, key=lambda item: str(getattr(item, "name", "")))
    return container.values() if isinstance(container, dict) else container


def unreached(model: Any, owners: Iterable[Any]) -> list[Variable]:
    """The model's weights that none of `owners` saves."""
    saved = {id(v) for o in owners if isinstance(o, Weighted) for v in (o._own() if _saves_plainly(o) else o.weights)}
    return [variable for variable in model.weights if id(variable) not in saved]


def _saves_plainly(owner: Weighted) -> bool:
    """Whether it saves its own variables alone, as all classes of Tricera do."""
    return type(owner).save_own_variables.__module__.startswith("tricera.")


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that may hold parts: a graph's layers first, public names before private ones."""
    found = {name: value for name, value in vars(thing).items() if name not in _OURS}
    for cls in type(thing).__mro__:
        if not cls.__module__.startswith("tricera."):
            for name, value in vars(cls).items():
                if isinstance(value, property | functools.cached_property) and name not in found:
                    found[name] = _ask(thing, name)
    found.update({name: _ask(thing, name) for name in getattr(type(thing), "stored_by", ())})
    if isinstance(thing, _models("Model")):
        if isinstance(thing, _models("Sequential", "Functional")):
            yield "layers", thing.layers
        found["layers"] = thing.layers
    for name in sorted(found, key=lambda name: (name.startswith("_"), name)):
        if not name.startswith("__"):
            yield name, found[name]


def _ask(thing: Any, name: str) -> Any:
    try:
        return getattr(thing, name)
    except Exception:  # a property that has no answer now holds no part
        return None


def _models(*names: str) -> tuple[Any, ...]:
    known = registry.names("model")
    return tuple(known[name] for name in names if name in known)
