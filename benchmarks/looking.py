"""`python -m benchmarks.looking [predict] [filters] [heatmap]`: VGG16 at work, and looked into.

Predictions at 150 x 150 in batches of 16, beside Keras on each backend that is installed: images per second, the best
of two processes each, which take turns. The patterns of all 64 filters of `block1_conv1` at 64 x 64 in 40 steps, beside
the notes' loop on Keras with JAX, a compiled function for each filter: both sides count the compilation, in a new
process with empty caches. The heat map at 224 x 224 is timed, drawn, beside a forward pass of the same model.
"""

import importlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.hide import hide
from benchmarks.peers import PEERS, Peer

FILTERS, SIZE, STEPS, ROUNDS, BATCH = 64, 64, 40, 5, 16


def main(chosen: list[str]) -> None:
    for name in chosen or REPORTS:
        REPORTS[name]()


def report_predictions() -> None:
    """How many images per second each library sees."""
    peers = [peer for peer in PEERS if peer.installed and peer.name != "torch"]
    rates = dict.fromkeys(peers, 0.0)
    for _ in range(2):
        for peer in peers:
            rates[peer] = max(rates[peer], float(_run("predict", peer)))
    print("predictions:", ", ".join(f"{peer.title} {rate:.2f} images/s" for peer, rate in rates.items()), end=" ")
    ours, *others = rates.values()
    print(f"({ours / max(others):.2f} x of the best other)" if others else "", flush=True)


def report_filters() -> None:
    """The patterns of a layer, beside the notes' loop."""
    loop, ours, again = _run("loop"), *_run("filters").split()
    print(f"patterns of {FILTERS} filters: Keras {float(loop):.2f} s, Tricera {float(ours):.2f} s", end=" ")
    print(f"({float(loop) / float(ours):.1f} x; a second time {float(again):.2f} s)", flush=True)


def report_heatmap() -> None:
    """A heat map, beside a forward pass."""
    heat, forward = map(float, _run("heatmap").split())
    print(f"heat map {heat:.3f} s, forward pass {forward:.3f} s ({heat / forward:.2f} passes)", flush=True)


REPORTS = {"predict": report_predictions, "filters": report_filters, "heatmap": report_heatmap}


def _run(what: str, peer: Peer = PEERS[1]) -> str:
    with tempfile.TemporaryDirectory(prefix="looking-") as cache:
        caches = {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": cache}
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.looking", "--alone", what, peer.name]
        given = {**os.environ, **peer.environment, **caches}
        done = subprocess.run(command, env=given, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def _predict(name: str) -> str:
    peer = next(peer for peer in PEERS if peer.name == name)
    hide(peer.hidden)
    keras = importlib.import_module(peer.module)
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    images = np.random.default_rng(0).random((3 * BATCH, 150, 150, 3), dtype=np.float32)
    work = lambda: model.predict(images, batch_size=BATCH, verbose=0)  # noqa: E731
    work()
    return f"{len(images) / min(_seconds(work) for _ in range(ROUNDS))}"


def _loop(_: str) -> str:
    """The notes' loop."""
    import jax
    import jax.numpy as jnp
    import keras

    model = keras.applications.VGG16(weights=None, include_top=False)
    part = keras.Model(model.input, model.get_layer("block1_conv1").output)

    def pattern(index: int) -> Any:
        @jax.jit
        def iterate(x: Any) -> Any:
            slope = jax.grad(lambda x: jnp.mean(part(x)[..., index]))(x)
            return slope / (jnp.sqrt(jnp.mean(jnp.square(slope))) + 1e-5)

        x = np.random.default_rng(0).random((1, SIZE, SIZE, 3), dtype=np.float32) * 20 + 128
        for _ in range(STEPS):
            x += iterate(x)
        return x

    return f"{_seconds(lambda: [pattern(index) for index in range(FILTERS)])}"


def _filters(_: str) -> str:
    import tricera as keras
    from tricera.visualization.filters import patterns

    model = keras.applications.VGG16(weights=None, include_top=False)
    times = [_seconds(lambda: patterns(model, "block1_conv1", SIZE, STEPS)) for _ in range(2)]
    return f"{times[0]} {times[1]}"


def _heatmap(_: str) -> str:
    import tricera as keras
    from tricera.visualization import class_heatmap

    model = keras.applications.VGG16(weights=None)
    image = np.random.default_rng(0).random((224, 224, 3), dtype=np.float32)
    works = (lambda: class_heatmap(model, image, 386), lambda: model.predict(image[None], verbose=0))
    for work in works:
        work()
    times = [[_seconds(work) for work in works] for _ in range(ROUNDS)]
    heat, forward = (statistics.median(column) for column in zip(*times, strict=True))
    return f"{heat} {forward}"


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        alone = {"predict": _predict, "loop": _loop, "filters": _filters, "heatmap": _heatmap}
        print(alone[sys.argv[2]](sys.argv[3]))
    else:
        main(sys.argv[1:])
