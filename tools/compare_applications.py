"""Compare the applications with Keras' own, layer by layer: `python tools/compare_applications.py [name...]`.

Both build each network, with zeros for weights, and nothing is run: names, classes, settings and connections of the
layers are compared, names and shapes of the weights, their order, and the files that published weights lie in.
"""

import contextlib
import difflib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

import tricera
from tricera.initializers import RandomInitializer

# What each application is built with: without and with its top, and once with every option that changes its layers.
OPTIONS: tuple[dict[str, Any], ...] = (
    {"include_top": True, "weights": "imagenet"},
    {"include_top": False, "weights": "imagenet", "pooling": "avg"},
)
MORE: dict[str, tuple[dict[str, Any], ...]] = {
    "MobileNet": ({"alpha": 0.25}, {"alpha": 0.5, "depth_multiplier": 2, "weights": None}, {"alpha": 0.75}),
    "MobileNetV2": tuple({"alpha": alpha} for alpha in (0.35, 0.5, 0.75, 1.3, 1.4)),
    "MobileNetV3Small": ({"alpha": 0.75}, {"minimalistic": True}, {"include_preprocessing": False}),
    "MobileNetV3Large": ({"alpha": 0.75}, {"minimalistic": True}, {"alpha": 1.5, "weights": None}),
    "EfficientNetV2S": ({"include_preprocessing": False},),
    "ConvNeXtTiny": ({"include_preprocessing": False, "include_top": False, "pooling": None},),
    "ResNet50": ({"weights": None, "input_shape": (40, 72, 1), "include_top": False, "pooling": "max"},),
}
_OWN = ("module", "registered_name", "build_", "renorm")
LEAST = {"Xception": 71, "InceptionV3": 75, "InceptionResNetV2": 75}


def names() -> list[str]:
    """The applications of Keras."""
    return [name for name in dir(keras.applications) if name[0].isupper()]


def options(name: str) -> list[dict[str, Any]]:
    """What one application is built with."""
    least = LEAST.get(name, 32)
    first, second = OPTIONS
    return [first, {**second, "input_shape": (least, least, 3)}, *({**first, **more} for more in MORE.get(name, ()))]


@contextlib.contextmanager
def empty(library: Any) -> Iterator[list[tuple]]:
    """Build with zeros for weights; the list gets name, address and hash of each file that would be fetched."""
    fetched: list[tuple] = []

    def zeros(self: Any, shape: Any, dtype: Any = None) -> Any:
        return np.zeros(shape, "float32")

    def note(name: str, url: str, file_hash: Any = None, **_: Any) -> str:
        fetched.append((name, url, file_hash))
        return os.devnull

    with contextlib.ExitStack() as stack:
        patch = lambda *args: stack.enter_context(mock.patch.object(*args))  # noqa: E731
        patch(library.Model, "load_weights", lambda self, *args, **kwargs: self)
        if library is tricera:
            patch(RandomInitializer, "__call__", zeros)
            patch(tricera.applications.application, "published", note)
        else:
            for kind in vars(keras.initializers).values():
                if isinstance(kind, type) and kind.__module__.endswith("random_initializers"):
                    patch(kind, "__call__", zeros)
            patch(keras.src.utils.file_utils, "get_file", note)
        yield fetched


def structure(library: Any, name: str, given: dict[str, Any]) -> list[str]:
    """All that makes a network, line by line."""
    library.backend.clear_session()
    with empty(library) as fetched:
        model = getattr(library.applications, name)(**given)
    config = model.get_config()
    lines = [json.dumps(_plain(config[key])) for key in ("name", "input_layers", "output_layers")]
    lines += [" ".join(map(str, file)) for file in fetched]
    lines += [line for layer in config["layers"] for line in _lines(layer)]
    lines += [f"{layer.name} {layer.output.shape}" for layer in model.layers]
    # Keras gives the weight of its LayerScale no name of its own.
    return lines + [f"{re.sub('variable(_[0-9]+)?', 'gamma', w.name)} {tuple(w.shape)}" for w in model.weights]


def _lines(layer: dict[str, Any]) -> Iterator[str]:
    """A layer: class and connections, then its settings, one a line."""
    yield f"{layer['name']}: {layer['class_name']} of {json.dumps(list(_sources(layer['inbound_nodes'])))}"
    for key, value in _plain(layer["config"]).items():
        yield f"{layer['name']}: {key} = {json.dumps(value)}"


def _sources(value: Any) -> Iterator[Any]:
    """The places in the graph that the tensors of a configuration come from."""
    if isinstance(value, dict) and "keras_history" in value:
        yield value["keras_history"]
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _sources(item)


def _plain(value: Any) -> Any:
    """A configuration without what is a library's own, and without what no network uses."""
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value) if not key.startswith(_OWN)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def differences(name: str, given: dict[str, Any]) -> list[str]:
    """The lines in which Tricera's network differs from Keras'."""
    pair = (structure(library, name, given) for library in (keras, tricera))
    return list(difflib.unified_diff(*pair, "keras", "tricera", lineterm="", n=0))


def main(chosen: list[str]) -> int:
    wrong = 0
    for name in chosen or names():
        for given in options(name):
            start = time.perf_counter()
            found = differences(name, given)
            wrong += bool(found)
            print(f"{name} {given}: {'differs' if found else 'equal'}, {time.perf_counter() - start:.1f} s", flush=True)
            print("\n".join(line[:160] for line in found[:12]))
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
