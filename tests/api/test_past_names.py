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
_NO_GRAPH = "there is no graph of TensorFlow's here, nor Python's functions under other names"
MISSING = {
    **dict.fromkeys(("applications.audio_conv_utils", "applications.music_tagger_crnn"), "left Keras in version 2"),
    **dict.fromkeys(
        (
            "engine.base_layer.disable_tracking",
            "engine.saving",
            "engine.topology.object_list_uid",
            "engine.topology.to_list",
            "engine.training",
            "engine.training_arrays",
            "engine.training_generator",
            "engine.training_utils",
            "legacy.interfaces",
            "utils.conv_utils",
            "utils.data_utils",
            "utils.generic_utils",
            "utils.io_utils",
            "utils.layer_utils",
            "utils.losses_utils",
            "utils.metrics_utils",
            "utils.np_utils",
            "utils.test_utils",
            "utils.vis_utils",
        ),
        _INNER,
    ),
    **dict.fromkeys(("backend.numpy_backend", "backend.tensorflow_backend"), _NO_GRAPH),
    **dict.fromkeys(("optimizers.TFOptimizer", "optimizers.clip_norm"), _NO_GRAPH),
    **dict.fromkeys(
        (
            "callbacks.BaseLogger",
            "callbacks.callbacks.BaseLogger",
            "datasets.cifar.load_batch",
            "layers.convolutional_recurrent",
            "layers.recurrent.time_distributed_dense",
            "legacy.layers.ConvRecurrent2D",
            "losses.is_categorical_crossentropy",
            "metrics",
            "regularizers.EigenvalueRegularizer",
        ),
        "an inner base or helper",
    ),
    **dict.fromkeys(("models.model_from_config", "models.model_from_yaml"), "YAML needs a package of its own"),
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

gone, wrong = [], {}
for line in open(listed):
    kind, path, signature = re.fullmatch(r"\s*(\w+) ([\w.]+)(\(.*\))?.*", line.rstrip()).groups()
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


def test_every_name_is_found_where_it_stood_or_has_a_reason(survey):
    gone, _ = survey
    reasons = [key for key in MISSING if any(_below(path, key) for path in gone)]
    assert [path for path in gone if not any(_below(path, key) for key in (*MISSING, COMING))] == []
    assert set(MISSING) - set(reasons) == set(), "these are there: drop their reasons"


def test_functions_take_what_they_took(survey):
    assert survey[1] == STRANGE


def _below(path, key):
    return f"{path}.".startswith(f"{key}.")
