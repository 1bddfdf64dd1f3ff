"""Applications against real Keras: the same weights give the same outputs."""

import json

import numpy as np
import pytest

from tricera import applications, layers

KINDS = {"VGG19": {"input_shape": (32, 48, 3), "pooling": "avg"}}


@pytest.mark.parametrize("name", KINDS)
def test_features_from_keras_own_file(name, keras, tmp_path):
    options = {"weights": None, "include_top": False, **KINDS[name]}
    theirs = getattr(keras.applications, name)(**options)
    path = str(tmp_path / "weights.weights.h5")
    theirs.save_weights(path)
    ours = getattr(applications, name)(**{**options, "weights": path})
    assert [layer.name for layer in ours.layers][1:] == [layer.name for layer in theirs.layers][1:]
    assert ours.output_shape == theirs.output_shape and ours.count_params() == theirs.count_params()
    x = np.random.default_rng(0).normal(size=(1, *KINDS[name]["input_shape"])).astype("float32")
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_the_top(keras):
    theirs = keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=7)
    ours = applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=7)
    assert [(w.name, tuple(w.shape)) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
    assert [layer.name for layer in ours.layers][-4:] == ["flatten", "fc1", "fc2", "predictions"]


def test_freezing_and_a_tensor_to_begin_with():
    inputs = layers.Input((32, 32, 3))
    base = applications.VGG16(weights=None, include_top=False, input_tensor=layers.Activation("linear")(inputs))
    assert base.input is inputs
    base.trainable = False
    assert not base.trainable_weights
    for layer in base.layers:
        layer.trainable = layer.name.startswith("block5")
    base.trainable = True
    for layer in base.layers[:-4]:
        layer.trainable = False
    assert len(base.trainable_weights) == 6


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocess_input(mode, keras):
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3))
    utils = keras.applications.imagenet_utils
    for given in (x, x.astype("float32")):
        kept = given.copy()
        found = applications.imagenet_utils.preprocess_input(given, mode=mode)
        np.testing.assert_array_equal(given, kept)
        np.testing.assert_allclose(found, utils.preprocess_input(kept.copy(), mode=mode), rtol=1e-5, atol=1e-5)
    symbolic = applications.vgg16.preprocess_input(layers.Input((4, 4, 3)))
    assert symbolic.shape == (None, 4, 4, 3)


def test_decode_predictions(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    index = {str(i): [f"n{i:08}", f"thing {i}"] for i in range(1000)}
    (tmp_path / "models" / "imagenet_class_index.json").write_text(json.dumps(index))
    applications.imagenet_utils._names.clear()
    scores = np.zeros((1, 1000))
    scores[0, [3, 7]] = 0.3, 0.6
    assert applications.vgg16.decode_predictions(scores, top=2) == [
        [("n00000007", "thing 7", 0.6), ("n00000003", "thing 3", 0.3)]
    ]
    assert "which is not the published file" in capsys.readouterr().err
    applications.imagenet_utils._names.clear()


BAD = {
    "vgg16: the `weights` are not known.\n"
    "  expected: None (random weights), 'imagenet', or the path of a weights file\n  got:      'imagnet'": {
        "weights": "imagnet"
    },
    "vgg16: the weights of ImageNet with the top are for 1000 classes.\n  got:      classes=3\n"
    "  fix:      `include_top=False` and a Dense layer of your own, or `weights=None`.": {"classes": 3},
    "vgg16: the input shape is not one of images, or they are too small.\n"
    "  expected: three sizes, height and width at least 32\n  got:      input_shape=(8, 8, 3)": {
        "input_shape": (8, 8, 3),
        "weights": None,
    },
    "vgg16: with the top, the size of the images must be known.\n  got:      input_shape=(None, None, 3)\n"
    "  fix:      name height and width, or `include_top=False`.": {"input_shape": (None, None, 3), "weights": None},
    "vgg16: unknown `pooling`.\n  expected: None, 'avg' or 'max'\n  got:      'min'": {
        "pooling": "min",
        "weights": None,
        "include_top": False,
        "input_shape": (32, 32, 3),
    },
}


@pytest.mark.parametrize("message", BAD)
def test_bad_arguments(message):
    with pytest.raises(ValueError) as error:
        applications.VGG16(**BAD[message])
    assert str(error.value) == message
