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

from tricera import machine
from tricera.errors import report
from tricera.train import epoch as epochs
from tricera.train import programs
from tricera.train.data import Arrays
from tricera.train.plan import Plan

Progress = Iterator[tuple[int, Any]]

_IN_FLIGHT = 8
_SECONDS_SHOWN, _SECONDS_SILENT = 0.1, 0.5


class Runner:
    """One run over one source: training (`kind="train"`) or testing (`"test"`).

    Args:
        plan: how the batches are computed.
        shown: whether somebody watches the progress.

    Attributes:
        made: steps of the epoch to come that another process made.
    """

    def __init__(self, model: Any, source: Any, kind: str, plan: Plan, shown: bool):
        self.model, self.source, self.kind, self.plan = model, source, kind, plan
        self._key, self.cells = model._at_hand(kind)
        self._seconds_per_chunk = _SECONDS_SHOWN if shown else _SECONDS_SILENT
        self._seconds_per_step: float | None = None
        self._prepared = False
        self.state: Any = None
        self._order: Any = None
        self._batches: Any = None
        self._begun = 0  # steps of this order, or batches, that a shorter epoch has made
        self._first = 0  # what `_begun` was as the epoch began
        self._passes = 0  # times that the data have come to their end
        self.made = 0

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

    def _prepare(self, data: Any, order: Any) -> None:
        """Decide between loop and steps; compile the last, smaller batch's program while the first steps run."""
        self._prepared = True
        full, rest = divmod(self.source.samples, self.source.batch_size)
        if self.plan.mode == "epochs" and full and machine.platform() == "cpu":
            traced = self._many.trace(self.model, self.state, data, order, np.int32(0), np.int32(1))
            if "conv_general_dilated" in programs.primitives(traced.jaxpr):
                self.plan = Plan("steps", f"{self.plan.why}, this convolution is slow in loops on the CPU")
        if rest and full:
            self._at(rest).compile_beside(self.model, self.state, data, order, np.int32(0))

    # ---- one epoch

    def begin(self) -> None:
        """Take the state to begin an epoch with; forget what the metrics saw, unless the program does.

        Training goes on where a shorter epoch stopped; each test begins with the first batch, where that can be.
        """
        if self.kind == "test" and self._begun:
            self.source.restart()
            self._batches, self._begun = None, 0
        if not self.made and (not self._prepared or self.plan.mode != "epochs" or self._begun):
            self.cells.reset_metrics()
        self.take()

    def take(self) -> None:
        """Take the state from the variables, which somebody may have set."""
        self.state = self.cells.take()

    def put(self) -> None:
        """Let the variables hold what was reached."""
        self.cells.put(self.state)

    def epoch(self, shuffle: Any, limit: int | None, before: Callable[[int], None]) -> Progress:
        """Run the batches of one epoch on `state`; yields `(steps done, logs)` after each step or chunk of steps.

        Args:
            limit: steps at the most; the next epoch goes on where this one stops short of the data's end.
            before: called before each step or chunk with the number of steps done.
        """
        made, self.made, self._first = self.made, 0, self._begun - self.made
        if made:
            limit = self.source.steps if limit is None else limit
            limit = None if limit is None else limit - made
        if limit == 0:
            self._end_pass(self._begun == self.source.steps)
            return
        for done, logs in self._steps(shuffle, limit, lambda step: before(made + step)):
            yield made + done, logs

    def _steps(self, shuffle: Any, limit: int | None, before: Callable[[int], None]) -> Progress:
        if self.plan.resident:
            return self._resident(shuffle, limit, before)
        if self.plan.mode == "eager":
            step = epochs.train_batch if self.kind == "train" else epochs.test_batch
            return self._streamed(lambda s, batch: step(self.model, s, batch), shuffle, limit, before)
        return self._streamed(lambda s, batch: self._batch(self.model, s, batch), shuffle, limit, before)

    def _end_pass(self, is_over: bool) -> None:
        """Begin the data anew with the next epoch, if this one has come to their end."""
        if is_over:
            if self._batches is not None and not self.source.endless:
                next(self._batches, None)  # which lets it come to its end
            self._begun, self._batches = 0, None
            self._passes += 1

    # ---- the place in the data

    def place(self, steps: int | None) -> dict[str, Any]:
        """Where the data stand after so many steps of the epoch under way, or, None, after an epoch."""
        begun = self._begun if steps is None else self._first + steps
        place: dict[str, Any] = {"steps": steps or 0, "begun": begun, "passes": self._passes}
        if isinstance(self.source, Arrays):
            place["generator"] = self.source.drawn_from if begun else np.random.get_state()  # noqa: NPY002
        return place

    def go_to(self, place: dict[str, Any], shuffle: Any) -> None:
        """Go on from a place that another runner told."""
        self.made, self._begun, self._passes = place["steps"], place["begun"], place["passes"]
        self.source.rewind(place.get("generator"), self._passes)
        if not self._begun:
            return
        if self.plan.resident:
            self._order = jnp.asarray(self.source.order(shuffle).astype("int32"))
        else:
            self._batches = self.source.batches(shuffle)
            deque(itertools.islice(self._batches, self._begun), maxlen=0)

    def _resident(self, shuffle: Any, limit: int | None, before: Callable) -> Progress:
        source, size, first = self.source, self.source.batch_size, self._begun
        if not first:
            self._order = jnp.asarray(source.order(shuffle).astype("int32"))
        data, order = source.resident(), self._order
        if not self._prepared:
            self._prepare(data, order)
        full, rest = divmod(source.samples, size)
        stop = source.steps if limit is None else first + limit
        steps, is_last = range(first, min(full, stop)), stop >= source.steps
        self._begun = steps.stop
        self._end_pass(is_last)
        yield from (self._chunks if self.plan.mode == "epochs" else self._singly)(data, order, steps, before)
        if rest and is_last:
            before(len(steps))
            yield len(steps) + 1, self._run(self._at(rest), data, order, np.int32(full * size))

    def _run(self, program: Callable, *args: Any) -> Any:
        logs, self.state = program(self.model, self.state, *args)
        return logs

    def _singly(self, data: Any, order: Any, steps: range, before: Callable) -> Progress:
        pending: deque[Any] = deque()
        size = self.source.batch_size
        for done, step in enumerate(steps):
            before(done)
            logs = self._run(self._at(size), data, order, np.int32(step * size))
            _hold_back(pending, logs)
            yield done + 1, logs

    def _chunks(self, data: Any, order: Any, steps: range, before: Callable) -> Progress:
        at = steps.start
        while at < steps.stop:
            last = min(steps.stop, at + self._chunk_size())
            before(at - steps.start)
            begun = time.perf_counter()
            logs = self._run(self._many, data, order, np.int32(at), np.int32(last))
            jax.block_until_ready(logs)
            self._learn_pace(last - at, time.perf_counter() - begun)
            at = last
            yield at - steps.start, logs

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

    def _streamed(self, step: Callable, shuffle: Any, limit: int | None, before: Callable) -> Progress:
        batches = self._batches or self.source.batches(shuffle)
        done = 0
        pending: deque[Any] = deque()
        for done, batch in enumerate(itertools.islice(batches, stop_of(self.source, limit)), 1):
            before(done - 1)
            logs, self.state = step(self.state, batch)
            _hold_back(pending, logs)
            yield done, logs
        self._begun += done
        self._batches = batches
        self._end_pass(limit is None or done < limit or self._begun == self.source.steps)
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


def stop_of(source: Any, limit: int | None) -> int | None:
    """The step that an epoch stops at; None where it is the end of the source."""
    return source.steps if limit is None and source.endless else limit


def steps_of(source: Any, limit: int | None) -> int | None:
    """The number of steps of an epoch; None where only the end tells."""
    if limit is not None:
        return min(limit, source.steps) if isinstance(source, Arrays) else limit
    return source.steps
