"""Models that tf_keras writes now, and models that it reads: same outputs, and the same next step of training."""

from pathlib import Path

import numpy as np
import pytest

import tricera
from tests.laws.table import leaves, scatter
from tests.saving import test_proof
from tests.saving.past import own_classes
from tricera import saving

WRITER, READER = (Path(__file__).with_name(f"tf_keras_{does}.py") for does in ("writes", "reads"))


@pytest.fixture(scope="module")
def folder(tf_keras_writes):
    return tf_keras_writes(WRITER)


def largest_error(found, expected):
    errors = [np.max(np.abs(a - b) / np.maximum(1, np.abs(b))) for a, b in zip(found, expected, strict=True)]
    return max(errors, default=0)


def loaded(folder, name):
    """The model by each way into it."""
    yield saving.load_model(folder / f"{name}.h5")
    yield saving.load_model(folder / f"{name}.keras")
    model = saving.model_from_json((folder / f"{name}.json").read_text())
    model.load_weights(folder / f"{name}_weights.h5")
    yield model


def test_same_outputs(folder):
    names = sorted(path.stem for path in folder.glob("*.json"))
    assert len(names) > 15
    for name in names:
        with np.load(folder / f"{name}.npz") as numbers:
            inputs = [numbers[key] for key in numbers if key.startswith("input")]
            expected = [numbers[key] for key in numbers if key.startswith("output")]
        model, *others = loaded(folder, name)
        found = model(inputs if len(inputs) > 1 else inputs[0])
        error = largest_error(found if isinstance(found, list) else [found], expected)
        assert error < 1e-5, f"{name}: {error:.1e}"
        for other in others:
            assert other.get_config() == model.get_config(), name
            assert largest_error(other.get_weights(), model.get_weights()) == 0, name


def test_next_step(folder):
    data = np.load(folder / "data.npz")
    names = sorted(path.stem for path in folder.glob("*.npz") if not path.with_suffix(".json").exists())
    names.remove("data")
    assert len(names) > 15
    for name in names:
        expected = [value for _, value in np.load(folder / f"{name}.npz").items()]
        model = saving.load_model(folder / f"{name}.h5")
        if not name.startswith("old"):  # tf_keras keeps no state of those in .keras
            other = saving.load_model(folder / f"{name}.keras").optimizer
            assert other.get_config() == model.optimizer.get_config(), name
            state = [[v.numpy() for v in each.variables] for each in (model.optimizer, other)]
            assert largest_error(*state) == 0, name
        model.run_eagerly = True
        model.train_on_batch(data["x"][2], data["y"][2])
        error = largest_error(model.get_weights(), expected)
        assert error < 1e-5, f"{name}: {error:.1e}"


@pytest.mark.filterwarnings("error")
def test_classes_of_the_users(folder):
    with np.load(folder / "own" / "net.npz") as numbers:
        x, *expected = numbers.values()
    model = own_classes.net(tricera)  # which registers the classes
    model(x)
    model.load_weights(folder / "own" / "net.weights.h5")
    for each in (model, saving.load_model(folder / "own" / "net.keras")):
        assert largest_error(each(x), expected) < 1e-6


# ---- and back

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
NO_OPTIMIZERS = {"Adafactor", "AdamW", "Lamb", "Lion", "Muon", "MultiOptimizer", "ScheduleFreeAdamW"}
NO_OPTIMIZERS |= {"LossScaleOptimizer", "SGD with everything"}  # in other forms


@pytest.fixture(scope="module")
def read_back(tf_keras_writes, tmp_path_factory):
    """A folder of models, and what tf_keras makes of them; what the models compute themselves, by their files."""
    folder, expected = tmp_path_factory.mktemp("back"), {}
    for i, row in enumerate(test_proof.ROWS):
        model, data, _ = test_proof.build([row])
        path = folder / f"layer{i}.h5"
        model.save(path)
        np.savez(path.with_suffix(".npz"), **{f"input{k}": array for k, array in enumerate(data)})
        expected[path] = str(row), leaves(model(data))
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
    for i, (name, make) in enumerate(test_proof.OPTIMIZERS.items()):
        model = tricera.Sequential([tricera.Input((3,)), tricera.layers.Dense(4, activation="tanh")])
        scatter(model)
        model.compile(make(tricera.optimizers), "mse")
        for _ in range(2):
            model.train_on_batch(x, np.ones((4, 4)))
        path = folder / f"optimizer{i}.h5"
        model.save(path)
        np.savez(path.with_suffix(".npz"), input0=x, targets=np.ones((4, 4)))
        outputs = np.asarray(model(x))
        model.train_on_batch(x, np.ones((4, 4)))
        expected[path] = name, [outputs, *model.get_weights()]
    return tf_keras_writes(READER, folder), expected


@pytest.mark.parametrize("kind", ["layer", "optimizer"])
def test_tf_keras_computes_the_same_and_goes_on_the_same(read_back, kind):
    refused, wrong, count = set(), {}, 0
    for path, (name, expected) in read_back[1].items():
        if not path.name.startswith(kind):
            continue
        count += 1
        if path.with_suffix(".refused").exists():
            refused.add(name)
            continue
        with np.load(path.with_suffix(".found.npz")) as found:
            error = largest_error(found.values(), expected)
        if error > (1e-3 if name == "Nadam" else 1e-5):  # whose product of momenta its files do not keep
            wrong[name] = error
    assert not wrong and count > 15
    refused = refused - OTHER_SETTINGS if kind == "layer" else refused
    assert {name.split("-")[0] for name in refused} == (ONLY_KERAS_3 if kind == "layer" else NO_OPTIMIZERS)
