"""The progress bar: `1875/1875 [==============================] - 2s 1ms/step - loss: 0.2921 - accuracy: 0.9134`."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tricera.callbacks import screen
from tricera.callbacks.callback import Callback
from tricera.errors import report

_NARROWEST = 10  # columns between the brackets


class Progbar:
    """Show how far a loop is, how long it takes, and the values that it names.

    On a terminal or in a notebook one line is redrawn in place, cut to the screen's width; elsewhere one line is
    printed at the end. Values may be scalars on the device: they are read only when drawn.

    Args:
        target: number of steps, None where unknown.
        width: columns between the brackets.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: least time between two drawings in seconds.
        stateful_metrics: names of values to show as they are; others are averaged over the steps.
        stateless_metrics: names of values to average over the steps; others are shown as they are.
        unit_name: what a step is called.

    Raises:
        ValueError: both `stateful_metrics` and `stateless_metrics` are given.
    """

    def __init__(
        self,
        target,
        width=20,
        verbose=1,
        interval=0.05,
        stateful_metrics=None,
        stateless_metrics=None,
        unit_name="step",
    ):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                report(
                    "Only one of `stateful_metrics` or `stateless_metrics` can be provided.",
                    fix="name the values to show as they are, or those to average, and leave the other one out.",
                )
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.prefix = ""  # stands before a line that is not drawn in place
        self.drawn_at = float("-inf")
        self._seen = 0
        self._terms: dict[str, list[tuple[Any, int]]] = {}  # values and their numbers of steps
        self._start = time.perf_counter()
        self._first: tuple[int, float] | None = None  # step and time of the first update

    def add(self, n, values=None):
        """Go `n` steps on."""
        self.update(self._seen + n, values)

    def update(self, current, values=None, finalize=None):
        """Show the step `current`.

        Args:
            values: pairs of names and values of the steps since the last update, or a dict.
            finalize: whether this is the last update; None: where `target` is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        now = time.perf_counter()
        self._collect(values or (), max(current - self._seen, 1), finalize)
        self._seen = current
        if self._first is None and current:
            self._first = current, now
        if finalize:
            self._finish(now)
        elif self.is_due(now):
            self.drawn_at = now
            screen.draw(self._cut(screen.columns() - 1, [self._eta(now), *self._shown()]))

    def is_due(self, now: float | None = None) -> bool:
        """Whether an update now would be drawn."""
        now = time.perf_counter() if now is None else now
        return self.verbose == 1 and now - self.drawn_at >= self.interval and screen.is_live()

    # ---- values

    def _collect(self, values: Iterable[tuple[str, Any]] | Mapping[str, Any], steps: int, finalize: bool) -> None:
        for name, value in values.items() if isinstance(values, Mapping) else values:
            if finalize or not self._is_averaged(name):
                self._terms[name] = [(value, 1)]
            else:
                self._terms.setdefault(name, []).append((value, steps))

    def _is_averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return name not in (self.stateful_metrics or ())

    def _shown(self) -> Iterator[str]:
        for name, terms in self._terms.items():
            if isinstance(terms[-1][0], str):
                yield f"{name}: {terms[-1][0]}"
                continue
            steps = sum(count for _, count in terms)
            mean = sum(float(np.mean(value)) * count for value, count in terms) / steps
            self._terms[name] = [(mean, steps)]
            yield f"{name}: {mean:.4f}" if abs(mean) > 1e-3 else f"{name}: {mean:.4e}"

    # ---- the line

    def _finish(self, now: float) -> None:
        if self.verbose == 2:
            screen.say(self.prefix + " - ".join([self._count(), *self._times(now), *self._shown()]))
        elif self.verbose == 1:
            self.drawn_at = now
            screen.say(self.prefix + self._fold(screen.columns(), [" ".join(self._times(now)), *self._shown()]))

    def _line(self, rest: list[str], narrower: float = 0) -> str:
        bar = self._bar(int(max(self.width - narrower, min(self.width, _NARROWEST))))
        return " - ".join([self._count() + bar, *rest])

    def _cut(self, room: float, rest: list[str]) -> str:
        """One line of at most `room` columns: the bar is shortened first, then the last values are left out."""
        excess = max(screen.width(self._line(rest)) - room, 0)
        line = self._line(rest, excess)
        while rest and screen.width(line) > room:
            rest = rest[:-1]
            line = self._line([*rest, "..."], excess)
        return line if screen.width(line) <= room else self._count()

    def _fold(self, room: float, rest: list[str]) -> str:
        """The whole line, the bar shortened where that makes it fit in `room` columns, else broken between values."""
        line = self._line(rest, max(screen.width(self._line(rest)) - room, 0))
        if screen.width(line) <= room:
            return line
        rows = [self._cut(room, [])]
        for part in rest:
            if screen.width(f"{rows[-1]} - {part}") <= room:
                rows[-1] += f" - {part}"
            else:
                rows.append(f"    - {part}")
        return "\n".join(rows)

    def _count(self) -> str:
        return f"{self._seen:{len(str(self.target))}d}/{self.target}" if self.target else f"{self._seen:7d}/Unknown"

    def _bar(self, width: int) -> str:
        if not self.target:
            return ""
        full = int(width * min(self._seen / self.target, 1))
        head = "=" * full if self._seen >= self.target else "=" * (full - 1) + ">" * (full > 0)
        return f" [{head:.<{width}}]"

    def _eta(self, now: float) -> str:
        if not self.target:
            return " ".join(self._times(now))
        return f"ETA: {_clock(self._step_time(now) * max(self.target - self._seen, 0))}"

    def _times(self, now: float) -> tuple[str, str]:
        return f"{now - self._start:.0f}s", f"{_brief(self._step_time(now))}/{self.unit_name}"

    def _step_time(self, now: float) -> float:
        """Seconds a step; the first update, which waits for the compiler, is left out where enough steps follow."""
        step, at = self._first or (0, self._start)
        if 2 * step <= self._seen and step:
            return (now - at) / (self._seen - step)
        return (now - self._start) / self._seen if self._seen else 0.0


