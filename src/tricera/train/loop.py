"""Runs the batches of one epoch after another, as the plan says."""

import itertools
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.engine import device
from tricera.errors import report
from tricera.train import epoch as epochs
from tricera.train import programs
from tricera.train.cells import Cells
from tricera.train.data import Arrays
from tricera.train.plan import Plan

Progress = tuple[int, Any]

_IN_FLIGHT = 8
_SECONDS_SHOWN, _SECONDS_SILENT = 0.1, 0.5


class Runner:
    """One run over one source: training (`kind="train"`) or testing (`"test"`).

    Args:
        plan: how the batches are computed.
        shown: whether somebody watches the progress.
    """

    def __init__(self, model: Any, source: Any, kind: str, plan: Plan, shown: bool):
        self.model, self.source, self.kind, self.plan = model, source, kind, plan
        self.cells = Cells(model, kind)
        self._key = model._program_key(kind)
        self._seconds_per_chunk = _SECONDS_SHOWN if shown else _SECONDS_SILENT
        self._seconds_per_step: float | None = None
        self._prepared = False

    # ---- programs

    def _program(self, name: str, make: Callable, *static: Any) -> programs.Program:
        function = make(*static) if static else make
        donate = (0,) if self.kind == "train" else ()
        return programs.program((self._key, name, static), f"{self.kind}_{name}", function, donate)

    @property
    def _many(self) -> programs.Program:
        make = epochs.train_many if self.kind == "train" else epochs.test_many
        return self._program("many", make, self.source.batch_size)

    def _at(self, size: int) -> programs.Program:
        return self._program("at", epochs.train_at if self.kind == "train" else epochs.test_at, size)

    @property
    def _batch(self) -> programs.Program:
        return self._program("batch", epochs.train_batch if self.kind == "train" else epochs.test_batch)

    def _prepare(self, state: Any, data: Any, order: Any) -> None:
        """Decide between loop and steps; compile the last, smaller batch's program while the first steps run."""
        self._prepared = True
        full, rest = divmod(self.source.samples, self.source.batch_size)
        if self.plan.mode == "epochs" and full and device.platform() == "cpu":
            traced = self._many.trace(self.model, state, data, order, np.int32(0), np.int32(1))
            if "conv_general_dilated" in programs.primitives(traced.jaxpr):
                self.plan = Plan("steps", f"{self.plan.why}, this convolution is slow in loops on the CPU")
        if rest and full:
            self._at(rest).compile_beside(self.model, state, data, order, np.int32(0))

    # ---- one epoch

    def begin(self) -> Any:
        """Forget what the metrics saw, unless the program does; the state to begin an epoch with."""
        if not self._prepared or self.plan.mode != "epochs":
            self.cells.reset_metrics()
        return self.cells.take()

    def epoch(self, state: Any, shuffle: Any, limit: int | None) -> Iterator[tuple[int, Any, Any]]:
        """Run the batches of one epoch; yields `(steps done, logs, state)` after each step or chunk of steps."""
        if self.plan.resident:
            yield from self._resident(state, shuffle, limit)
        elif self.plan.mode == "eager":
            step = self.model.train_step if self.kind == "train" else self.model.test_step
            yield from self._streamed(step, state, shuffle, limit)
        else:
            yield from self._streamed(lambda s, batch: self._batch(self.model, s, batch), state, shuffle, limit)

    def _resident(self, state: Any, shuffle: Any, limit: int | None) -> Iterator[tuple[int, Any, Any]]:
        source, model = self.source, self.model
        data, order = source.resident(), jnp.asarray(source.order(shuffle).astype("int32"))
        if not self._prepared:
            self._prepare(state, data, order)
        full, rest = divmod(source.samples, source.batch_size)
        full, rest = (min(full, limit), rest if limit > full else 0) if limit is not None else (full, rest)
        done = 0
        if self.plan.mode == "epochs":
            chunks = self._chunks(state, data, order, full)
            for done, logs, state in chunks:
                yield done, logs, state
        else:
            pending: deque[Any] = deque()
            for done in range(1, full + 1):
                start = np.int32((done - 1) * source.batch_size)
                logs, state = self._at(source.batch_size)(model, state, data, order, start)
                _hold_back(pending, logs)
                yield done, logs, state
        if rest:
            logs, state = self._at(rest)(model, state, data, order, np.int32(full * source.batch_size))
            yield done + 1, logs, state

    def _chunks(self, state: Any, data: Any, order: Any, steps: int) -> Iterator[tuple[int, Any, Any]]:
        done = 0
        many = self._many if steps else None
        while done < steps:
            last = min(steps, done + self._chunk_size())
            begun = time.perf_counter()
            logs, state = many(self.model, state, data, order, np.int32(done), np.int32(last))  # type: ignore[misc]
            jax.block_until_ready(logs)
            self._learn_pace(last - done, time.perf_counter() - begun)
            done = last
            yield done, logs, state

    def _chunk_size(self) -> int:
        if self.plan.chunk:
            return self.plan.chunk
        if self._seconds_per_step is None:
            return 1
        return max(1, int(self._seconds_per_chunk / self._seconds_per_step))

    def _learn_pace(self, steps: int, seconds: float) -> None:
        """The time of a step, from the last chunk; the first one compiles, so that it says nothing."""
        if self._seconds_per_step is None:
            self._seconds_per_step = self._seconds_per_chunk / 16
        else:
            self._seconds_per_step = max(seconds / steps, 1e-7)

    def _streamed(self, step: Callable, state: Any, shuffle: Any, limit: int | None) -> Iterator[tuple[int, Any, Any]]:
        batches = self.source.batches(shuffle)
        done = 0
        pending: deque[Any] = deque()
        for batch in itertools.islice(batches, limit):
            logs, state = step(state, batch)
            done += 1
            _hold_back(pending, logs)
            yield done, logs, state
        self._check_length(done, limit)

    def _check_length(self, done: int, limit: int | None) -> None:
        asked = limit if limit is not None else self.source.steps
        if asked is not None and done < asked:
            warnings.warn(
                report(
                    f"Your input ran out of data: got {done} batches, asked for {asked}.",
                    fix="let the generator go on for ever (`while True:`), or ask for fewer with `steps_per_epoch`.",
                ),
                stacklevel=2,
            )


def _hold_back(pending: deque[Any], logs: Any) -> None:
    """Let no more than a few steps be under way: each holds its batch."""
    pending.append(logs)
    if len(pending) > _IN_FLIGHT:
        jax.block_until_ready(pending.popleft())


def steps_of(source: Any, limit: int | None) -> int | None:
    """The number of steps of an epoch; None where only the end tells."""
    if limit is not None:
        return min(limit, source.steps) if isinstance(source, Arrays) else limit
    return source.steps
