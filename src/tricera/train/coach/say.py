"""Each mistake once, in one line, with its cure; nothing after `config.coach(False)`."""

import sys
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from jax import tree_util

from tricera import config
from tricera.train.coach import fitting, samples
from tricera.train.coach.curves import overfitting_from
from tricera.train.data import Arrays

_said: dict[str, None] = {}
_looked: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def say(notes: Iterable[str]) -> None:
    """Print each note that was not printed yet."""
    for note in notes:
        if note not in _said:
            _said[note] = None
            print(f"coach: {note}", file=sys.stderr)


def forget() -> None:
    """Let everything be said again."""
    _said.clear()
    _looked.clear()


def on_compile(model: Any) -> None:
    """What `compile` can know: last activations and losses."""
    if config.is_coach_enabled():
        say(_none_of_its_own(fitting.notes, model))


def on_fit(model: Any, source: Any, validation: Any) -> None:
    """What the data tell, once for the same arrays."""
    if not config.is_coach_enabled():
        return
    parts = [part.data if isinstance(part, Arrays) else () for part in (source, validation)]
    key = (model._program_token, *(id(leaf) for leaf in tree_util.tree_leaves(parts)))
    if _looked.get(model) != key or not isinstance(source, Arrays):
        _looked[model] = key
        say(_none_of_its_own(all_notes, model, source, validation))


def on_end(history: Any) -> None:
    """What the curves tell."""
    if config.is_coach_enabled():
        say(of_curves(getattr(history, "history", {})))


def all_notes(model: Any, source: Any, validation: Any = None) -> list[str]:
    """Everything that can be said before training."""
    return [*fitting.notes(model), *samples.notes(model, source, validation)]


def of_curves(history: dict[str, list[float]]) -> Iterable[str]:
    """Whether the history says that training went on for too long."""
    epoch = overfitting_from(history.get("loss", []), history.get("val_loss", []))
    if epoch is not None:
        yield (
            f"overfitting from epoch {epoch}: stop there with `EarlyStopping(patience=3, restore_best_weights=True)`, "
            "or add Dropout, data or augmentation."
        )


def _none_of_its_own(notes: Any, *args: Any) -> list[str]:
    """The notes; none where looking fails: advice must never stand in the way of training."""
    try:
        return list(notes(*args))
    except Exception:
        return []
