"""Applications against real Keras: the same weights give the same outputs."""

import json

import numpy as np
import pytest

import compare_applications
import tricera
from tricera import applications, config, layers

# Small networks of the families that are quick to compile; how their features are pooled, and with which images. All
# others: `tools/compare_applications.py --outputs`.
FEATURES = {
    "VGG19": {"input_shape": (32, 48, 3), "pooling": "avg"},
    "ResNet50": {"input_shape": (32, 40, 3), "pooling": "max"},
    "MobileNet": {"input_shape": (32, 32, 3), "alpha": 0.25},
    "MobileNetV2": {"input_shape": (33, 47, 3), "alpha": 0.35},
    "MobileNetV3Small": {"input_shape": (32, 45, 3)},
}
TOPS = {
    "MobileNet": {"input_shape": (32, 32, 3), "alpha": 0.25, "classes": 7},
    "MobileNetV3Small": {"input_shape": (32, 32, 3), "minimalistic": True, "classes": 5, "classifier_activation": None},
}
STRUCTURES = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B3",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "Xception",
)


@pytest.mark.parametrize("name", STRUCTURES)
def test_layers_settings_connections_weights_and_files_are_those_of_keras(name):
    golden = json.loads(compare_applications.GOLDEN.read_text())
    given = compare_applications.options(name)[-1]
    found = compare_applications.digest(compare_applications.structure(tricera, name, given))
    assert found == golden[compare_applications.title(name, given)], f"see tools/compare_applications.py {name}"


def test_keras_builds_what_is_remembered_of_it(keras):
    golden = json.loads(compare_applications.GOLDEN.read_text())
    given = compare_applications.options("MobileNetV3Small")[-1]
    found = compare_applications.digest(compare_applications.structure(keras, "MobileNetV3Small", given))
    assert found == golden[compare_applications.title("MobileNetV3Small", given)]


def test_every_application_is_remembered():
    golden = json.loads(compare_applications.GOLDEN.read_text())
    titles = [
        compare_applications.title(name, given)
        for name in compare_applications.names()
        for given in compare_applications.options(name)
    ]
    assert sorted(titles) == sorted(golden)


@pytest.mark.parametrize("name", FEATURES)
def test_features(name):
    assert compare_applications.deviation(name, {"include_top": False, **FEATURES[name]}) < 1e-4


@pytest.mark.parametrize("name", TOPS)
def test_with_the_top(name):
    assert compare_applications.deviation(name, TOPS[name]) < 1e-4


def test_of_unknown_size_the_cells_of_nasnet_still_fit_together():
    model = applications.NASNetMobile(weights=None, include_top=False)
    assert "adjust_avg_pool_1_stem_2" in [layer.name for layer in model.layers]
    assert model.output_shape == (None, None, None, 1056)


def test_channels_first(monkeypatch):
    config.set_image_data_format("channels_first")
    try:
        for name, channels in {"MobileNetV2": 1280, "Xception": 2048}.items():
            model = getattr(applications, name)(weights=None, include_top=False, input_shape=(3, 75, 75))
            assert model.output_shape == (None, channels, 3, 3)
    finally:
        config.set_image_data_format("channels_last")


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
