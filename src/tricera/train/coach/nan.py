"""Where a loss that is no number comes from."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import tree_util

from tricera import config
from tricera.engine.inputs import where
from tricera.engine.pure import pure
from tricera.train.coach.inside import layers_of, tapped
from tricera.train.coach.say import say
from tricera.train.data import Arrays, unpack

_MOST = 5000  # steps made again to find the batch


class Watch:
    """Remembers how an epoch began, where it may end in NaN, so that its batches can be made again one by one.

    A copy of the state is made for the first epoch and after one in which the loss grew; others cost nothing.
    """

    def __init__(self, model: Any, runner: Any):
        self._model, self._runner = model, runner
        self._begun: Any = None
        self._last = np.inf
        self._grew, self._told = True, False

    def begin(self) -> None:
        """Before an epoch."""
        self._begun = (
            tree_util.tree_map(jnp.copy, self._runner.cells.take())
            if self._grew and config.is_coach_enabled()
            else None
        )

    def end(self, epoch_index: int, logs: dict[str, Any]) -> None:
        """After an epoch: if its loss is NaN, say so once, and where it was first."""
        loss = logs.get("loss", 0.0)
        self._grew, self._last = loss > self._last, loss
        if np.isnan(loss) and not self._told and config.is_coach_enabled():
            self._told = True
            say([self._note(epoch_index)])

    def _note(self, epoch_index: int) -> str:
        found = self._found() if self._begun is not None and self._runner._order is not None else None
        rate = _rate(self._model)
        at = f"in epoch {epoch_index + 1}" if found is None else f"in batch {found[0]} of epoch {epoch_index + 1}"
        layer = f", first in {found[1]}" if found else ""
        cure = f"a learning rate of {rate / 10:g} instead of {rate:g}" if rate else "a smaller learning rate"
        return f"the loss became NaN {at}{layer}: try {cure}, or `clipnorm=1.0` in the optimizer."

    def _found(self) -> tuple[int, str] | None:
        """The first batch, counted from 1, whose loss is NaN, and what in it is NaN first."""
        runner, source = self._runner, self._runner.source
        if not isinstance(source, Arrays) or not runner.plan.resident:
            return None
        reached, runner.state = runner.state, self._begun
        order = np.asarray(runner._order)
        try:
            for step, start in enumerate(range(0, min(len(order), _MOST * source.batch_size), source.batch_size)):
                before = tree_util.tree_map(jnp.copy, runner.state)
                chosen = order[start : start + source.batch_size]
                logs = runner._run(runner._at(len(chosen)), source.resident(), runner._order, np.int32(start))
                if np.isnan(float(jax.device_get(logs["loss"]))):
                    batch = tree_util.tree_map(lambda a: a[chosen], source.data)  # noqa: B023
                    return step + 1, self._first(before, batch)
        finally:
            runner.state = reached
        return None

    def _first(self, state: Any, batch: Any) -> str:
        """The first layer that answers with NaN or infinity to a batch."""
        bad: list[Any] = []

        def tap(layer: Any, call: Any, *args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            leaves = [leaf for leaf in tree_util.tree_leaves(output) if hasattr(leaf, "dtype")]
            if not bad and not all(bool(jnp.isfinite(leaf).all()) for leaf in leaves):
                bad.append(layer)
            return output

        def run(x: Any) -> Any:
            with tapped(layers_of(self._model), tap):
                return self._model(x)

        model = self._model
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        pure(run, variables, training=True)([*state[0], *state[1]], unpack(batch)[0])
        return where(bad[0]) if bad else "the loss itself"


def _rate(model: Any) -> float | None:
    rate = getattr(model.optimizer, "learning_rate", None)
    try:
        return float(np.asarray(getattr(rate, "value", rate)))
    except (TypeError, ValueError):
        return None
