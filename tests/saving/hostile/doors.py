"""Every way in which something of a stranger's gets into a program: by a file, a text or a dictionary."""

import contextlib
import importlib.util
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tricera import config, layers, models, saving

EITHER = "(?s).*"  # what is said of cases that may be refused or not, if only they take little
Door = tuple[str, Callable[[], Any]]


@dataclass
class Case:
    """A family of attacks, or of benign twins.

    Args:
        build: makes what is hostile in a folder; the doors that are tried with it.
        says: what the message must have in it; None for a benign twin, which gives the right numbers.
        ids: the advisories.
    """

    build: Callable[[Path], Iterator[Door]]
    says: str | None
    ids: tuple[str, ...] = field(default=())


CASES: dict[str, Case] = {}


def case(says: str | None, *ids: str) -> Callable[[Callable], Callable]:
    """Decorator: the function is the `build` of a case of its name."""

    def add(build: Callable[[Path], Iterator[Door]]) -> Callable:
        CASES[build.__name__] = Case(build, says, ids)
        return build

    return add


def model() -> Any:
    """The small model of all cases: its kernel is twos, its bias ones."""
    made = models.Sequential([layers.Input((4,), name="x"), layers.Dense(3, name="d")], name="m")
    made.set_weights([np.full((4, 3), 2.0, "float32"), np.ones(3, "float32")])
    return made


def whole(form: dict[str, Any] | None = None) -> dict[str, Any]:
    """The configuration of the model; with a form in the place of its layer."""
    found = json.loads(model().to_json())
    if form is not None:
        found["config"]["layers"][1] = form
    return found


def arrays(path: Path, change: Callable[[Any], None] | None = None) -> bytes:
    """A `.weights.h5` file of the model; `change` gets the group of its layer's arrays."""
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        group["0"], group["1"] = np.full((4, 3), 2.0, "float32"), np.ones(3, "float32")
        if change:
            change(group)
    return path.read_bytes()


def archive(path: Path, configuration: Any = None, weights: bytes | None = None, **more: bytes) -> Path:
    """A `.keras` file; `more` members by name."""
    text = configuration if isinstance(configuration, bytes) else json.dumps(configuration or whole()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}))
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", arrays(path.with_suffix(".part")) if weights is None else weights)
        for name, content in more.items():
            file.writestr(name, content)
    return path


def unzipped(path: Path, folder: Path) -> Path:
    """The folder of an archive."""
    with zipfile.ZipFile(path) as file:
        file.extractall(folder)
    return folder


def legacy(path: Path, configuration: Any = None, change: Callable[[Any], None] | None = None) -> Path:
    """A whole-model HDF5 file; `change` gets the group of its layer's arrays."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(configuration or whole())
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        top = file.create_group("model_weights")
        top.attrs["layer_names"] = np.asarray([b"d"])
        top.attrs["keras_version"], top.attrs["backend"] = "2.15.0", "tensorflow"
        group = top.create_group("d")
        group.attrs["weight_names"] = np.asarray([b"d/kernel:0", b"d/bias:0"])
        inner = group.create_group("d")
        inner["kernel:0"], inner["bias:0"] = np.full((4, 3), 2.0, "float32"), np.ones(3, "float32")
        if change:
            change(inner)
    return path


def for_configurations(folder: Path, form: dict[str, Any], compiled: Any = None) -> Iterator[Door]:
    """Every door that a layer's form can come in by."""
    configuration = whole(form)
    if compiled is not None:
        configuration["compile_config"] = compiled
    archive(folder / "m.keras", configuration)
    unzipped(folder / "m.keras", folder / "folder")
    legacy(folder / "m.h5", configuration)
    yield from for_files(folder, weights=False)
    text = json.dumps(configuration)
    yield "model_from_json", lambda: models.model_from_json(text)
    if importlib.util.find_spec("yaml"):
        yield "model_from_yaml", lambda: saving.model_from_yaml(text)  # JSON is YAML
    yield "model_from_json(safe_mode=True)", lambda: models.model_from_json(text, safe_mode=True)
    yield "deserialize_keras_object", lambda: saving.deserialize_keras_object(json.loads(text))
    yield "deserialize_keras_object(None)", lambda: saving.deserialize_keras_object(json.loads(text), safe_mode=None)
    yield "layers.deserialize", lambda: layers.deserialize(json.loads(text))
    if compiled is None:
        yield "Sequential.from_config", lambda: models.Sequential.from_config(whole(form)["config"])
        yield "Model.from_config", lambda: models.Model.from_config({"name": "f", **graph(form)})
        yield "a layer inside", lambda: layers.deserialize(inside(form))
        yield from for_copies(form)
        yield "in a thread", lambda: in_a_thread(lambda: layers.deserialize(form))


