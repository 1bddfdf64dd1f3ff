"""What a few words in a file may cost."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from tests.saving.test_hostile import with_config
from tricera import config, layers, models, optimizers, saving
from tricera.engine import scope
from tricera.errors import SafetyError
from tricera.saving import archive, budget


def small():
    return models.Sequential([layers.Input((4,)), layers.Dense(3, name="d")], name="s")


LARGE = {
    "units": lambda c: c["config"]["layers"][1]["config"].update(units=10**9),
    "embedding": lambda c: c["config"]["layers"].__setitem__(
        1, layers.serialize(layers.Embedding(10**9, 10**4, name="e"))
    ),
    "metric": lambda c: c.update(
        compile_config={"optimizer": "sgd", "metrics": [{"class_name": "AUC", "config": {"num_thresholds": 10**9}}]}
    ),
    "classes": lambda c: c.update(
        compile_config={"optimizer": "sgd", "metrics": [{"class_name": "MeanIoU", "config": {"num_classes": 10**9}}]}
    ),
    "layers": lambda c: c["config"].update(layers=c["config"]["layers"] * 12_000),
}


@pytest.mark.parametrize("what", LARGE)
def test_far_more_than_the_file_stores(tmp_path, what):
    with_config(small(), tmp_path / "m.keras", LARGE[what])
    start = time.perf_counter()
    with pytest.raises(SafetyError, match=r"would take far more than what the file stores|is too large"):
        saving.load_model(tmp_path / "m.keras")
    assert time.perf_counter() - start < 5


def test_the_whole_message_and_how_to_allow_more(tmp_path, monkeypatch):
    text = json.dumps(layers.serialize(small()))
    monkeypatch.setitem(config._settings, "load_limit", 40)
    with pytest.raises(SafetyError) as error:
        models.model_from_json(text)
    assert str(error.value) == (
        "Variable 's/d/kernel' of shape (4, 3) would take far more than what the file stores: nothing is made of it.\n"
        "  expected: 40 bytes at most\n"
        "  got:      48 bytes\n"
        "  fix:      if you trust it, allow more: `keras.config.set_load_limit(bytes)`, or `safe_mode=False`."
    )
    assert models.model_from_json(text, safe_mode=False).built
    config.set_load_limit(100)
    assert models.model_from_json(text).built


@pytest.mark.parametrize(
    ("repeated", "seconds", "expected"),
    [(2_000, 30, "fewer steps to trace"), (1, -1, "-1 seconds of the processor at most")],
)
def test_more_layers_or_more_time_than_any_model_needs(monkeypatch, repeated, seconds, expected):
    form = layers.serialize(small())
    form["config"]["layers"] = [form["config"]["layers"][0], *form["config"]["layers"][1:] * repeated]
    monkeypatch.setattr(budget, "SECONDS", seconds)
    with pytest.raises(SafetyError) as error:
        models.model_from_json(json.dumps(form))
    assert str(error.value) == (
        f"The JSON text (which uses layers {repeated + 1:,} times) would take far more than what the file stores: "
        "nothing is made of it.\n"
        f"  expected: {expected}\n"
        "  fix:      if you trust it, `safe_mode=False`."
    )


def test_whatever_is_traced_takes_of_the_time():
    with (
        pytest.raises(SafetyError, match="What is traced would take far more"),
        scope.enter(allowance=budget.Allowance(1 << 20, seconds=-1)),
    ):
        layers.Identity()(layers.Input((1,)))


def test_each_array_that_is_stored_pays_for_layers(tmp_path):
    small().save(tmp_path / "m.keras")
    with archive.opened(str(tmp_path / "m.keras")) as members, members.weights() as reader, budget.for_objects(reader):
        allowance = scope.current().allowance
        assert (reader.count, allowance.steps, allowance.seconds) == (2, budget.STEPS + 40, budget.SECONDS + 0.2)


def test_models_in_models_that_each_run_the_one_inside_twice():
    form = layers.serialize(models.Model(x := layers.Input((1,)), layers.Dense(1)(x), name="m0"))
    for level in range(1, 18):
        x = layers.Input((1,), name=f"x{level}")
        outer = models.Model(x, layers.Identity()(x), name=f"m{level}")
        config_ = layers.serialize(outer)
        inner = {**form, "name": form["config"]["name"], "inbound_nodes": []}
        arguments = {"args": [tensor(f"x{level}", 0)], "kwargs": {}}
        inner["inbound_nodes"] = [arguments, {"args": [tensor(inner["name"], 0)], "kwargs": {}}]
        config_["config"]["layers"] = [config_["config"]["layers"][0], inner]
        config_["config"]["output_layers"] = [[inner["name"], 1, 0]]
        form = config_
    with (
        pytest.raises(SafetyError, match="would take far more than what the file stores"),
        scope.enter(allowance=budget.Allowance(1 << 20, steps=200)),
    ):
        layers.deserialize(form)


def tensor(name, use):
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 1], "dtype": "float32", "keras_history": [name, use, 0]},
    }


@pytest.mark.parametrize("text", ["[" * 6_000_000, " " * (budget.TEXT + 1)])
def test_texts_that_are_too_long(text):
    with pytest.raises(SafetyError, match="The text is too long: it is not read"):
        archive.parse(text, "The text")


def test_arrays_in_a_configuration_hold_numbers():
    for dtype in ("S1000000000", "O", "V8", "U9", 3):
        with pytest.raises(ValueError, match="An array in a configuration holds no numbers"):
            saving.deserialize_keras_object({"class_name": "__numpy__", "config": {"value": [1], "dtype": dtype}})


def test_files_named_in_a_configuration(tmp_path):
    class Words(layers.Layer):
        def __init__(self, vocabulary=None, **kwargs):
            super().__init__(**kwargs)
            self.words = Path(vocabulary).read_text() if isinstance(vocabulary, str) else vocabulary

    Words.__module__ = "tricera.layers.words"
    with pytest.raises(SafetyError) as error:
        Words.from_config({"vocabulary": "/etc/hostname"})
    assert str(error.value) == (
        "Words: `vocabulary` names a file, and no configuration has a file read.\n"
        "  got:      '/etc/hostname'\n"
        "  fix:      give the content itself, or make the object in Python: `Words(vocabulary=...)`."
    )
    assert Words.from_config({"vocabulary": ["a"]}).words == ["a"]


def test_expressions_in_an_optimizer_take_no_time():
    chosen = {"(a+)+b": optimizers.Adam()}
    muon = optimizers.Muon(exclude_layers=["(a+)+$x"])
    mapped = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(), chosen))
    model = models.Sequential([layers.Input((2,)), layers.Dense(1, name="a" * 300)])
    for optimizer in (muon, optimizers.deserialize(optimizers.serialize(mapped))):
        model.compile(optimizer, "mse")
        model.fit(np.ones((1, 2)), np.ones((1, 1)), verbose=0)
