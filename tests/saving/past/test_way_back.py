"""Models that Tricera writes as `.h5`, read by tf_keras: the same outputs, and the same next step of training.

What tf_keras does not read, or goes on with otherwise, stands here with the reason.
"""

from pathlib import Path

import numpy as np
import pytest

import tricera
from tests.laws.table import leaves, scatter
from tests.saving import test_proof
from tests.saving.past import old_models
from tricera import layers, models, saving
from tricera.layers import past
from tricera.optimizers import past as past_optimizers

READER = Path(__file__).with_name("tf_keras_reads.py")
OWN = {name: getattr(past, name) for name in ("LocallyConnected1D", "LocallyConnected2D", "ThresholdedReLU")}


def operation():
    x = tricera.Input((4,))
    return models.Model(x, layers.Dense(2)(x + 1.0))


def newer_function():
    return models.Sequential([tricera.Input((4,)), layers.Dense(2, "hard_sigmoid")])


def newer_layer():
    return models.Sequential([tricera.Input((4,)), layers.RMSNormalization()])


MODELS = {**old_models.models(tricera, "hard_sigmoid_v2", **OWN)} | {
    "operation": operation,
    "newer_function": newer_function,
    "newer_layer": newer_layer,
}
KERAS_3 = "Unrecognized keyword arguments: ['batch_shape']"  # what tf_keras says to a file in Keras 3's form
REFUSED = {
    "heads": KERAS_3,  # tensors beside the first argument: Keras 3 reads no other form of them
    "newer_function": KERAS_3,  # Keras 2's function of this name is another one
    "newer_layer": "Unknown layer: 'RMSNormalization'",
    "operation": KERAS_3,  # a layer around TensorFlow's function in Keras 2, an op in Keras 3
    "states": KERAS_3,  # as of heads
}

OPTIMIZERS = {
    **old_models.optimizers(tricera),
    "old_sgd": lambda: past_optimizers.SGDV2(learning_rate=0.1, momentum=0.9, nesterov=True, decay=0.1),
    "old_adam": lambda: past_optimizers.AdamV2(learning_rate=0.01, decay=0.1),
    "old_adamax": lambda: past_optimizers.AdamaxV2(learning_rate=0.01, decay=0.1),
    "old_nadam": lambda: past_optimizers.NadamV2(learning_rate=0.01),
    "old_rmsprop": lambda: past_optimizers.RMSpropV2(learning_rate=0.01, epsilon=0.01),
    "old_rmsprop_momentum": lambda: past_optimizers.RMSpropV2(learning_rate=0.01, momentum=0.5, centered=True),
    "old_adagrad": lambda: past_optimizers.AdagradV2(learning_rate=0.1, epsilon=0.01),
    "old_adadelta": lambda: past_optimizers.AdadeltaV2(learning_rate=0.5, decay=0.1),
    "old_ftrl": lambda: past_optimizers.FtrlV2(learning_rate=0.1, decay=0.1),
    "scaled": lambda: tricera.optimizers.LossScaleOptimizer(tricera.optimizers.Adam(0.01), 8.0, 2),
}
# tf_keras makes its optimizers of before 2.11 of what says no more than they know; Keras 3 reads nothing else.
REFUSED |= dict.fromkeys(("adafactor", "adamw", "lion"), "Unknown optimizer")
REFUSED |= {"averaged": "use_ema", "decayed": "weight_decay"}
OTHERWISE = {  # by so much at most
    "nadam": 1e-3,  # the momentum warms up more slowly, as in NadamV2
    "rmsprop": 0.05,  # the epsilon stands beside the root, as in RMSpropV2
    "scaled": 0.05,  # begins anew: the state has the scale, which tf_keras leaves out
}


def given(rng, shape, dtype):
    """What a model is given: numbers, or whole numbers of which some are 0."""
    if dtype.startswith("int"):
        return rng.integers(0, 5, (2, *shape)).astype(dtype)
    return rng.normal(size=(2, *shape)).astype("float32")


