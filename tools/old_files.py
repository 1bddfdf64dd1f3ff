"""Open every model file below a folder: `python tools/old_files.py FOLDER [--kind KIND] [--every N]`.

Prints which files open, and which of them predict what the Keras that wrote them recorded beside them
(`NAME_inputs_and_outputs.h5`: inputs, activations of each layer, predictions; `NAME_input.txt` and `NAME_output.txt`),
by kind: the Keras that wrote the file. Every file that does not open or does not match is listed with its reason.
"""

import argparse
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

TOLERANCE = 1e-5
SUFFIXES = {".h5", ".hdf5", ".keras", ".json", ".weight", ".scope"}


class Result(NamedTuple):
    """What became of one file: `opens`, `matches`, `differs` or `refused`, and why."""

    path: Path
    kind: str
    outcome: str
    reason: str = ""


def kind_of(path: Path) -> str | None:
    """Which Keras wrote the model; None for what is no model."""
    if path.suffix not in SUFFIXES or "inputs_and_outputs" in path.name:
        return None
    if path.suffix == ".keras":
        return ".keras"
    if ".json" in path.name:
        config = json.loads(path.read_text())
        return f"JSON of Keras {str(config.get('keras_version', '?')).partition('.')[0]}"
    with h5py.File(path) as file:
        if "model_config" not in file.attrs:
            return None
        version, backend = (_text(file.attrs.get(name, "")) for name in ("keras_version", "backend"))
    short = ".".join(version.split(".")[:2])
    return f"HDF5 of {'tf.keras' if '-tf' in version or version >= '2.4' else 'Keras'} {short} {backend}".strip()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def recorded(path: Path) -> tuple[list[np.ndarray], dict[str, np.ndarray]] | None:
    """The inputs and, by layer, the outputs that were recorded beside a model."""
    stem = path.with_suffix("").name.removesuffix("_model")
    numbers = path.with_name(f"{stem}_inputs_and_outputs.h5")
    if numbers.exists():
        with h5py.File(numbers) as file:
            inputs = [file["inputs"][name][()] for name in json.loads(file.attrs["inputs"])["inputs"]]
            found = {**_arrays(file["activations"]), **_arrays(file["predictions"])}
        return inputs, found
    given, expected = path.with_name(f"{stem}_input.txt"), path.with_name(f"{stem}_output.txt")
    if given.exists():  # the image as planes, one channel after another
        return [np.loadtxt(given, dtype="float32")], {"": np.loadtxt(expected)}
    return None


def _arrays(group: h5py.Group) -> dict[str, np.ndarray]:
    return {name: data[()] for name, data in group.items() if isinstance(data, h5py.Dataset)}


def largest_error(model: Any, inputs: list[np.ndarray], expected: dict[str, np.ndarray]) -> float:
    """The largest difference between what a model's layers compute and what was recorded."""
    from tricera import models

    names = [name for name in expected if name]
    outputs = [model.get_layer(name).output for name in names] if names else [model.output]
    if not names:
        height, width, channels = model.inputs[0].shape[1:]
        inputs = [np.moveaxis(inputs[0].reshape(1, channels, height, width), 1, -1)]
    size = model.inputs[0].shape[0] or len(inputs[0])
    found = models.Model(model.inputs, outputs).predict(inputs, verbose=0, batch_size=size)
    return max(
        float(np.max(np.abs(got.reshape(-1) - want.reshape(-1)) / np.maximum(1, np.abs(want.reshape(-1)))))
        for got, want in zip(found if isinstance(found, list) else [found], expected.values(), strict=True)
    )


def judge(path: Path, kind: str) -> Result:
    """Open one file, and compare with what was recorded."""
    from tricera import saving

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if kind.startswith("JSON"):
                saving.model_from_json(path.read_text())
                return Result(path, kind, "opens")
            model = saving.load_model(path)
    except Exception as error:
        return Result(path, kind, "refused", f"{type(error).__name__}: {str(error).splitlines()[0]}")
    said = "; ".join(str(each.message).splitlines()[0] for each in caught if each.category is UserWarning)
    numbers = recorded(path)
    if numbers is None:
        return Result(path, kind, "opens", said)
    error = largest_error(model, *numbers)
    return Result(path, kind, "matches" if error <= TOLERANCE else "differs", f"largest error {error:.1e}")


def results(folder: Path, kind: str | None = None, every: int = 1) -> Iterator[Result]:
    """What becomes of the models below a folder; of each kind, every so many."""
    seen: Counter[str] = Counter()
    for path in sorted(folder.rglob("*")):
        found = kind_of(path) if path.is_file() else None
        if found and kind in (None, found):
            seen[found] += 1
            if (seen[found] - 1) % every == 0:
                yield judge(path, found)


def table(found: list[Result]) -> str:
    """The numbers of each outcome, by kind."""
    outcomes = ("opens", "matches", "differs", "refused")
    counts = Counter((each.kind, each.outcome) for each in found)
    rows = [[kind, *(counts[kind, outcome] for outcome in outcomes)] for kind in sorted({each.kind for each in found})]
    rows.append(["all", *(sum(counts[row[0], outcome] for row in rows) for outcome in outcomes)])
    lines = [["kind", *outcomes], *rows]
    return "\n".join(f"{name:<36}" + "".join(f"{cell!s:>10}" for cell in cells) for name, *cells in lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", help="only this kind, as the table names it")
    parser.add_argument("--every", type=int, default=1, help="only every so many files of each kind")
    chosen = parser.parse_args(arguments)
    found = list(results(chosen.folder, chosen.kind, chosen.every))
    for each in found:
        if each.outcome in ("differs", "refused") or (each.reason and each.outcome == "opens"):
            print(f"{each.outcome}: {each.path.relative_to(chosen.folder)}: {each.reason}")
    print(table(found))
    return any(each.outcome == "differs" for each in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
