"""Change valid files at random and open them: only errors of Tricera's own come out, soon, and nothing else happens.

    python tools/fuzz_files.py --cases 100000 --seed 1 --keep found

Each case is made of the seed and its number alone. A process that watches itself runs the cases; this one starts it
anew where it dies, and tells what was found: crashes, time-outs, other errors, files or sockets that were opened.
"""

import argparse
import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SECONDS, MEMORY = 20, 3 << 30  # what one case may take
SILENCE = 90  # seconds after which a process that says nothing is ended: no signal reaches it in foreign code
_NUMBERS = [0, -1, 1, 2, 3, 2**31, 2**63, 10**9, 10**30, 0.5, 1e308, -1e308, float("nan"), float("inf"), True]
_WORDS = ["relu", "mse", "../x", "/etc/passwd", "C:x", "é", "__lambda__", "os.system", "keras", "function", "same"]
_WORDS += ["Functional", "Sequential", "float16", "channels_first", "(a+)+$", "file:///etc/passwd"]
_WORDS += ["", "\0", "a" * 5000]


# ---- changes


def changed_json(rng: random.Random, value: Any) -> Any:
    """A configuration with one to four changes."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 4)):
        _change(rng, value)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found, stack = [], [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict | list):
            for key in each if isinstance(each, dict) else range(len(each)):
                found.append((each, key))
                stack.append(each[key])
    return found


def _change(rng: random.Random, config: Any) -> None:
    places = _places(config)
    if not places:
        return
    holder, key = rng.choice(places)
    other, other_key = rng.choice(places)
    how = rng.randrange(8)
    if how == 0:
        del holder[key]
    elif how == 1:
        holder[key] = rng.choice(_NUMBERS)
    elif how == 2:
        holder[key] = rng.choice(_WORDS)
    elif how == 3:
        holder[key] = json.loads(json.dumps(other[other_key]))
    elif how == 4:
        holder[key] = rng.choice([None, [], {}, [[]], [None], [holder[key]], {"class_name": "x", "config": {}}])
    elif how == 5 and isinstance(holder[key], int | float):
        holder[key] = rng.choice([-holder[key], holder[key] * 10**6, holder[key] + 1, [holder[key]] * 3])
    elif how == 6:
        forms = [h for h, k in places if k == "class_name"]
        if forms:
            rng.choice(forms)["class_name"] = rng.choice(_known())
    elif isinstance(holder, dict):
        holder[rng.choice(_known())] = holder[key]
    else:
        holder.append(holder[key])


def _known() -> list[str]:
    from tricera.engine import registry

    return sorted({name for role in registry.roles() for name in registry.names(role)})


def changed_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes with a few others, cut or longer."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        at = rng.randrange(len(changed))
        how = rng.randrange(5)
        if how == 0:
            changed[at] = rng.randrange(256)
        elif how == 1:
            changed[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            size = rng.choice([2, 4, 8])
            changed[at : at + size] = rng.choice([0, 1, 2**31, 2 ** (8 * size) - 1]).to_bytes(8, "little")[:size]
        elif how == 3:
            other, size = rng.randrange(len(changed)), rng.choice([8, 24, 64])
            changed[at : at + size] = changed[other : other + size]
        elif rng.random() < 0.2:
            del changed[at:]
            changed += b"\0"
    return bytes(changed)


def changed_arrays(rng: random.Random, data: bytes) -> bytes:
    """An HDF5 file with other shapes, dtypes, names, links or attributes, or with other bytes."""
    import h5py
    import numpy as np

    if rng.random() < 0.5:
        return changed_bytes(rng, data)
    memory = io.BytesIO(data)
    with h5py.File(memory, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        for _ in range(rng.randint(1, 3)):
            name, other = rng.choice(names), rng.choice(names)
            if name not in file or other not in file:
                continue
            how = rng.randrange(6)
            if how == 0:
                del file[name]
            elif how == 1:
                file[f"{name}_{rng.choice('ab.')}"] = rng.choice(
                    [h5py.SoftLink(other), h5py.ExternalLink("x", "/"), file[other]]
                )
            elif how == 2:
                del file[name]
                shape = rng.choice([(), (0,), (3,), (2, 5), (10**6, 10**6)])
                file.create_dataset(
                    name, shape, rng.choice(["f4", "i8", "f2", "S3", "c8"]), chunks=(1,) * len(shape) or None
                )
            elif how == 3:
                file.move(name, rng.choice(["moved", f"{other}/x", "layers/dense/vars/9"]) + str(rng.randrange(9)))
            elif how == 4:
                file[name].attrs[rng.choice(["name", "weight_names", "layer_names", "model_config"])] = rng.choice(
                    _WORDS[:-1]
                ).replace("\0", "")
            else:
                file.attrs[rng.choice(["layer_names", "keras_version", "backend"])] = np.asarray(
                    [w.encode() for w in _known()[:3]]
                )
    return memory.getvalue()


def changed_archive(rng: random.Random, data: bytes) -> bytes:
    """A `.keras` file with another configuration, other arrays, or other bytes."""
    how = rng.random()
    if how < 0.2:
        return changed_bytes(rng, data)
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(memory, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json" and how < 0.8:
                content = json.dumps(changed_json(rng, json.loads(content))).encode()
            elif name.endswith(".h5") and how > 0.7:
                content = changed_arrays(rng, content)
            name = rng.choice(["../x", "a/b", name.upper()]) if rng.random() < 0.02 else name
            new.writestr(name, content, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    return memory.getvalue()


# ---- what is changed, and where it is opened


def seeds() -> list[tuple[str, bytes, Callable[[Any], Any]]]:
    """Valid files: a suffix, the content, and the model whose weights they are."""
    from tricera import layers, models, ops, optimizers, saving

    def stack() -> Any:
        inner = [layers.Conv2D(2, 3, activation="relu"), layers.BatchNormalization(), layers.Flatten()]
        return models.Sequential(
            [layers.Input((5, 5, 1)), *inner, layers.Dense(2, kernel_regularizer="l2")], name="stack"
        )

    def words() -> Any:
        inner = [
            layers.Embedding(5, 3, mask_zero=True),
            layers.Bidirectional(layers.LSTM(2)),
            layers.Dropout(0.5, seed=1),
        ]
        return models.Sequential([layers.Input((4,)), *inner, layers.Dense(1)], name="words")

    def texts() -> Any:
        lookup = layers.StringLookup(vocabulary=["a", "b", "c"], name="lookup")
        return models.Sequential([layers.Input((3,), dtype="string"), lookup, layers.Embedding(6, 2)], name="texts")

    def graph() -> Any:
        a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
        shared = layers.Dense(3, name="shared")
        x = layers.Add()([shared(a), shared(b)]) * 2.0
        return models.Model([a, b], ops.concatenate([x, layers.Activation("gelu")(x)], axis=-1), name="graph")

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for make, optimizer in ((stack, "adam"), (words, optimizers.SGD(0.1)), (texts, "sgd"), (graph, "rmsprop")):
            model = make()
            model.compile(optimizer, "mse", metrics=["mae", "AUC"])
            model.save(Path(folder, "m.keras"))
            model.save_weights(Path(folder, "m.weights.h5"))
            for name in ("m.keras", "m.weights.h5"):
                found.append((name, Path(folder, name).read_bytes(), make))
            found.append(("m.json", model.to_json().encode(), make))
            try:
                model.save(Path(folder, "m.h5"))
                found.append(("m.h5", Path(folder, "m.h5").read_bytes(), make))
            except ValueError:  # a version that does not write these
                pass
    assert saving.load_model
    return found


def others(folder: Path | None, most: int = 100_000) -> list[tuple[str, bytes, None]]:
    """The small whole-model files of a folder that open as they are."""
    from tricera import models

    found: list[tuple[str, bytes, None]] = []
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.suffix in (".h5", ".hdf5", ".keras") and path.stat().st_size < most:
            with contextlib.suppress(Exception):
                models.load_model(path)
                found.append(("m.keras" if path.suffix == ".keras" else "m.h5", path.read_bytes(), None))
    return found


def opened(name: str, data: bytes, make: Callable[[], Any] | None, folder: Path) -> None:
    """Open the content as what its name says."""
    from tricera import models

    path = folder / name
    path.write_bytes(data)
    if name == "m.json":
        models.model_from_json(data.decode("utf-8", "replace"))
    elif name == "m.weights.h5" and make:
        make().load_weights(path)
    else:
        models.load_model(path)
        if name == "m.h5" and make:
            make().load_weights(path)


def case(kinds: list, seed: int, number: int) -> tuple[str, bytes, Callable[[], Any] | None]:
    """The changed file of a number."""
    rng = random.Random(f"{seed}/{number}")
    name, data, make = rng.choice(kinds)
    if name == "m.json":
        return name, json.dumps(changed_json(rng, json.loads(data))).encode(), make
    return name, (changed_archive if name == "m.keras" else changed_arrays)(rng, data), make


# ---- one process that runs cases, and one that looks after it


def work(seed: int, first: int, last: int, also: Path | None) -> None:
    """Run cases; a line on standard output for the beginning of each, and for what is wrong with it."""
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    warnings.simplefilter("ignore")
    from tests.saving.hostile import audit

    kinds = [*seeds(), *others(also)]
    with tempfile.TemporaryDirectory() as place:
        for name, data, make in kinds:  # everything is imported and compiled once
            opened(name, data, make, Path(place))
        audit.limit(MEMORY)
        signal.signal(signal.SIGALRM, _too_long)
        for number in range(first, last):
            print("case", number, flush=True)
            try:
                name, data, make = case(kinds, seed, number)
            except Exception:  # HDF5 itself does not make this file
                continue
            signal.alarm(SECONDS)
            try:
                with audit.watching(Path(place)) as seen:
                    opened(name, data, make, Path(place))
            except BaseException as error:
                signal.alarm(0)
                if not _is_ours(error):
                    print(
                        "found",
                        number,
                        json.dumps(f"{name}: {''.join(traceback.format_exception(error)[-6:])}"),
                        flush=True,
                    )
            signal.alarm(0)
            if seen:
                print("found", number, json.dumps(f"{name}: {seen[:3]}"), flush=True)


def _too_long(*_: Any) -> None:
    raise TimeoutError


def _is_ours(error: BaseException) -> bool:
    from tricera import errors

    text = str(error)
    if isinstance(error, TypeError) and "\n  " not in text:  # one of Python's
        return False
    return (
        isinstance(error, errors.SafetyError | ValueError | TypeError | OSError)
        and not isinstance(error, TimeoutError | UnicodeError | json.JSONDecodeError)
        and bool(text)
    )


def _lines(process: subprocess.Popen) -> Iterator[str]:
    """What a process says, until it has said nothing for too long."""
    return iter(lambda: _before(SILENCE, process, process.stdout.readline), "")  # type: ignore[union-attr]


def _before(seconds: float, process: subprocess.Popen, read: Callable[[], str]) -> str:
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        return read()
    finally:
        timer.cancel()


def supervise(
    seed: int, cases: int, seconds: float, keep: Path | None = None, also: Path | None = None
) -> list[tuple[int, str]]:
    """Run all cases in processes of their own; what was found, by number."""
    found: list[tuple[int, str]] = []
    number, end = 0, time.monotonic() + seconds
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "TRICERA_CACHE": "0",
        "TRICERA_NATIVE": "0",
        "PYTHONPATH": str(ROOT / "src"),
        "KERAS_BACKEND": "jax",
    }
    while number < cases and time.monotonic() < end:
        command = [sys.executable, __file__, "--work", str(number), str(cases), "--seed", str(seed)]
        command += ["--also", str(also)] if also else []
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        began = number
        for line in _lines(process):
            kind, _, rest = line.partition(" ")
            if kind == "case":
                began, number = int(rest), int(rest) + 1
            elif kind == "found":
                at, _, text = rest.partition(" ")
                found.append((int(at), json.loads(text)))
                print(f"--- {at}\n{found[-1][1]}", flush=True)
            if time.monotonic() > end:
                process.kill()
                break
        else:
            if process.wait() and number < cases + 1:
                found.append((began, f"the process died ({process.returncode})"))
                print(f"--- {began}\n{found[-1][1]}", flush=True)
                number = began + 1
        process.wait()
    if keep and found:
        sys.path[:0] = [str(ROOT / "src")]
        kinds = [*seeds(), *others(also)]
        for at, text in found:
            folder = keep / f"{seed}-{at}"
            folder.mkdir(parents=True, exist_ok=True)
            name, data, _ = case(kinds, seed, at)
            (folder / name).write_bytes(data)
            (folder / "why.txt").write_text(text)
    print(f"{number} cases, {len(found)} found")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--keep", type=Path, help="a folder for the files that were found")
    parser.add_argument("--also", type=Path, help="a folder of more files to change")
    parser.add_argument("--work", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.seed, *options.work, options.also)
        return 0
    return bool(supervise(options.seed, options.cases, options.seconds, options.keep, options.also))


if __name__ == "__main__":
    sys.exit(main())
