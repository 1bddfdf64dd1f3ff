"""Every public name of Keras 1 and 2 is found where it stood, or has a reason here; its arguments are understood."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
# What is not there, by name or by what stands above it. It may only shrink: an entry that nothing needs fails too.
_INNER = "inside of Keras' own training, saving or checking; programs do not call it"
MISSING = {
    **dict.fromkeys(("applications.audio_conv_utils", "applications.music_tagger_crnn"), "left Keras in version 2"),
    **dict.fromkeys(
        (
            "datasets.cifar.load_batch",
            "engine.base_layer.disable_tracking",
            "engine.saving",
            "engine.topology.Layer.add_inbound_node",
            "engine.topology.Node.create_node",
            "engine.training",
            "engine.training_arrays",
            "engine.training_generator",
            "engine.training_utils",
            "layers.convolutional_recurrent",
            "legacy.interfaces",
            "losses.is_categorical_crossentropy",
            "metrics",
            "models.Sequential.training_data",
            "utils.data_utils",
            "utils.losses_utils",
            "utils.metrics_utils",
            "utils.test_utils.tf_file_io_proxy",
            "utils.vis_utils.add_edge",
        ),
        _INNER,
    ),
    **dict.fromkeys(("utils.generic_utils.func_dump", "utils.generic_utils.func_load"), "code is no data"),
    **dict.fromkeys(("utils.io_utils.load_array", "utils.io_utils.save_array"), "files of the package `tables`"),
    **dict.fromkeys(
        (
            "utils.io_utils.H5Dict",
            "utils.io_utils.h5dict",
            "utils.io_utils.load_from_binary_h5py",
            "utils.io_utils.save_to_binary_h5py",
        ),
        "how Keras 2.3 wrote files",
    ),
    **dict.fromkeys(
        ("backend.numpy_backend", "backend.tensorflow_backend", "optimizers.TFOptimizer"),
        "there is no graph of TensorFlow's here, nor Python's functions under other names",
    ),
    "engine.topology.Merge": "it makes a layer or a model, and has no methods of its own",
}
COMING = "applications"  # models and helpers of applications that are not there yet
# Arguments that are not understood, with what to call instead where there is something.
STRANGE = {
    "activations.deserialize": ["name"],
    "applications.imagenet_utils.preprocess_input": ["dim_ordering"],
    "backend.numpy_backend.bias_add": ["y"],
    "constraints.get": ["kwargs"],
    "engine.topology.get_source_inputs": ["layer", "node_index"],
    "metrics.cosine_proximity": ["axis"],
    "optimizers.get": ["kwargs"],
    "regularizers.get": ["kwargs"],
    "utils.generic_utils.serialize_keras_object": ["instance"],
    "utils.layer_utils.get_source_inputs": ["layer", "node_index"],
}
PROGRAM = r"""
import ast, importlib, inspect, json, re, sys
import tricera
from tricera.legacy.backend import words
from tricera.legacy.functions import arguments
from tricera.legacy.layers.attributes import ANSWERED
number, listed = int(sys.argv[1]), sys.argv[2]
tricera.install(number, quiet=True)

def found(path):
    parts = path.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:i]))
            for part in parts[i:]:
                thing = getattr(thing, part)
            return thing
        except (ModuleNotFoundError, AttributeError):
            continue

def unknown(name, signature, function):
    text = re.sub(r"<[^>]*>|K\.floatx\(\)", "None", signature)
    given = ast.parse(f"def f{text}: pass").body[0].args
    own = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in own):
        return []
    renamed = {**words.ARGUMENTS.get(name, {}), **arguments.of(name)}
    if name in ("l1", "l2", "activity_l1", "activity_l2"):
        return [] if function(l=0.1).get_config() else ["l"]
    return [a.arg for a in given.args if a.arg not in renamed and a.arg not in {p.name for p in own}]

gone, wrong, owner = [], {}, None
for line in open(listed):
    kind, path, signature = re.fullmatch(r"\s*(\w+) ([\w.]+)(\(.*\))?.*", line.rstrip()).groups()
    owner = (path, found(path)) if kind == "class" else owner
    if kind == "method" and owner[1] is not None:
        name = path.partition(".")[2]
        if not (hasattr(owner[1], name) or name in ANSWERED or name in ("built", "input_spec")):
            gone.append(f"{owner[0].removeprefix('keras.')}.{name}")
    if kind in ("def", "class", "alias", "value"):
        thing = found(path)
        if thing is None:
            gone.append(path.removeprefix("keras."))
        elif kind == "def" and signature and callable(thing):
            if strange := unknown(path.rpartition(".")[2], signature, thing):
                wrong[path.removeprefix("keras.")] = strange
print(json.dumps([gone, wrong]))
"""


@pytest.fixture(scope="module")
def survey(shared):
    """The names of both generations that are not found, and the arguments that are not understood, by name."""
    gone, wrong = [], {}
    for number in (1, 2):
        arguments = [sys.executable, "-c", PROGRAM, str(number), str(shared / f"api/keras{number}.txt")]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        gone += found[0]
        wrong |= found[1]
    return gone, wrong


def test_every_name_and_method_is_found_where_it_stood_or_has_a_reason(survey):
    gone, _ = survey
    reasons = [key for key in MISSING if any(_below(path, key) for path in gone)]
    assert [path for path in gone if not any(_below(path, key) for key in (*MISSING, COMING))] == []
    assert set(MISSING) - set(reasons) == set(), "these are there: drop their reasons"


def test_functions_take_what_they_took(survey):
    assert survey[1] == STRANGE


def _below(path, key):
    return f"{path}.".startswith(f"{key}.")
