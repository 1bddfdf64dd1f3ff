"""`python -m benchmarks.loading`: load 500 MB of weights, Tricera beside Keras on JAX: time, speed, memory.

The file is read once before, so that all come from the page cache; its plain reading is timed in the same process.
"""

import json
import mmap
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

UNITS, LAYERS, ROUNDS = 5000, 5, 3  # 5 kernels of 100 MB
PEERS = ("tricera", "keras")
FORMS = {"weights": "w.weights.h5", "weights of Keras 2": "w.h5", "model": "m.h5", "archive": "m.keras"}
WEIGHTS = ("weights", "weights of Keras 2")  # which are loaded into a model that is there


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="loading-") as folder:
        _run("write", "tricera", folder)
        for form, name in FORMS.items() if not sys.argv[1:] else [(sys.argv[1], FORMS[sys.argv[1]])]:
            size = Path(folder, name).stat().st_size / 1e6
            print(f"{name}, {size:.0f} MB", flush=True)
            found: dict[str, list[dict[str, float]]] = {peer: [] for peer in PEERS}
            for _ in range(ROUNDS):
                for peer in PEERS:
                    found[peer].append(_run(form, peer, folder))
            for peer, runs in found.items():
                print(f"  {peer:8} {_line(runs, size)}", flush=True)


def _line(runs: list[dict[str, float]], size: float) -> str:
    seconds, read, extra = (statistics.median(run[name] for run in runs) for name in ("seconds", "read", "extra"))
    speed = f"{size / seconds:5.0f} MB/s, {read / seconds:4.0%} of plain reading ({size / read:.0f} MB/s)"
    return f"{seconds:6.2f} s, {speed}, {extra / size:.2f} x the file's size in extra memory"


def _run(what: str, peer: str, folder: str) -> dict[str, float]:
    """One measurement in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.loading", what, peer, folder]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout or b"{}")


def _model(keras: Any) -> Any:
    dense = [keras.layers.Dense(UNITS) for _ in range(LAYERS)]
    return keras.Sequential([keras.layers.Input((UNITS,)), *dense])


def _write(keras: Any, folder: Path) -> None:
    import numpy as np

    model = _model(keras)
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).random(weight.shape, "float32"))
    for form in WEIGHTS:
        model.save_weights(folder / FORMS[form])
    model.save(folder / FORMS["model"])
    model.save(folder / FORMS["archive"])


def _measure(keras: Any, form: str, path: Path) -> dict[str, float]:
    model = _model(keras) if form in WEIGHTS else None
    _read(path)
    read = min(_read(path) for _ in range(3))
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    start = time.perf_counter()
    if model is not None:
        model.load_weights(path)
    else:
        model = keras.saving.load_model(path)
    for weight in model.weights:
        weight._value.block_until_ready()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "read": read, "extra": (_memory("VmHWM") - before) / 1e6}


def _read(path: Path) -> float:
    """Seconds to read the whole file into memory that is new, as that of weights is."""
    start = time.perf_counter()
    with open(path, "rb", buffering=0) as file, mmap.mmap(-1, path.stat().st_size) as memory:
        view = memoryview(memory)
        left = view
        while left:
            left = left[file.readinto(left) :]
        seconds = time.perf_counter() - start
        left.release(), view.release()
    return seconds


def _memory(name: str) -> int:
    """Bytes, as Linux counts them for this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    if len(sys.argv) < 4:
        main()
    else:
        what, peer, place = sys.argv[1:]
        module = __import__(peer)
        if what == "write":
            _write(module, Path(place))
        else:
            print(json.dumps(_measure(module, what, Path(place, FORMS[what]))))