def outputs(model, arrays):
    found = model(arrays if len(arrays) > 1 else arrays[0], training=False)
    return [np.asarray(y) for y in (found if isinstance(found, list) else [found])]


@pytest.fixture(scope="module")
def written(tf_keras_writes, tmp_path_factory):
    """The folder with what tf_keras computes, and what is expected of it."""
    folder, rng, expected = tmp_path_factory.mktemp("tricera"), np.random.default_rng(0), {}
    for name, make in MODELS.items():
        model = make()
        scatter(model)
        arrays = [given(rng, x.shape[1:], x.dtype) for x in model.inputs]
        np.savez(folder / f"{name}.npz", *arrays)
        model.save(folder / f"{name}.h5"), model.save_weights(folder / f"{name}_weights.h5")
        expected[name] = 2 * outputs(model, arrays)
        again = saving.load_model(folder / f"{name}.h5")
        assert error(outputs(again, arrays) * 2, expected[name]) < 1e-6, name
    x, y = given(rng, (3,), "float32"), given(rng, (2,), "float32")
    for name, make in OPTIMIZERS.items():
        stages = [layers.Dense(4, activation="tanh"), layers.BatchNormalization(), layers.Dense(2)]
        model = models.Sequential([tricera.Input((3,)), *stages])
        scatter(model)
        model.compile(make(), "mse")
        for _ in range(2):
            model.train_on_batch(x, y)
        np.savez(folder / f"{name}.npz", x, y)
        model.save(folder / f"{name}.h5")
        again = saving.load_model(folder / f"{name}.h5")
        for each in (model, again):
            each.run_eagerly = True
            each.train_on_batch(x, y)
        expected[name] = model.get_weights()
        assert error(again.get_weights(), expected[name]) < 1e-6, name
    return tf_keras_writes(READER, folder), expected


def error(found, expected):
    """The largest difference."""
    return max(np.max(np.abs(a - b) / np.maximum(1, np.abs(b))) for a, b in zip(found, expected, strict=True))


def found(folder, name):
    with np.load(folder / f"{name}.found.npz") as file:
        return [file[key] for key in file]


@pytest.mark.parametrize("name", [name for name in (*MODELS, *OPTIMIZERS) if name not in REFUSED])
def test_read(written, name):
    folder, expected = written
    assert not (folder / f"{name}.error").exists(), (folder / f"{name}.error").read_text()
    largest = error(found(folder, name), expected[name])
    assert largest < OTHERWISE.get(name, 1e-5)
    assert name not in OTHERWISE or largest > 1e-5


@pytest.mark.parametrize("name", REFUSED)
def test_refused(written, name):
    assert REFUSED[name] in (written[0] / f"{name}.error").read_text()


# ---- each layer of Keras 3

ONLY_KERAS_3 = {  # layers
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "GroupQueryAttention",
    "MelSpectrogram",
    "MultiHeadAttention",  # in another form
    "RMSNormalization",
    "ReversibleEmbedding",
    "STFTSpectrogram",
    "SpectralNormalization",
}
OTHER_SETTINGS = {"ConvLSTM1D-strides=2-return_state=True-seed=1"}  # a seed


def test_layers(tf_keras_writes, tmp_path):
    names, expected = {}, {}
    for i, row in enumerate(test_proof.ROWS):
        model, data, _ = test_proof.build([row])
        model.save(tmp_path / f"{i}.h5")
        np.savez(tmp_path / f"{i}.npz", *data)
        names[i], expected[i] = str(row), leaves(model(data))
    folder = tf_keras_writes(READER, tmp_path)
    refused = {i for i in names if (folder / f"{i}.error").exists()}
    wrong = {i: error(found(folder, i), expected[i]) for i in names if i not in refused}
    assert {names[i]: largest for i, largest in wrong.items() if largest > 1e-5} == {}
    assert {names[i].split("-")[0] for i in refused if names[i] not in OTHER_SETTINGS} == ONLY_KERAS_3
