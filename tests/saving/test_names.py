"""Whatever a configuration names: only what has the role of its place is found, of all that there is to name."""

import importlib
import pickle
import pickletools
import pkgutil
import sys

import pytest

import tricera
from tricera import layers
from tricera.engine import registry
from tricera.engine.layer import Layer

PLACES = {
    "activation": ("activation", "layer", "model"),
    "kernel_initializer": ("initializer",),
    "bias_regularizer": ("regularizer",),
    "gamma_constraint": ("constraint",),
    "layer": ("layer", "model"),
    "cells": ("layer", "model"),
    "loss": ("loss",),
    "metrics": ("metric", "metric_function", "loss"),
    "inner_optimizer": ("optimizer",),
    "learning_rate": ("schedule",),
    "function": ("op", "activation"),
    "dtype": ("dtype_policy",),
    "seed": ("seed_generator",),
    "units": (),
    "name": (),
}
HARMLESS = {"activation", "constraint", "initializer", "layer", "loss", "metric", "metric_function", "model", "op"}
HARMLESS |= {"optimizer", "regularizer", "schedule", "seed_generator", "dtype_policy", "split", "standardize"}
HARMLESS |= {"quantizer", "quantization_config", "feature", "utility", "distillation"}


def every_public_name():
    names = set()
    for module in pkgutil.walk_packages(tricera.__path__, "tricera."):
        if module.name not in ("tricera.__main__",):
            found = importlib.import_module(module.name)
            names |= {name for name in vars(found) if not name.startswith("__")}
            names |= {f"{module.name}.{name}" for name in getattr(found, "__all__", ())}
    for module in ("os", "sys", "builtins", "subprocess", "shutil", "importlib", "pickle", "socket", "numpy", "jax"):
        names |= set(vars(importlib.import_module(module))) | {module, f"{module}.system"}
    return sorted(names | set(sys.stdlib_module_names))


NAMES = every_public_name()


@pytest.mark.parametrize("place", PLACES)
def test_only_names_of_the_roles_resolve(place, monkeypatch):
    monkeypatch.setattr(registry, "unknown", lambda *_: "")  # to seek the nearest name takes long
    assert registry.roles_at(place) == PLACES[place]
    custom = set(map(id, registry.custom().values()))
    allowed = {id(thing) for role in PLACES[place] for thing in registry.names(role).values()}
    found = 0
    for name in NAMES:
        for kind in ("class", "function"):
            thing = resolved(name, kind, PLACES[place])
            assert thing is None or id(thing) in allowed | custom, (name, kind)
            assert thing is None or id(thing) in custom or isinstance(thing, type) is (kind == "class"), (name, kind)
            found += thing is not None
    assert found or not PLACES[place] or place in ("seed", "dtype")
    assert len(NAMES) > 3000


def resolved(name, kind, roles):
    """What a form of this name would be made of; None where it is refused."""
    fits = callable if kind == "function" else (lambda thing: hasattr(thing, "from_config"))
    try:
        return registry._named([name], roles, fits)
    except ValueError:
        return None


def test_every_role_holds_what_computes_and_nothing_else():
    assert set(registry.roles()) <= HARMLESS
    for role in registry.roles():
        for name, thing in registry.names(role).items():
            home = getattr(thing, "__module__", "")
            if home == "tricera.saving.past.functions":  # TensorFlow's, of arrays
                continue
            places = ("utils", "datasets", "saving", "config", "callbacks", "visualization", "backend", "device")
            assert home.split(".")[0] == "tricera" and home.split(".")[1] not in places, (role, name)


def test_a_name_in_the_place_of_another_role_is_refused():
    for form in (
        {"class_name": "function", "config": "relu", "module": "keras.activations"},
        {"class_name": "Adam", "config": {}, "module": "keras.optimizers"},
        {"class_name": "Dense", "config": {"units": 1}, "module": "keras.layers"},
    ):
        with pytest.raises(ValueError, match="Unknown initializer"):
            layers.Dense.from_config({"units": 1, "kernel_initializer": form})
        with pytest.raises(ValueError, match="Unknown class"):
            layers.Dense.from_config({"units": form})


def test_classes_of_the_user_may_hold_any_object_but_no_function():
    class Holder(Layer):
        def __init__(self, part, **kwargs):
            super().__init__(**kwargs)
            self.part = part

    held = Holder.from_config({"part": {"class_name": "Adam", "config": {}}})
    assert type(held.part).__name__ == "Adam"
    with pytest.raises(ValueError, match="Unknown utility: 'get_file'"):
        Holder.from_config({"part": {"class_name": "function", "config": "get_file", "module": "keras.utils"}})


def test_a_pickled_model_has_no_loader_of_its_own():
    model = tricera.Sequential([tricera.Input((2,)), layers.Dense(1)])
    texts = {argument for _, argument, _ in pickletools.genops(pickle.dumps(model)) if isinstance(argument, str)}
    modules = {text for text in texts if text.startswith("tricera")}
    assert "tricera.models.sequential" in modules
    assert not any("saving" in module or "registry" in module for module in modules)
