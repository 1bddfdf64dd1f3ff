"""Every kind of layer and of optimizer, in every form of file, from Keras 3 to Tricera and back.

Layers stand side by side in one model, and those that have no form of Keras 2 in another: what each of them predicts,
and its weights and the optimizer's state after the next step, are those of Keras' own model, which went on.
"""

import functools
import inspect
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from tests.laws.table import KERAS_ROWS, NEED_TENSORFLOW, leaves, scatter
from tricera import layers, models, saving
from tricera.saving.keras2 import _ONLY_KERAS_3

UNREADABLE = {"LayerNormalization-axis=[1, 2]"}  # Keras 3 does not read it from its own files in HDF5


@pytest.fixture(autouse=True, scope="module")
def cheap(keras):
    """First numbers, in whose place others come, are not drawn, and programs that run once are not optimized."""
    from keras.src.initializers import random_initializers

    def nothing(shape, *_, dtype=None, **__):
        return np.zeros(shape, dtype)

    with pytest.MonkeyPatch.context() as patch:
        quiet = dict.fromkeys(("normal", "truncated_normal", "uniform"), nothing)
        patch.setattr(random_initializers, "random", SimpleNamespace(**{**vars(random_initializers.random), **quiet}))
        jax.config.update("jax_disable_most_optimizations", True)
        yield
        jax.config.update("jax_disable_most_optimizations", False)
        jax.clear_caches()  # others ask for equal bits


def state(model):
    """The weights, and what the optimizer keeps, by their paths."""
    return {v.path: np.asarray(v) for v in (*model.weights, *model.optimizer.variables)}


def same(found, expected):
    """Assert that two mappings hold equal arrays in the same order; those that are not are named."""
    pairs = zip(expected, found.values(), expected.values(), strict=True)
    assert not [name for name, a, b in pairs if a.shape != b.shape or not np.allclose(a, b, rtol=2e-5, atol=1e-5)]


# ---- layers


def fits(row):
    """Whether the row's inputs are arrays of numbers, and its weights are what it computes with."""
    adapted = row.name == "Normalization" and "mean" not in row.kwargs  # computes with what `adapt` found
    return not adapted and all(x.dtype in ("float32", "int32") for given in row.arguments() for x in _listed(given))


def _listed(given):
    return list(given) if isinstance(given, list | tuple) else [given]


ROWS = [row for row in KERAS_ROWS if fits(row) and str(row) not in UNREADABLE]
UNCOMPILED = [row for row in ROWS if row.name in NEED_TENSORFLOW]  # whose arrays Keras has TensorFlow compute


@functools.cache
def _have_weights():
    """The names of classes that have weights to train."""
    layers_of = build(ROWS)[0].layers
    return {type(layer).__name__ for layer in layers_of if layer.trainable_weights}


MODELS = {
    "weights": lambda row: row.name in _have_weights() and row.name not in _ONLY_KERAS_3,
    "no weights": lambda row: row.name not in _have_weights(),
    "only Keras 3": lambda row: row.name in _ONLY_KERAS_3,
}


def build(rows, L=layers, M=models):
    """One model with a layer for each row, side by side; its inputs; the row of each output."""
    inputs, outputs, data, names = [], [], [], []
    for row in rows:
        tensors = []
        for given in row.arguments():
            made = [L.Input(array.shape[1:], dtype=str(array.dtype)) for array in _listed(given)]
            data += map(np.asarray, _listed(given))
            inputs += made
            tensors.append(made if isinstance(given, list) else made[0])
        found = _listed(row.make(L)(*tensors))
        names += [f"{row}, output {len(names)}" for _ in found]
        outputs += found
    model = M.Model(inputs, outputs)
    scatter(model)
    return model, data, names


@pytest.fixture(scope="module", params=MODELS)
def original(request, keras, tmp_path_factory):
    """A model of Keras' that has made a step, its files, and what it does then."""
    rows = [row for row in ROWS if row not in UNCOMPILED and MODELS[request.param](row)]
    folder = tmp_path_factory.mktemp("original")
    model, data, names = build(rows, keras.layers, keras.models)
    targets = [np.zeros(y.shape, "float32") for y in model.predict_on_batch(data)]
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), loss=["mse"] * len(targets))
    model.train_on_batch(data, targets)
    model.save(folder / "m.keras"), model.save(folder / "m.h5"), model.save_weights(folder / "w.weights.h5")

    def predicted(other):
        return dict(zip(names, map(np.asarray, other.predict_on_batch(data)), strict=True))

    outputs = predicted(model)
    model.train_on_batch(data, targets)
    return SimpleNamespace(**locals(), after=state(model))


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_layers_of_keras(original, name):
    ours = saving.load_model(original.folder / name)
    same(original.predicted(ours), original.outputs)
    ours.train_on_batch(original.data, original.targets)
    same(state(ours), original.after)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_layers_for_keras(keras, original, tmp_path, name):
    saving.load_model(original.folder / "m.keras").save(tmp_path / name)
    theirs = keras.saving.load_model(tmp_path / name)
    same(original.predicted(theirs), original.outputs)
    assert theirs.optimizer.get_config()["momentum"] == 0.9 and len(theirs.loss) == len(original.targets)
    if name == "m.keras":  # of HDF5 Keras 3 does not read the optimizer's state, not even from a file of its own
        theirs.train_on_batch(original.data, original.targets)
        same(state(theirs), original.after)