def for_copies(form: dict[str, Any]) -> Iterator[Door]:
    """The class itself, and copies of a program's own models that hold a form."""
    if isinstance(kind := getattr(layers, form["class_name"], None), type):
        yield f"{kind.__name__}.from_config", lambda: kind.from_config(json.loads(json.dumps(form["config"])))
    stack = models.Sequential([x := layers.Input((4,)), carrier := Carrier(form)])
    for made in (stack, models.Model(x, carrier(x))):
        yield f"clone_model({type(made).__name__})", partial(models.clone_model, made)
        yield f"{type(made).__name__}.from_config of its own", partial(copied, made)


def copied(made: Any) -> Any:
    """A model made from the configuration of another, by somebody who knows its layers."""
    with saving.custom_object_scope({"Carrier": Carrier}):
        return type(made).from_config(made.get_config())


class Carrier(layers.Layer):
    """A program's own layer that keeps a stranger's form as it is, until a copy is made of it."""

    def __init__(self, inner: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x: Any) -> Any:
        return self.inner(x) if callable(self.inner) else x

    def get_config(self) -> dict[str, Any]:
        return {"inner": json.loads(json.dumps(self.inner)), "name": self.name}


def for_files(folder: Path, weights: bool = True) -> Iterator[Door]:
    """The files `m.keras`, `m.h5`, `m.weights.h5` and the folder `folder`, where they are there."""
    for name in ("m.keras", "folder", "m.h5", "m.weights.h5"):
        path = folder / name
        if path.exists() and name != "m.weights.h5":
            yield f"load_model({name})", lambda path=path: models.load_model(path)
            yield f"load_model({name}, safe_mode=None)", lambda path=path: models.load_model(path, safe_mode=None)
        if weights and path.exists():
            yield f"load_weights({name})", lambda path=path: loaded(path)
        if weights and path.exists() and name != "m.h5":
            yield f"KerasFileEditor({name})", lambda path=path: edited(path)


def loaded(path: Path) -> Any:
    """The small model with the weights of a file."""
    made = model()
    made.load_weights(path)
    return made


def edited(path: Path) -> Any:
    """The small model with what an editor of a file finds there."""
    with contextlib.redirect_stdout(io.StringIO()):
        editor = saving.KerasFileEditor(path)
        editor.summary()
    made = model()
    made.set_weights(list(editor.weights_dict["layers"]["dense"].values()))
    return made


def graph(form: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a Functional model with the form in the place of a layer."""
    found = json.loads(models.Model(x := layers.Input((4,), name="x"), layers.Dense(3, name="d")(x)).to_json())
    place = found["config"]["layers"][1]
    found["config"]["layers"][1] = {**form, "name": "d", "inbound_nodes": place["inbound_nodes"]}
    return found["config"]


def inside(form: dict[str, Any]) -> dict[str, Any]:
    """The form in a model that is a layer."""
    return {"class_name": "Sequential", "module": "keras", "config": {"name": "o", "layers": [form]}}


def in_a_thread(call: Callable[[], Any]) -> Any:
    """What a call in a fresh thread returns or raises."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


assert not config.is_unsafe_deserialization_enabled()
