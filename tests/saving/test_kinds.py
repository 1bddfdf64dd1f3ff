"""The kinds of layers that stand in no table of laws: in files both ways, and none is forgotten."""

import inspect
import json

import numpy as np
import pytest

from tests.laws.table import ROWS, scatter
from tests.saving.test_proof import same
from tricera import layers, models, saving

RECURRENT = {
    "RNN of LSTMCell": lambda L: L.RNN(L.LSTMCell(3, unit_forget_bias=False), return_sequences=True),
    "RNN of GRUCell": lambda L: L.RNN(L.GRUCell(2, reset_after=False), go_backwards=True),
    "RNN of SimpleRNNCell": lambda L: L.RNN(L.SimpleRNNCell(3, activation="relu"), unroll=True),
    "RNN of StackedRNNCells": lambda L: L.RNN(L.StackedRNNCells([L.GRUCell(2), L.SimpleRNNCell(3)])),
    "RNN of a list": lambda L: L.RNN([L.LSTMCell(2), L.LSTMCell(3)]),
    "Bidirectional": lambda L: L.Bidirectional(L.RNN(L.GRUCell(2), return_sequences=True), merge_mode="ave"),
    "Normalization": lambda L: L.Normalization(),
    "Lambda": lambda L: L.Lambda(_doubled),
}
IMAGES = {
    "AutoContrast": (),
    "CenterCrop": (4, 5),
    "CutMix": (),
    "MixUp": (),
    "RandomBrightness": (0.2,),
    "RandomColorDegeneration": (0.5,),
    "RandomColorJitter": (),
    "RandomContrast": (0.2,),
    "RandomElasticTransform": (),
    "RandomErasing": (),
    "RandomFlip": ("horizontal",),
    "RandomGaussianBlur": (),
    "RandomGrayscale": (),
    "RandomHue": (0.2,),
    "RandomInvert": (),
    "RandomPerspective": (),
    "RandomPosterization": (4,),
    "RandomRotation": (0.2,),
    "RandomSaturation": (0.2,),
    "RandomSharpness": (0.2,),
    "RandomTranslation": (0.2, 0.1),
    "RandomZoom": (0.2,),
    "Resizing": (5, 3, "bilinear", True),
    "Solarization": (),
}
ELSEWHERE = {
    "AugMix": "Keras makes no graphs of it",
    "Equalization": "Keras makes no graphs of it",
    "FlaxLayer": "needs Flax",
    "HashedCrossing": "tests of strings",
    "InputLayer": "stands in every model",
    "InputSpec": "no layer",
    "JaxLayer": "holds a function, which no file does",
    "Layer": "the base",
    "MaxNumBoundingBoxes": "takes boxes, not arrays",
    "Pipeline": "a list of layers; below",
    "RandAugment": "Keras makes no graphs of it",
    "RandomCrop": "predicts images of another size than it says, in Keras",
    "RandomShear": "Keras does not read its own",
    "StringLookup": "tests of strings",
    "TFSMLayer": "refused",
    "TextVectorization": "tests of strings",
    "TorchModuleWrapper": "refused",
    "Wrapper": "the base",
}


def _doubled(x):
    return 2 * x


@pytest.fixture(autouse=True)
def registered(keras):
    for library in (keras.saving, saving):
        library.register_keras_serializable("tests")(_doubled)


