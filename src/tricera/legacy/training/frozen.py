"""`trainable` as Keras 1 and 2 took it: what it was when the model was compiled, until it is compiled again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tricera.engine import tracking
from tricera.legacy import generation


class _Flags:
    """What of a model is trainable: no list of layers, so that nobody takes it for a part of the model."""

    def __init__(self, model: Any):
        layers = model._flatten_layers()
        variables = tracking.unique(v for layer in layers for v in tracking.held(layer, "variable"))
        self._noted = [(layer, "_trainable", layer._trainable) for layer in layers]
        self._noted += [(variable, "trainable", variable.trainable) for variable in variables]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Run a block in which the flags are as they were."""
        changed = [
            (thing, name, old, vars(thing)[name]) for thing, name, old in self._noted if vars(thing)[name] != old
        ]
        for thing, name, old, _ in changed:
            vars(thing)[name] = old
        try:
            yield
        finally:
            for thing, name, old, new in changed:
                if vars(thing)[name] == old:  # else a callback set it
                    vars(thing)[name] = new


def remember(model: Any) -> None:
    """Note what of a model is trainable when it is compiled."""
    if generation.current() < generation.NEWEST:
        model.__dict__["_trainable_when_compiled"] = _Flags(model)


@contextmanager
def as_compiled(model: Any) -> Iterator[None]:
    """Let a block train what was trainable when the model was compiled."""
    flags = vars(model).get("_trainable_when_compiled")
    if flags is None:
        yield
    else:
        with flags.holding():
            yield
