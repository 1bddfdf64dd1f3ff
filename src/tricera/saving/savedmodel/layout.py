"""What Keras noted in a SavedModel folder, laid out as Keras 2 lays out HDF5: a list of arrays for each layer."""

import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tricera.errors import SafetyError, report
from tricera.saving import archive
from tricera.saving.containers.folder import Folder
from tricera.saving.h5data import Damaged
from tricera.saving.savedmodel.bundle import Bundle
from tricera.saving.savedmodel.objects import Note, Objects, Stored
from tricera.saving.savedmodel.wire import Message

_PROGRAM, _NOTES, _ARRAYS = "saved_model.pb", "keras_metadata.pb", "variables/variables"
_GRAPH, _OPTIMIZER = "_CHECKPOINTABLE_OBJECT_GRAPH", "optimizer_weights"


def is_one(path: str | os.PathLike) -> bool:
    """Whether a folder is a SavedModel."""
    return Path(path, _PROGRAM).is_file()


def folder_of(path: Path) -> Path | None:
    """The SavedModel that a path stands for: the folder, or what the names of its arrays' files begin with."""
    places = [path, path.parents[1]] if path.parts[-2:] == tuple(_ARRAYS.split("/")) else [path]
    return next((place for place in places if is_one(place)), None)


class Reader:
    """The Keras part of a SavedModel, with the interface of `h5.Reader` on a file of Keras 2.

    Attributes:
        paths: the paths of all arrays.
        attributes: those of the root.

    Raises:
        SafetyError: it has links, or declares more than it stores.
        ValueError: it has no Keras part, or is damaged.
    """

    def __init__(self, path: str | os.PathLike):
        self._folder, self.label = Folder(Path(path)), os.fspath(path)
        with self._understood(_NOTES if self._folder.has(_NOTES) else _PROGRAM):
            texts = self._texts()
            if "root" not in texts:
                raise ValueError(_without_keras(self.label))
            notes = {path: self._note(*found) for path, found in texts.items()}
            configs = _configs(self._parsed(texts["root"][1]))
        with self._understood(_ARRAYS):
            self._bundle = Bundle(self._folder, _ARRAYS)
            self._keys: dict[str, str] = {}
            self._names = self._lists(Objects(self._bundle.text(_GRAPH), notes))
        stored = set(self._bundle)
        self.paths = {path: None for path, key in self._keys.items() if key in stored}  # a set in order
        names = [name for name in self._names if name != _OPTIMIZER]
        self.attributes: dict[str, Any] = {"keras_version": "2", "layer_names": names, **configs}

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: Any) -> None:
        """Each file was closed when it was read."""

    @property
    def groups(self) -> list[str]:
        """The names of the layers, and the optimizer's."""
        return ["", *self._names]

    def attributes_of(self, path: str) -> dict[str, Any]:
        """The attributes of the root, or of a layer."""
        return {"weight_names": self._names[path]} if path else self.attributes

    def texts(self, path: str, name: str) -> list[str]:
        """The texts of an attribute."""
        return self.attributes_of(path).get(name, [])

    @property
    def count(self) -> int:
        """The number of arrays."""
        return len(list(self._bundle))

    @property
    def elements(self) -> int:
        """The number of elements of all arrays."""
        return sum(math.prod(self._bundle.shape(key)) for key in self._bundle)

    def shape(self, path: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._bundle.shape(self._found(path))

    def read(self, path: str) -> np.ndarray:
        """The array at a path; a new one, that nobody else holds."""
        with self._understood(_ARRAYS):
            return self._bundle.read(self._found(path))

    def _found(self, path: str) -> str:
        """The key of an array."""
        if path not in self.paths:
            raise ValueError(report(f"{self.label} has no array {path!r}."))
        return self._keys[path]

    def _place(self, name: str) -> str:
        return f"{self.label}: {name!r}"

    @contextmanager
    def _understood(self, name: str) -> Iterator[None]:
        try:
            yield
        except Damaged as error:
            raise ValueError(report(f"{self._place(name)} cannot be read: {error}.")) from None
        except RecursionError:
            raise SafetyError(report(f"{self._place(name)} is nested too deeply: it is not read.")) from None

    # ---- what Keras noted

    def _texts(self) -> dict[str, tuple[str, str]]:
        """The kind of each object of Keras and what was noted of it, by its path from the root."""
        if self._folder.has(_NOTES):
            nodes = Message(memoryview(self._folder.read(_NOTES))).messages(1)
            return {node.text(3): (node.text(4), node.text(5)) for node in nodes if node.text(5)}
        program = Message(memoryview(self._folder.read(_PROGRAM)))
        objects = [each for graph in program.messages(2) for part in graph.messages(7) for each in part.messages(1)]
        return dict(_of_program(objects))

    def _note(self, kind: str, text: str) -> Note:
        content = self._parsed(text)
        return Note(kind, str(content.get("name")), bool(content.get("trainable", True)))

    def _parsed(self, text: str) -> dict[str, Any]:
        return archive.parse(text, f"{self.label}: what Keras noted")

    def _lists(self, objects: Objects) -> dict[str, list[str]]:
        """The names of the arrays of each layer, and of the optimizer."""
        layers = list(objects.layers())
        often = Counter(name for name, _ in layers)
        found: dict[str, list[str]] = {}
        for place, (name, layer) in enumerate(layers):
            group = name if often[name] == 1 else f"{name} ({place})"  # those in different models may share a name
            found[group] = self._listed(group, objects.weights(layer))
        places = {key: place for place, key in enumerate(self._keys.values())}
        if state := objects.optimizer(places):
            found[_OPTIMIZER] = self._listed(_OPTIMIZER, state)
        return found

    def _listed(self, group: str, found: list[Stored]) -> list[str]:
        """The names of a group's arrays, no two the same; the keys are remembered."""
        names = [f"{stored.name}:{i}" for i, stored in enumerate(found)]
        self._keys |= {f"{group}/{name}": stored.key for name, stored in zip(names, found, strict=True)}
        return names


def _of_program(objects: list[Message]) -> Iterator[tuple[str, tuple[str, str]]]:
    """What tf.keras noted with the objects of the program, until 2.4."""
    seen, ahead = set(), [(0, "root")]
    for number, path in ahead:
        if number in seen or number >= len(objects):
            continue
        seen.add(number)
        for own in objects[number].messages(4):
            if own.text(1).startswith("_tf_keras") and own.text(3):
                yield path, (own.text(1), own.text(3))
            ahead += [(child.number(1), f"{path}.{child.text(2)}") for child in objects[number].messages(1)]


def _configs(note: dict[str, Any]) -> dict[str, str]:
    """The configurations of a model and of its training, as HDF5 has them; a class of the user's may have none."""
    found = {}
    if isinstance(note.get("class_name"), str) and note.get("config"):
        model = {"class_name": note["class_name"], "config": note["config"]}
        if shape := note.get("build_input_shape"):
            of_layers = model["class_name"] == "Sequential" and isinstance(model["config"], dict)
            model |= {} if of_layers else {"build_config": {"input_shape": shape}}
            model["config"] |= {"build_input_shape": shape} if of_layers else {}
        found["model_config"] = model
    if isinstance(note.get("training_config"), dict):
        found["training_config"] = note["training_config"]
    return {name: json.dumps(_plain(value)) for name, value in found.items()}


def _plain(value: Any) -> Any:
    """Tuples and shapes as lists, which HDF5 has in their place."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape") and "items" in value:
            return _plain(value["items"])
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _without_keras(label: str) -> str:
    return report(
        f"File format not supported: filepath={label}.",
        expected="a `.keras` file or folder, an HDF5 file, or a SavedModel folder that Keras wrote",
        got=f"a SavedModel folder of TensorFlow without a Keras part, neither in {_NOTES!r} nor in {_PROGRAM!r}",
        fix="`model.save('m.h5')`, where the Keras model and TensorFlow are.",
    )
