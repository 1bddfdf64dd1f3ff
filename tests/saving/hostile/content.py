"""What configurations may hold that is no layer: code, names of anything, pickles, files and addresses."""

import base64
import json
import marshal
import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from tests.saving.hostile import doors
from tests.saving.hostile.doors import EITHER, Door, case
from tricera import (
    activations,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
)
from tricera.dtype_policies import DTypePolicyMap

MODULES = [activations, constraints, dtype_policies, initializers, losses, metrics, optimizers, regularizers]


def lambda_(name: str = "l") -> dict:
    """A Lambda layer as Keras 3 writes it: its code writes a file."""
    code = compile("lambda x: open('touched', 'w') and x", "stranger", "eval").co_consts[0]
    stored = {"code": base64.b64encode(marshal.dumps(code)).decode(), "defaults": None, "closure": None}
    return {
        "class_name": "Lambda",
        "config": {"name": name, "function": {"class_name": "__lambda__", "config": stored}},
    }


def old_lambda() -> dict:
    """The same as Keras 2 wrote it."""
    function = list(lambda_()["config"]["function"]["config"].values())
    return {"class_name": "Lambda", "config": {"name": "l", "function": function, "function_type": "lambda"}}


CODE = "is stored as Python code, which is not run"


@case(CODE, "CVE-2024-3660", "CVE-2025-9905", "CVE-2026-12481", "CVE-2025-9906")
def code_in_a_layer(folder: Path) -> Iterator[Door]:
    yield from doors.for_configurations(folder, lambda_())


@case(CODE, "CVE-2024-3660")
def code_in_a_layer_of_keras_2(folder: Path) -> Iterator[Door]:
    yield from doors.for_configurations(folder, old_lambda())


@case(CODE, "CVE-2024-3660")
def code_in_a_nested_model(folder: Path) -> Iterator[Door]:
    yield from doors.for_configurations(folder, doors.whole(lambda_()))


@case(CODE, "CVE-2024-3660")
def code_as_an_activation(folder: Path) -> Iterator[Door]:
    form = layers.serialize(layers.Dense(3, name="d"))
    form["config"]["activation"] = lambda_()["config"]["function"]
    yield from doors.for_configurations(folder, form)


@case(CODE, "CVE-2024-3660")
def code_as_a_loss(folder: Path) -> Iterator[Door]:
    compiled = {"optimizer": "sgd", "loss": lambda_()["config"]["function"]}
    yield from (door for door in doors.for_configurations(folder, None, compiled) if "h5" not in door[0])


def named(module: str, name: str, kind: str) -> dict:
    """The form of a class or function of a module."""
    if kind == "class":
        return {"module": module, "class_name": name, "config": {}, "registered_name": name}
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


@case("Could not locate|Unknown", "CVE-2025-1550")
def a_function_of_python(folder: Path) -> Iterator[Door]:
    for i, (module, name) in enumerate([("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")]):
        for kind in ("class", "function"):
            place = folder / f"{i}{kind}"
            place.mkdir()
            yield from doors.for_configurations(place, named(module, name, kind))


@case("Could not locate|Unknown", "CVE-2025-8747", "CVE-2025-9906")
def a_function_of_keras_that_is_no_layer(folder: Path) -> Iterator[Door]:
    names = [("keras.utils", "get_file"), ("keras.models", "load_model"), ("keras.datasets.mnist", "load_data")]
    names += [("keras.config", "enable_unsafe_deserialization"), ("keras.utils", "set_random_seed")]
    for i, (module, name) in enumerate(names):
        form = layers.serialize(layers.Dense(3, name="d"))
        form["config"]["activation"] = named(module, name, "function")
        (folder / str(i)).mkdir()
        yield from doors.for_configurations(folder / str(i), form)
        other = named(module, name, "class")
        yield name, lambda other=other: layers.deserialize(other)