def test_weights_of_layers(original, tmp_path):
    ours, *_ = build(original.rows)
    ours.set_weights([0 * w for w in ours.get_weights()])
    ours.load_weights(original.folder / "w.weights.h5")
    same(original.predicted(ours), original.outputs)
    for name in ("w.weights.h5", "w.h5"):
        ours.save_weights(tmp_path / name)
        original.model.set_weights([0 * w for w in original.model.get_weights()])
        original.model.load_weights(tmp_path / name)
        same(original.predicted(original.model), original.outputs)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("row", UNCOMPILED, ids=str)
def test_layers_that_keras_has_tensorflow_compute(keras, tmp_path, row, name):
    theirs, data, _ = build([row], keras.layers, keras.models)
    theirs.save(tmp_path / name)
    ours = saving.load_model(tmp_path / name)
    ours.save(tmp_path / name)
    for model in (ours, keras.saving.load_model(tmp_path / name)):
        np.testing.assert_allclose(leaves(model(data)), leaves(theirs(data)))


# ---- optimizers

ALL = {"gradient_accumulation_steps": 2, "use_ema": True, "weight_decay": 0.1, "clipnorm": 0.5, "momentum": 0.9}
OPTIMIZERS = {
    "SGD": lambda k: k.SGD(0.1, momentum=0.9, nesterov=True),
    "SGD with everything": lambda k: k.SGD(0.1, **ALL),
    "RMSprop": lambda k: k.RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda k: k.Adam(k.schedules.ExponentialDecay(0.1, 2, 0.5), amsgrad=True),
    "AdamW": lambda k: k.AdamW(0.01, global_clipnorm=0.5),
    "Adamax": lambda k: k.Adamax(0.01),
    "Nadam": lambda k: k.Nadam(0.01),
    "Adagrad": lambda k: k.Adagrad(0.1),
    "Adadelta": lambda k: k.Adadelta(0.5),
    "Adafactor": lambda k: k.Adafactor(0.1),
    "Ftrl": lambda k: k.Ftrl(0.1),
    "Lamb": lambda k: k.Lamb(0.01),
    "Lion": lambda k: k.Lion(0.01),
    "Muon": lambda k: k.Muon(0.01),
    "ScheduleFreeAdamW": lambda k: k.ScheduleFreeAdamW(0.1, warmup_steps=4),
    "LossScaleOptimizer": lambda k: k.LossScaleOptimizer(k.Adam(0.01), 8.0, 2),
    "MultiOptimizer": lambda k: k.MultiOptimizer(k.OptimizerMap(k.Adam(0.01), {".*kernel": k.SGD(0.1, momentum=0.5)})),
}


def test_every_optimizer_is_in_the_table(keras):
    kinds = {name for name, thing in vars(keras.optimizers).items() if inspect.isclass(thing)}
    assert kinds - {"Optimizer", "OptimizerMap"} == {name.split()[0] for name in OPTIMIZERS}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(keras, tmp_path, name):
    """Who goes on after two steps makes the third of Keras: from archives both ways, from HDF5 in Tricera."""
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")])
    scatter(model)
    model.compile(OPTIMIZERS[name](keras.optimizers), "mse")
    for _ in range(2):
        model.train_on_batch(x, x[:, :2])
    forms = ["k.keras", "k.h5"][: 1 if name == "Adafactor" else 2]  # which Keras does not save to HDF5
    for form in forms:
        model.save(tmp_path / form)
    loaded = [saving.load_model(tmp_path / form) for form in forms]
    loaded[0].save(tmp_path / "t.keras"), loaded[0].save(tmp_path / "t.h5")
    loaded += [keras.saving.load_model(tmp_path / "t.keras"), saving.load_model(tmp_path / "t.h5")]
    model.train_on_batch(x, x[:, :2])
    for other in loaded:
        other.train_on_batch(x, x[:, :2])
        same(state(other), state(model))
