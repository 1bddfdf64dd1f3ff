"""One measurement in this process: `python -m benchmarks.measure KIND PEER ...` prints its figures as JSON.

Kinds: `fit` (milliseconds a step), `start` (seconds from the start of the process to the end of a first small
`fit`), `folds` (the same model built and trained four times), `memory` (peak of a whole epoch).
"""

import argparse
import json
import resource
import statistics
import sys
import time
from typing import Any

from benchmarks import peers, works
from benchmarks.hide import hide

_SECONDS, _MOST_FITS = 2.0, 5
_FIRST_SAMPLES = 64
_FOLDS, _FOLD_EPOCHS, _FOLD_SAMPLES = 4, 5, 404
_COMPILED = "/jax/core/compile/backend_compile_duration"


def fit(peer: peers.Peer, work: works.Work, scale: float) -> dict[str, Any]:
    """Milliseconds a step, without the first epoch, which compiles: the median of a few calls of `fit`."""
    x, y = work.data(work.samples)
    training = peers.training(peer, work)
    training.fit(x, y, 1)
    epochs = max(1, round(work.epochs * scale))
    seconds: list[float] = []
    while len(seconds) < _MOST_FITS and sum(seconds) < _SECONDS * scale:
        begun = time.perf_counter()
        training.fit(x, y, epochs)
        seconds.append(time.perf_counter() - begun)
    return {"ms": 1e3 * statistics.median(seconds) / (epochs * work.steps)}


def start(peer: peers.Peer, work: works.Work, begun: float) -> dict[str, Any]:
    """Seconds from `begun` (of `time.time`, when the process was started) to the end of a first small `fit`."""
    x, y = work.data(_FIRST_SAMPLES)
    peers.training(peer, work).fit(x, y, 1)
    return {"s": time.time() - begun}


def folds(peer: peers.Peer, work: works.Work, scale: float) -> dict[str, Any]:
    """Seconds of each fold of a k-fold loop, and how often XLA compiled in it (None where there is no JAX)."""
    x, y = work.data(_FOLD_SAMPLES)
    held = _FOLD_SAMPLES // _FOLDS
    epochs = max(1, round(_FOLD_EPOCHS * scale))
    compilations = _count_compilations() if peer.name in ("tricera", "keras-jax") else None
    seconds, counts = [], []
    for _ in range(_FOLDS):
        before, begun = len(compilations or ()), time.perf_counter()
        training = peers.training(peer, work)
        training.fit(x[held:], y[held:], epochs)
        training.evaluate(x[:held], y[:held])
        seconds.append(time.perf_counter() - begun)
        counts.append(None if compilations is None else len(compilations) - before)
    return {"s": seconds, "compilations": counts}


def _count_compilations() -> list[float]:
    """A list that grows by one whenever XLA compiles, or loads what it compiled before."""
    from jax import monitoring

    seen: list[float] = []
    monitoring.register_event_duration_secs_listener(lambda name, s, **_: seen.append(s) if name == _COMPILED else None)
    return seen


def memory(peer: peers.Peer, work: works.Work, samples: int) -> dict[str, Any]:
    """The most memory that the process held, in MiB, over an epoch of `samples` samples, data included."""
    x, y = work.data(samples)
    peers.training(peer, work).fit(x, y, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"mib": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}


KINDS = {"fit": fit, "start": start, "folds": folds, "memory": memory}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.measure", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("peer", choices=peers.BY_NAME)
    parser.add_argument("work", choices=works.BY_NAME)
    parser.add_argument("setting", type=float, help="fit, folds: share of the epochs; start: time of start; samples")
    given = parser.parse_args(arguments)
    hide(peers.BY_NAME[given.peer].hidden)
    setting = int(given.setting) if given.kind == "memory" else given.setting
    print(json.dumps(KINDS[given.kind](peers.BY_NAME[given.peer], works.BY_NAME[given.work], setting)))


if __name__ == "__main__":
    main(sys.argv[1:])