def _clock(seconds: float) -> str:
    """A duration to come: `59s`, `1:30`, `2:00:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def _brief(seconds: float) -> str:
    """The duration of a step: `2s`, `13ms`, `0.45ms`."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e3:.2g}ms"  # the bars of old notes end so


class ProgbarLogger(Callback):
    """The progress bar of `fit`, `evaluate` and `predict`: at most ten drawings a second; validation is silent."""

    every_batch = False

    def __init__(self):
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.seen = 0
        self.progbar: Progbar | None = None
        self._is_in_fit = False

    def set_params(self, params):
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs") or 1
        self.target = params.get("steps")

    def on_train_begin(self, logs=None):
        self._is_in_fit = True

    def on_train_end(self, logs=None):
        self._is_in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        self._start(f"Epoch {epoch + 1}/{self.epochs}" if self.epochs > 1 else "")

    def on_train_batch_end(self, batch, logs=None):
        self._update(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_begin(self, logs=None):
        if not self._is_in_fit:
            self._start()

    def on_test_batch_end(self, batch, logs=None):
        if not self._is_in_fit:
            self._update(batch, logs)

    def on_test_end(self, logs=None):
        if not self._is_in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs=None):
        self._start()

    def on_predict_batch_end(self, batch, logs=None):
        self._update(batch, None)

    def on_predict_end(self, logs=None):
        self._finish(None)

    def _start(self, heading: str = "") -> None:
        drawn_at = self.progbar.drawn_at if self.progbar else float("-inf")
        self.progbar = Progbar(self.target, width=30, verbose=self.verbose, interval=0.1, stateless_metrics=())
        # Many short epochs draw no oftener than a long one.
        self.progbar.drawn_at = drawn_at
        self.seen = 0
        if heading and (self.verbose > 2 or (self.verbose == 1 and screen.is_live())):
            screen.say(heading)
        elif heading:
            self.progbar.prefix = f"{heading} - "

    def _update(self, batch: int, logs: Mapping | None) -> None:
        self.seen = batch + 1
        if self.progbar is not None:
            # Unread logs stay on the device while nothing is drawn.
            self.progbar.update(self.seen, _loss_first(logs) if self.progbar.is_due() else None, finalize=False)

    def _finish(self, logs: Mapping | None) -> None:
        if self.progbar is not None:
            self.target = self.progbar.target = self.target or self.seen
            self.progbar.update(self.seen or self.target, _loss_first(logs), finalize=True)


def _loss_first(logs: Mapping | None) -> list[tuple[str, Any]]:
    """Names and values as people read them: the loss, the metrics, then the same of validation."""
    return sorted((logs or {}).items(), key=lambda item: (item[0].startswith("val_"), not item[0].endswith("loss")))
