"""Compare the applications with Keras' own, layer by layer: `python tools/compare_applications.py [name...]`.

Both build each network, with zeros for weights, and nothing is run: names, classes, settings and connections of the
layers are compared, names and shapes of the weights, their order, and the files that published weights lie in. What
Keras built is remembered, as a digest, in `tests/golden/applications.json`: Keras takes minutes to build what the tests
compare in seconds. With `--outputs`, instead, random weights that Keras saved are read by Tricera, and the outputs for
the same images are compared, with and without the top.
"""

import contextlib
import difflib
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
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
GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "applications.json"
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


def title(name: str, given: dict[str, Any]) -> str:
    """The call that builds a network."""
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})"


def digest(lines: list[str]) -> str:
    """A few letters that stand for all lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def deviation(name: str, given: dict[str, Any]) -> float:
    """How far the outputs with Keras' random weights are apart, as a part of the largest."""
    with empty(keras):
        theirs = getattr(keras.applications, name)(**{**given, "weights": None})
    rng = np.random.default_rng(0)
    for weight in theirs.weights:
        fan = max(1, int(np.prod(weight.shape[:-1])))
        vector = len(weight.shape) < 2
        drawn = rng.uniform(0.5, 1.5, weight.shape) if vector else rng.normal(0, (2 / fan) ** 0.5, weight.shape)
        weight.assign(drawn)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "weights.weights.h5"))
        theirs.save_weights(path)
        ours = getattr(tricera.applications, name)(**{**given, "weights": path})
    assert ours.output_shape == theirs.output_shape and ours.count_params() == theirs.count_params()
    x = rng.uniform(0, 255, (2, *given["input_shape"])).astype("float32")
    wanted = np.asarray(theirs.predict(x, verbose=0))
    scale = np.abs(wanted).max()
    assert np.isfinite(scale) and scale > 0
    return float(np.abs(ours.predict(x, verbose=0) - wanted).max() / scale)


def compare_outputs(chosen: list[str]) -> int:
    """Print how far the outputs of each application are from Keras'."""
    wrong = 0
    for name in chosen or names():
        least = max(LEAST.get(name, 32), 64)
        shapes = (least, least, 3), (least + 21, least, 3)
        for given in (
            {"input_shape": shapes[0], "classes": 7},
            {"input_shape": shapes[1], "include_top": False, "pooling": "avg"},
            {"input_shape": shapes[0], "include_top": False, "pooling": "max"},
        ):
            start = time.perf_counter()
            apart = deviation(name, given)
            wrong += apart > 1e-4
            print(f"{title(name, given)}: {apart:.1e} apart; {time.perf_counter() - start:.0f} s", flush=True)
    return wrong


def compare_structures(chosen: list[str]) -> int:
    """Print where the layers of each application differ from Keras', and remember Keras'."""
    wrong, golden = 0, json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    for name in chosen or names():
        for given in options(name):
            seconds, lines = [], []
            for library in (keras, tricera):
                start = time.perf_counter()
                lines.append(structure(library, name, given))
                seconds.append(time.perf_counter() - start)
            found = list(difflib.unified_diff(*lines, "keras", "tricera", lineterm="", n=0))
            wrong += bool(found)
            verdict = "differs" if found else "equal"
            print(f"{title(name, given)}: {verdict}; Keras {seconds[0]:.1f} s, Tricera {seconds[1]:.1f} s", flush=True)
            print("".join(line[:160] + "\n" for line in found[:12]), end="")
            golden[title(name, given)] = digest(lines[0])
            GOLDEN.write_text(json.dumps(dict(sorted(golden.items())), indent=1) + "\n")
    return wrong


if __name__ == "__main__":
    chosen = [name for name in sys.argv[1:] if name != "--outputs"]
    sys.exit((compare_outputs if "--outputs" in sys.argv else compare_structures)(chosen))
