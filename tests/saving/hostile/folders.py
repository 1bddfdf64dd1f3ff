"""SavedModel folders of strangers, written byte by byte: their notes, the table of their arrays, and these."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.saving.hostile import content, doors
from tests.saving.hostile.doors import Door, case
from tricera import layers
from tricera.saving.savedmodel import table

NOTES, INDEX, DATA = "keras_metadata.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"
GRAPH, FLOAT, TEXT = "_CHECKPOINTABLE_OBJECT_GRAPH", 1, 7
Entries = dict[str, dict[int, Any]]


def message(fields: dict[int, Any]) -> bytes:
    """A protocol buffer: numbers, texts, messages inside, and lists of these."""
    found = b""
    for number, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                found += varint(number << 3) + varint(value)
                continue
            data = message(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(data)) + data
    return found


def varint(value: int) -> bytes:
    """A number, seven bits a byte."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def tabled(values: dict[str, bytes]) -> bytes:
    """A table of one block."""
    found = b""

    def put(pairs: dict[str, bytes]) -> bytes:
        nonlocal found
        block = b"".join(
            varint(0) + varint(len(key)) + varint(len(value)) + key.encode() + value for key, value in pairs.items()
        )
        start, block = len(found), block + bytes(4) + (1).to_bytes(4, "little")
        found += block + b"\0" + table._masked(memoryview(block + b"\0")).to_bytes(4, "little")
        return varint(start) + varint(len(block))

    index = put({"z": put(dict(sorted(values.items())))})
    return found + (bytes(2) + index).ljust(40, b"\0") + table._MAGIC.to_bytes(8, "little")


def written(folder: Path, form: Any = None, change: Callable[[Entries], Any] | None = None) -> Path:
    """The small model as a SavedModel folder; with a form in the place of its layer, or with entries changed."""
    model = doors.whole(form)
    note = {**model, "name": "m"}
    layer = {"name": "d", "class_name": "Dense", "trainable": True}
    notes = [(0, "root", "_tf_keras_sequential", note), (1, "root.layer-0", "_tf_keras_layer", layer)]
    arrays = {"kernel": np.full((4, 3), 2.0, "float32"), "bias": np.ones(3, "float32")}
    variables = [{2: {1: "VARIABLE_VALUE", 2: name, 3: name}} for name in arrays]
    children = [{1: {1: 1, 2: "layer-0"}}, {1: [{1: 2, 2: "kernel"}, {1: 3, 2: "bias"}]}]
    graph = message({1: [*children, *variables]})
    text = varint(len(graph)) + bytes(4) + graph
    data, entries = text, {GRAPH: {1: TEXT, 4: 0, 5: len(text)}}
    for name, array in arrays.items():
        shape = {2: [{1: size} for size in array.shape]}
        entries[name] = {1: FLOAT, 2: shape, 4: len(data), 5: array.nbytes}
        data += array.tobytes()
    if change:
        change(entries)
    (folder / "variables").mkdir(parents=True)
    (folder / DATA).write_bytes(data)
    (folder / INDEX).write_bytes(tabled({"": message({1: 1}), **{k: message(v) for k, v in entries.items()}}))
    nodes = [{2: number, 3: path, 4: kind, 5: json.dumps(each)} for number, path, kind, each in notes]
    (folder / NOTES).write_bytes(message({1: nodes}))
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def older(folder: Path, form: Any = None) -> Path:
    """The same with its notes where tf.keras had them until 2.4: in the program."""
    made = written(folder, form)
    (made / NOTES).unlink()
    root = {1: {1: 1, 2: "layer-0"}, 4: {1: "_tf_keras_sequential", 3: json.dumps({**doors.whole(form), "name": "m"})}}
    layer = {4: {1: "_tf_keras_layer", 3: json.dumps({"name": "d", "class_name": "Dense"})}}
    (made / "saved_model.pb").write_bytes(message({2: {7: {1: [root, layer]}}}))
    return made