def test_no_kind_of_layer_is_forgotten(keras):
    kinds = {kind.__name__ for kind in vars(keras.layers).values() if inspect.isclass(kind)}
    cells = {"RNN", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell", "Lambda"}
    rows = {getattr(keras.layers, row.name).__name__ for row in ROWS}
    assert kinds - rows - cells - set(IMAGES) == set(ELSEWHERE)


def recurrent(L, M):
    inputs = L.Input((5, 4))
    model = M.Model(inputs, [make(L)(inputs) for make in RECURRENT.values()])
    scatter(model)
    (normalization,) = [layer for layer in model.layers if type(layer) is L.Normalization]
    normalization.adapt(np.arange(24, dtype="float32").reshape(3, 2, 4) ** 2)  # Keras computes with what this found
    return model


def test_cells_normalization_and_functions(keras, tmp_path):
    """Both ways, in both forms; who goes on makes the same step."""
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    theirs = recurrent(keras.layers, keras.models)
    targets = [np.zeros(y.shape, "float32") for y in theirs.predict_on_batch(x)]
    theirs.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss=["mse"] * len(targets))
    theirs.train_on_batch(x, targets)
    theirs.save(tmp_path / "k.keras"), theirs.save(tmp_path / "k.h5"), theirs.save_weights(tmp_path / "k.weights.h5")
    ours = saving.load_model(tmp_path / "k.keras")
    ours.save(tmp_path / "t.keras"), ours.save(tmp_path / "t.h5")
    fresh = recurrent(layers, models)
    fresh.load_weights(tmp_path / "k.weights.h5")
    outputs = dict(zip(RECURRENT, theirs.predict_on_batch(x), strict=True))
    others = [ours, fresh, saving.load_model(tmp_path / "k.h5"), saving.load_model(tmp_path / "t.h5")]
    others += [keras.saving.load_model(tmp_path / name) for name in ("t.keras", "t.h5")]
    for other in others:
        same(dict(zip(RECURRENT, map(np.asarray, other.predict_on_batch(x)), strict=True)), outputs)
    theirs.train_on_batch(x, targets)
    for other in (ours, *others[2:5]):
        other.train_on_batch(x, targets)
        same(*(dict(enumerate(map(np.asarray, model.weights))) for model in (other, theirs)))


def images(L, M):
    inputs = L.Input((8, 6, 3))
    made = [getattr(L, name)(*args) for name, args in IMAGES.items()]
    made.append(L.Pipeline([L.Rescaling(1 / 255), L.RandomFlip("vertical")]))
    return M.Model(inputs, [layer(inputs) for layer in made])


def test_layers_of_images(keras, tmp_path):
    """In archives: Keras does not save them to HDF5."""
    x = np.random.default_rng(0).integers(0, 256, (2, 8, 6, 3)).astype("float32")
    theirs = images(keras.layers, keras.models)
    theirs.save(tmp_path / "k.keras")
    ours = saving.load_model(tmp_path / "k.keras")
    ours.save(tmp_path / "t.keras")
    back = keras.saving.load_model(tmp_path / "t.keras")
    names = [layer.name for layer in theirs.layers[1:]]
    outputs = dict(zip(names, map(np.asarray, theirs.predict_on_batch(x)), strict=True))
    for other in (ours, back):
        assert [layer.name for layer in other.layers[1:]] == names
        same(dict(zip(names, map(np.asarray, other.predict_on_batch(x)), strict=True)), outputs)
    for one, other in zip(theirs.layers[1:], back.layers[1:], strict=True):
        assert json.dumps(one.get_config()) == json.dumps(other.get_config())


def strings(k):
    """A model of layers that look words up, and what each of its layers is given."""
    L = k.layers
    lookup = L.StringLookup(vocabulary=["a", "b", "c"], num_oov_indices=2)
    numbers = L.IntegerLookup(vocabulary=[10, 20, 30], output_mode="one_hot")
    texts = L.TextVectorization(max_tokens=20, output_sequence_length=5)
    texts.adapt(np.array(["the cat sat", "the dog ran", "the cat ran far"]))
    counts = L.TextVectorization(output_mode="tf_idf")
    counts.adapt(np.array(["the cat sat", "the dog ran", "the cat ran far"]))
    made = [lookup, numbers, texts, counts, L.Hashing(5)]
    inputs = [k.Input((), dtype=dtype) for dtype in ("string", "int64", "string", "string", "string")]
    words, sentences = np.array(["a", "c", "zz"]), np.array(["the cat", "far dog", "x the"])
    data = [words, np.array([20, 99, 30]), sentences, sentences, words]
    return k.Model(inputs, [layer(x) for layer, x in zip(made, inputs, strict=True)]), data


def test_vocabularies(keras, tmp_path):
    """Words and their weights stand in the archive; Keras computes with them by TensorFlow, layer by layer."""
    pytest.importorskip("tensorflow")
    import tricera

    def computed(model):
        given = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
        return [np.asarray(layer(x), "float32") for layer, x in zip(given, data, strict=True)]

    theirs, data = strings(keras)
    wanted = computed(theirs)
    theirs.save(tmp_path / "k.keras")
    ours = saving.load_model(tmp_path / "k.keras")
    ours.save(tmp_path / "back.keras")
    strings(tricera)[0].save(tmp_path / "t.keras")
    others = [
        ours,
        *(
            load(tmp_path / f)
            for load in (keras.saving.load_model, saving.load_model)
            for f in ("back.keras", "t.keras")
        ),
    ]
    for other in others:
        for found, value in zip(computed(other), wanted, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-5)