@case(f"{CODE}|Expected 'config' to be a dict|Could not interpret", "CVE-2026-12481")
def code_at_every_deserializer(folder: Path) -> Iterator[Door]:
    form = lambda_()["config"]["function"]
    for module in MODULES:
        for name in ("deserialize", "get"):
            yield f"{module.__name__}.{name}", partial(getattr(module, name), form)
    yield "layers.deserialize", lambda: layers.deserialize(form)
    yield "DTypePolicyMap.from_config", lambda: DTypePolicyMap.from_config({"policy_map": {"a": form}})
    yield "DTypePolicyMap.from_config, default", lambda: DTypePolicyMap.from_config({"default_policy": form})
    yield "Dense.from_config, dtype", lambda: layers.Dense.from_config({"units": 3, "dtype": form})
    yield "clone_model(Lambda)", lambda: models.clone_model(models.Sequential([layers.Lambda(form)]))


@case(CODE, "CVE-2026-12481")
def code_in_a_layer_of_functions(folder: Path) -> Iterator[Door]:
    function = lambda_()["config"]["function"]
    for name, config in {
        "JaxLayer": {"call_fn": function, "params": {}},
        "TextVectorization": {"split": function, "vocabulary": ["a"]},
        "StringLookup": {"vocabulary": function},
        "Lambda": {"function": {"class_name": "function", "config": "relu"}, "output_shape": function},
    }.items():
        (folder / name).mkdir()
        form = {"class_name": name, "module": "keras.layers", "config": {"name": "d", **config}}
        yield from doors.for_configurations(folder / name, form)


@case("Could not locate|Unknown|Invalid|must be one of|is not one of", "CVE-2025-1550")
def functions_of_texts_by_name(folder: Path) -> Iterator[Door]:
    for part in ("split", "standardize"):
        for i, value in enumerate(["os.system", named("os", "system", "function"), named("re", "sub", "class")]):
            (folder / f"{part}{i}").mkdir()
            config = {"name": "d", "vocabulary": ["a"], part: value}
            form = {"class_name": "TextVectorization", "module": "keras.layers", "config": config}
            yield from doors.for_configurations(folder / f"{part}{i}", form)


@case(EITHER)
def expressions_without_end(folder: Path) -> Iterator[Door]:
    for i, key in enumerate(["(a+)+$x", "(a|a)*b", "(.*a){20}b", "((a?){30}){30}b"]):
        policy = DTypePolicyMap("float32", {key: "float16"}).get_config()
        yield f"DTypePolicyMap {i}", lambda policy=policy: DTypePolicyMap.from_config(policy)["a" * 500].name
        form = layers.serialize(layers.Dense(3, name="a" * 100))
        form["config"]["dtype"] = {"class_name": "DTypePolicyMap", "module": "keras", "config": policy}
        (folder / str(i)).mkdir()
        yield from doors.for_configurations(folder / str(i), form)


@case("which uses layers|is too large")
def layers_without_end(folder: Path) -> Iterator[Door]:
    relu = {"class_name": "ReLU", "module": "keras.layers", "config": {"name": "r"}}
    many = doors.whole()
    many["config"]["layers"] += [{**relu, "config": {"name": f"r{i}"}} for i in range(3_000)]
    again = {"class_name": "Functional", "module": "keras", "config": doors.graph(relu)}
    again["config"]["layers"][1]["inbound_nodes"] *= 3_000
    old = {"class_name": "Model", "config": {"name": "m", "layers": [], "input_layers": [], "output_layers": []}}
    old["config"]["layers"] = [{**relu, "name": "r", "inbound_nodes": [[["r", i, 0, {}]] for i in range(100_000)]}]
    cells = {"class_name": "StackedRNNCells", "config": {"cells": [relu] * 3_000}}
    inside = doors.whole({"class_name": "RNN", "module": "keras.layers", "config": {"name": "n", "cell": cells}})
    for i, configuration in enumerate([many, again, old, inside]):
        yield f"model_from_json {i}", partial(models.model_from_json, json.dumps(configuration))
        doors.archive(folder / f"{i}.keras", configuration)
        doors.legacy(folder / f"{i}.h5", configuration)
        for name in (f"{i}.keras", f"{i}.h5"):
            yield f"load_model({name})", partial(models.load_model, folder / name)