def _doors(folder: Path, weights: bool = True) -> Iterator[Door]:
    yield f"load_model({folder.name})", lambda: doors.models.load_model(folder)
    yield f"load_model({folder.name}, safe_mode=None)", lambda: doors.models.load_model(folder, safe_mode=None)
    if weights:
        yield f"load_weights({folder.name})", lambda: doors.loaded(folder)
        yield f"load_weights({folder.name}/variables)", lambda: doors.loaded(folder / "variables" / "variables")


@case(None)
def a_saved_model_that_is_meant(folder: Path) -> Iterator[Door]:
    yield from _doors(written(folder / "m"))
    yield from _doors(older(folder / "older"))


@case(content.CODE, "CVE-2024-3660")
def code_in_a_saved_model(folder: Path) -> Iterator[Door]:
    for i, form in enumerate([content.lambda_(), content.old_lambda(), doors.inside(content.old_lambda())]):
        yield from _doors(written(folder / str(i), form), weights=False)
        yield from _doors(older(folder / f"{i} older", form), weights=False)


@case("Could not locate|Unknown", "CVE-2025-1550")
def a_function_of_python_in_a_saved_model(folder: Path) -> Iterator[Door]:
    for i, (module, name) in enumerate([("os", "system"), ("stranger.code", "Stranger"), ("keras.utils", "get_file")]):
        for kind in ("class", "function"):
            named = content.named(module, name, kind)
            yield from _doors(written(folder / f"{i}{kind}", named), weights=False)
            dense = layers.serialize(layers.Dense(3, name="d", activation="relu"))
            dense["config"]["activation"] = named
            yield from _doors(written(folder / f"{i}{kind} inside", dense), weights=False)


@case("would take far more than", "CVE-2026-0897")
def a_huge_layer_in_a_saved_model(folder: Path) -> Iterator[Door]:
    form = layers.serialize(layers.Dense(1 << 34, name="d"))
    yield from _doors(written(folder / "m", form), weights=False)


LIES: dict[str, Callable[[Entries], Any]] = {
    "shape": lambda entries: entries["kernel"].update({2: {2: [{1: 1 << 25}, {1: 1 << 25}]}}),
    "shape and size": lambda entries: entries["kernel"].update({2: {2: [{1: 1 << 25}, {1: 1 << 25}]}, 5: 1 << 52}),
    "axes": lambda entries: entries["kernel"].update({2: {2: [{1: 1}] * 100}}),
    "size": lambda entries: entries["kernel"].update({5: 1 << 62}),
    "start": lambda entries: entries["kernel"].update({4: 1 << 62}),
    "negative": lambda entries: entries["kernel"].update({4: (1 << 64) - 48}),
    "shard": lambda entries: entries["kernel"].update({3: 7}),
    "text": lambda entries: entries[GRAPH].update({5: 1 << 40}),
    "nothing": lambda entries: entries.pop(GRAPH),
    "again": lambda entries: entries.update({f"k{i}": entries["kernel"] for i in range(1_000)}),
}


@case("cannot be read|less than its arrays declare|has no member")
def a_table_that_lies(folder: Path) -> Iterator[Door]:
    for name, change in LIES.items():
        yield from _doors(written(folder / name, None, change))


@case("is a link to elsewhere")
def a_linked_saved_model(folder: Path) -> Iterator[Door]:
    for i, name in enumerate([INDEX, DATA, NOTES, "variables"]):
        made, secret = written(folder / str(i)), folder / f"secret{i}"
        (made / name).rename(secret)
        os.symlink(secret, made / name)
        yield from _doors(made)


@case("cannot be read")
def a_saved_model_that_is_broken(folder: Path) -> Iterator[Door]:
    for name in (NOTES, INDEX, DATA):
        made = written(folder / name.replace("/", " "))
        whole = (made / name).read_bytes()
        (made / name).write_bytes(whole[: len(whole) // 2] + b"\xff" * (len(whole) - len(whole) // 2))
        yield from _doors(made)
