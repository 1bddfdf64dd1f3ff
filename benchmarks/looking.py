"""`python -m benchmarks.looking`: VGG16 looked into, beside Keras on JAX: all 64 patterns of a layer, and a heat map.

The patterns of `block1_conv1` at 64 x 64 in 40 steps: Keras by the notes' loop, a compiled function for each filter.
Both sides count the compilation, in a new process with empty caches. The heat map at 224 x 224 is timed, drawn, beside
a forward pass of the same model.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

FILTERS, SIZE, STEPS, ROUNDS = 64, 64, 40, 5


def main() -> None:
    loop, ours, again = _run("loop"), *_run("filters").split()
    print(f"patterns of {FILTERS} filters: Keras {float(loop):.2f} s, Tricera {float(ours):.2f} s", end=" ")
    print(f"({float(loop) / float(ours):.1f} x; a second time {float(again):.2f} s)", flush=True)
    heat, forward = map(float, _run("heatmap").split())
    print(f"heat map {heat:.3f} s, forward pass {forward:.3f} s ({heat / forward:.2f} passes)")


def _run(what: str) -> str:
    with tempfile.TemporaryDirectory(prefix="looking-") as cache:
        peer = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": cache}
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.looking", what]
        done = subprocess.run(command, env={**os.environ, **peer}, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def _loop() -> str:
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


def _filters() -> str:
    import tricera as keras
    from tricera.visualization.filters import patterns

    model = keras.applications.VGG16(weights=None, include_top=False)
    times = [_seconds(lambda: patterns(model, "block1_conv1", SIZE, STEPS)) for _ in range(2)]
    return f"{times[0]} {times[1]}"


def _heatmap() -> str:
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
    if len(sys.argv) < 2:
        main()
    else:
        print({"loop": _loop, "filters": _filters, "heatmap": _heatmap}[sys.argv[1]]())
