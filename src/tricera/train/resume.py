"""What has to be kept of a training so that another process goes on with it, and how that one does."""

from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera.engine import random
from tricera.errors import report
from tricera.train.loop import Runner

Kept = tuple[dict[str, Any], dict[str, np.ndarray]]

_GROUPS = ("trainable", "others", "optimizer", "metrics")


class Training:
    """A training under way; a callback asks it for what is worth keeping, or tells it what to go on from.

    Attributes:
        epoch: the epoch under way.
    """

    def __init__(self, model: Any, runner: Runner, callbacks: Any, epoch: int):
        self._model, self._runner, self._callbacks, self.epoch = model, runner, callbacks, epoch
        self._pending: Kept | None = None

    def __reduce__(self) -> Any:
        return type(None), ()  # a model that is copied while it trains is not in training

    # ---- keeping

    def captured(self, callback: Any, hook: str, index: int, logs: Any) -> Kept:
        """Facts that JSON can hold, and arrays: all that the rest of the training depends on.

        Args:
            callback: who asks, in its `hook`, which was called with `index` and `logs`: those that come after it are
                called again by whoever goes on.
        """
        values = tree_util.tree_map(np.asarray, jax.device_get(self._values()))
        arrays = {f"{group}/{i}": value for group in values for i, value in enumerate(values[group])}
        place = self._runner.place(index + 1 if hook == "on_train_batch_end" else None)
        if (generator := place.pop("generator", None)) is not None:
            kind, arrays["generator"], *rest = generator
            place["generator"] = [kind, *rest]
        facts = {
            "epoch": self.epoch + (hook == "on_epoch_end"),
            "place": place,
            "asked": [self._callbacks.callbacks.index(callback), hook, index, _plain(dict(logs or {}))],
            "dtypes": {name: str(array.dtype) for name, array in arrays.items()},
            "callbacks": [
                [type(each).__name__, self._remembered(i, each, arrays)]
                for i, each in enumerate(self._callbacks.callbacks)
            ],
        }
        return facts, arrays

    def _values(self) -> dict[str, list[Any]]:
        groups = dict(zip(_GROUPS, self._runner.cells.groups, strict=True))
        groups["process"] = [random.global_seed_generator().state]
        return {name: [v.raw() for v in variables] for name, variables in groups.items()}

    def _remembered(self, place: int, callback: Any, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        """The resumable attributes of a callback; lists of arrays go to `arrays`, and leave their number."""
        found = {}
        for name in getattr(callback, "resumable", ()):
            value = getattr(callback, name)
            if isinstance(value, list) and value and all(hasattr(item, "dtype") for item in value):
                arrays |= {f"callbacks/{place}/{name}/{i}": np.asarray(item) for i, item in enumerate(value)}
                value = {"arrays": len(value)}
            found[name] = _plain(value)
        return found

    # ---- going on

    def resume_from(self, facts: dict[str, Any], arrays: dict[str, np.ndarray], label: str) -> None:
        """Go on from there, once all callbacks know that training begins.

        Raises:
            ValueError: it was kept of another model or training.
        """
        own = {f"{group}/{i}": v.shape for group, values in self._values().items() for i, v in enumerate(values)}
        kept = {name: array.shape for name, array in arrays.items() if name.split("/")[0] in (*_GROUPS, "process")}
        if own != kept:
            name = min(name for name in own.keys() | kept.keys() if own.get(name) != kept.get(name))
            raise ValueError(
                report(
                    f"{label[0].upper()}{label[1:]} is one of another training: {name!r} differs.",
                    expected=f"shape {own[name]}" if name in own else "no such variable",
                    got=f"shape {kept[name]}" if name in kept else "no such variable",
                    fix="compile the same model as before, remove the backup, or use another folder.",
                )
            )
        self._pending = (
            facts,
            {name: array.view(facts["dtypes"].get(name, array.dtype)) for name, array in arrays.items()},
        )

    def begin(self, shuffle: Any) -> None:
        """Go on from what was kept, if a callback asked for it."""
        if self._pending is None:
            return
        (facts, arrays), self._pending = self._pending, None
        self.epoch = facts["epoch"]
        groups = dict(zip(_GROUPS, self._runner.cells.groups, strict=True))
        groups["process"] = [random.global_seed_generator().state]
        for group, variables in groups.items():
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"{group}/{i}"])
        if "generator" in facts["place"]:
            kind, *rest = facts["place"]["generator"]
            facts["place"]["generator"] = (kind, arrays["generator"], *rest)
        self._runner.go_to(facts["place"], shuffle)
        self._remind(facts, arrays)

    def _remind(self, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Give callbacks what they knew, and those that had not been called yet their call."""
        for i, (callback, (name, values)) in enumerate(
            zip(self._callbacks.callbacks, facts["callbacks"], strict=False)
        ):
            if type(callback).__name__ == name:
                for key, value in values.items():
                    if isinstance(value, dict) and value.keys() == {"arrays"}:
                        value = [arrays[f"callbacks/{i}/{key}/{n}"] for n in range(value["arrays"])]
                    held = getattr(callback, key)
                    setattr(callback, key, type(held)(value) if isinstance(held, dict) else value)
        asked, hook, index, logs = facts["asked"]
        for callback in self._callbacks.callbacks[asked + 1 :]:
            getattr(callback, hook)(index, logs)


def _plain(value: Any) -> Any:
    """A value for JSON: arrays and NumPy's numbers as Python's."""
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return np.asarray(value).tolist() if hasattr(value, "dtype") else value