@case("Incompatible types for matmul", "CVE-2026-12570")
def many_axes_of_which_none_fits(folder: Path) -> Iterator[Door]:
    """Sizes that one tensor does not know may be those of another: not all of 2^26 choices are tried."""
    shapes = {"a": [None] * 27, "b": [*range(3, 30)]}
    inputs = [
        {"class_name": "InputLayer", "module": "keras.layers", "config": {"batch_shape": shape, "name": name}}
        for name, shape in shapes.items()
    ]
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": shape, "keras_history": [name, 0, 0]}}
        for name, shape in shapes.items()
    ]
    product = {"class_name": "Matmul", "module": "keras.src.ops.numpy", "config": {"name": "p"}}
    layers = [{**form, "name": name, "inbound_nodes": []} for form, name in zip(inputs, shapes, strict=True)]
    layers += [{**product, "name": "p", "inbound_nodes": [{"args": tensors, "kwargs": {}}]}]
    ends = {"input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["p", 0, 0]]}
    form = {"class_name": "Functional", "module": "keras", "config": {"name": "m", "layers": layers, **ends}}
    doors.archive(folder / "m.keras", form)
    yield "model_from_json", partial(models.model_from_json, json.dumps(form))
    yield "load_model", partial(models.load_model, folder / "m.keras")


@case("Could not locate|Unknown|is not supported", "CVE-2025-49655", "CVE-2026-12484")
def a_layer_that_holds_a_pickle(folder: Path) -> Iterator[Door]:
    blob = base64.b64encode(pickle.dumps(np.zeros)).decode()
    config = {"name": "t", "module": blob, "lib": blob}
    yield from doors.for_configurations(
        folder, {"class_name": "TorchModuleWrapper", "module": "keras.layers", "config": config}
    )


@case("Could not locate|Unknown|names a file", "CVE-2026-1462")
def a_layer_that_runs_a_graph_of_another_file(folder: Path) -> Iterator[Door]:
    config = {"name": "t", "filepath": "/etc/passwd", "call_endpoint": "serve"}
    yield from doors.for_configurations(folder, {"class_name": "TFSMLayer", "module": "keras.layers", "config": config})


@case("names a file", "CVE-2025-12058")
def a_vocabulary_in_another_file(folder: Path) -> Iterator[Door]:
    for i, place in enumerate(["/etc/passwd", "http://127.0.0.1:1/words"]):
        for kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
            (folder / f"{i}{kind}").mkdir()
            form = {"class_name": kind, "module": "keras.layers", "config": {"name": "v", "vocabulary": place}}
            yield from doors.for_configurations(folder / f"{i}{kind}", form)


@case("is not an HDF5 file|File format not supported|is no JSON|holds no model", "CVE-2021-37678")
def a_pickle_in_place_of_a_file(folder: Path) -> Iterator[Door]:
    for name in ("m.keras", "m.h5", "m.weights.h5"):
        (folder / name).write_bytes(pickle.dumps(np.zeros(3)))
    yield from doors.for_files(folder)
    yield "model_from_json", lambda: doors.models.model_from_json("!!python/object/apply:os.system ['true']")


@case(None)
def what_is_meant(folder: Path) -> Iterator[Door]:
    layer = layers.Dense(3, kernel_initializer=initializers.Constant(2.0), bias_initializer="ones", name="d")
    yield from doors.for_configurations(folder, json.loads(json.dumps(layers.serialize(layer))))


@case(None)
def files_that_are_meant(folder: Path) -> Iterator[Door]:
    doors.unzipped(doors.archive(folder / "m.keras"), folder / "folder")
    doors.legacy(folder / "m.h5")
    doors.arrays(folder / "m.weights.h5")
    yield from doors.for_files(folder)
