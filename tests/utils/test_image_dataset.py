"""`image_dataset_from_directory`: files, orders and splits recorded from Keras 3.15.1, pixels as Keras resizes them."""

import os

import numpy as np
import pytest
from PIL import Image

import tricera
from tricera import layers
from tricera.utils import image_dataset_from_directory as dataset_of
from tricera.utils.image.resample import resample


@pytest.fixture
def folder(tmp_path):
    """Six pictures of a, five of b, in different sizes, and a folder that does not count."""
    random = np.random.RandomState(0)
    root = tmp_path / "pictures"
    for name, count in (("a", 6), ("b", 5), (".hidden", 1)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = random.randint(0, 256, (20 + 3 * i, 31 - 2 * i, 3)).astype("uint8")
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def made(folder, **settings):
    return dataset_of(
        folder, **{"image_size": (16, 18), "batch_size": 4, "shuffle": False, "verbose": False, **settings}
    )


def names(dataset, folder):
    return [path[len(str(folder)) + 1 :].removesuffix(".png") for path in dataset.file_paths]


@pytest.mark.parametrize("method", ["bilinear", "nearest", "bicubic", "lanczos3"])
def test_pixels_are_those_of_keras(keras, folder, method):
    images, _ = next(iter(made(folder, interpolation=method)))
    assert images.dtype == ("uint8" if method == "nearest" else "float32")
    picture = keras.utils.img_to_array(keras.utils.load_img(folder / "a" / "1.png"))
    expected = keras.ops.image.resize(picture, (16, 18), interpolation=method)
    np.testing.assert_allclose(images[1], expected, rtol=1e-4, atol=2e-2)


# What TensorFlow 2.21 gives for the picture in the test.
RECORDED = {
    "area": [95.9, 100.7, 99.5, 92.3, 98.7, 117.9, 207.9, 163.9, 119.1, 101.5, 129.1, 201.9],
    "gaussian": [
        *(95.162, 102.044, 100.748, 91.527, 100.001, 113.498, 205.956, 163.338),
        *(120.19, 100.29, 130.092, 203.798),
    ],
    "mitchellcubic": [
        *(90.861, 101.653, 98.381, 89.407, 95.99, 110.074, 218.721, 163.951),
        *(125.764, 97.969, 122.766, 208.251),
    ],
}


@pytest.mark.parametrize("method", RECORDED)
def test_methods_that_only_tensorflow_has(method):
    picture = (np.arange(30).reshape(6, 5, 1) ** 2 * 7 % 256).astype("uint8")
    np.testing.assert_allclose(resample(picture, (3, 4), method).ravel(), RECORDED[method], atol=2e-3)


def test_cropped_and_padded(keras, folder):
    (cropped, _), (padded, _) = (
        next(iter(made(folder, **{f"{way}_to_aspect_ratio": True}))) for way in ("crop", "pad")
    )
    picture = keras.utils.img_to_array(keras.utils.load_img(folder / "a" / "0.png"))
    expected = keras.preprocessing.image.smart_resize(picture, (16, 18))
    np.testing.assert_allclose(cropped[0], expected, rtol=1e-4, atol=1e-2)
    expected = np.zeros((16, 18, 3))
    expected[2:13] = keras.ops.image.resize(picture, (11, 18))
    np.testing.assert_allclose(padded[0], expected, rtol=1e-4, atol=1e-2)


LABELS = {
    "int": ({}, np.array([0, 0, 1, 1], "int32")),
    "binary": ({"label_mode": "binary"}, np.array([[0], [0], [1], [1]], "float32")),
    "categorical": ({"label_mode": "categorical"}, np.array([[1, 0], [1, 0], [0, 1], [0, 1]], "float32")),
    "in another order": ({"class_names": ["b", "a"]}, np.array([0, 1, 1, 1], "int32")),
}


@pytest.mark.parametrize("settings, expected", LABELS.values(), ids=LABELS)
def test_labels(folder, settings, expected):
    labels = [batch for _, batch in made(folder, **settings)]
    assert labels[1].dtype == expected.dtype
    np.testing.assert_array_equal(labels[1], expected)


def test_labels_given_and_none(folder):
    given = made(folder, labels=list(range(12)))
    assert given.class_names == sorted(map(str, range(12)), key=int)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in given]), np.arange(12))
    assert names(given, folder)[:2] == [".hidden/0", "a/0"]
    alone = made(folder, labels=None)
    assert alone.class_names is None
    assert next(iter(alone)).shape == (4, 16, 18, 3)


def test_shapes(folder):
    assert next(iter(made(folder, data_format="channels_first")))[0].shape == (4, 3, 16, 18)
    assert next(iter(made(folder, color_mode="grayscale")))[0].shape == (4, 16, 18, 1)
    assert next(iter(made(folder, color_mode="rgba", image_size=9)))[0].shape == (4, 9, 9, 4)
    single = made(folder, batch_size=None)
    image, label = next(iter(single))
    assert image.shape == (16, 18, 3) and label.shape == ()
    assert len(list(single)) == 11
    batches = made(folder)
    assert len(batches) == 3
    assert batches.class_names == ["a", "b"]


def test_orders_and_splits_are_those_of_keras(folder, capsys):
    train, validation = dataset_of(folder, validation_split=0.3, subset="both", seed=3)
    assert names(train, folder) == ["a/5", "a/4", "a/1", "a/2", "b/3", "b/0", "b/1", "a/0"]
    assert names(validation, folder) == ["a/3", "b/2", "b/4"]
    assert capsys.readouterr().out == (
        "Found 11 files belonging to 2 classes.\nUsing 8 files for training.\nUsing 3 files for validation.\n"
    )
    for subset, part in (("training", train), ("validation", validation)):
        assert made(folder, shuffle=True, validation_split=0.3, subset=subset, seed=3).file_paths == part.file_paths
    order = ["b/2", "a/5", "a/0", "a/2", "a/1", "b/4", "b/1", "a/3", "b/0", "b/3", "a/4"]
    assert names(made(folder, shuffle=True, seed=7), folder) == order


def test_each_pass_has_its_order_and_the_right_labels(folder):
    def passes():
        dataset = made(folder, shuffle=True, seed=7, batch_size=11)
        return [next(iter(dataset)) for _ in range(2)]

    (images, labels), (others, other_labels) = passes()
    assert (images != others).any()
    assert labels.sum() == other_labels.sum() == 5
    np.testing.assert_array_equal(passes()[1][0], others)
    plain, numbers = next(iter(made(folder, batch_size=11)))
    for image, label in zip(others, other_labels, strict=True):
        place = [i for i in range(11) if (plain[i] == image).all()]
        assert numbers[place] == [label]


def test_fit_takes_it(folder):
    model = tricera.Sequential([layers.Input((16, 18, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    train, validation = made(folder, shuffle=True, label_mode="binary", validation_split=0.3, subset="both", seed=1)
    scaled = train.map(lambda x, y: (x / 255, y)).cache()
    history = model.fit(scaled, epochs=2, verbose=0, validation_data=validation).history
    assert history["loss"][1] < history["loss"][0]
    assert model.predict(validation, verbose=0).shape == (3, 1)


def test_grain_gives_the_same_images_and_models_take_them(folder):
    pytest.importorskip("grain")
    model = tricera.Sequential([layers.Input((16, 18, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    ours, theirs = (made(folder, label_mode="binary", format=format) for format in ("tf", "grain"))
    assert theirs.class_names == ["a", "b"] and theirs.file_paths == ours.file_paths
    for our, their in zip(ours, theirs, strict=True):
        for left, right in zip(our, their, strict=True):
            np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(model.predict(ours, verbose=0), model.predict(theirs, verbose=0))
    np.testing.assert_allclose(model.evaluate(ours, verbose=0), model.evaluate(theirs, verbose=0), rtol=1e-6)
    assert len(model.fit(theirs, epochs=2, verbose=0).history["loss"]) == 2
    drawn = [made(folder, shuffle=True, seed=1, batch_size=12, label_mode=None, format="grain") for _ in range(2)]
    (first,), (again,) = map(list, drawn)
    np.testing.assert_array_equal(first, again)
    assert (first != np.concatenate(list(made(folder, label_mode=None)))).any()


def test_grain_where_it_is_not_installed(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "grain", None)
    with pytest.raises(ImportError) as told:
        made(folder, format="grain")
    assert str(told.value) == '`format="grain"` needs grain.\n  fix:      pip install grain; or leave `format` out.'


def test_broken_images(folder):
    (folder / "a" / "1.png").write_bytes(b"hello")
    with pytest.raises(OSError, match=r"1\.png' cannot be read"):
        list(made(folder))
    with pytest.warns(UserWarning, match="1 of 11 images cannot be read; they are left out") as told:
        dataset = made(folder, on_error="skip")
    assert str(told[0].message).endswith(f"got:      '{folder}/a/1.png'")
    assert names(dataset, folder)[:2] == ["a/0", "a/2"]
    assert np.concatenate([labels for _, labels in dataset]).tolist() == [0] * 5 + [1] * 5


ERRORS = {
    "both ways": (
        {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
        "Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`.",
    ),
    "label mode": (
        {"label_mode": "sparse"},
        "Invalid `label_mode`.\n  expected: 'int', 'categorical', 'binary', None\n  got:      'sparse'",
    ),
    "labels": (
        {"labels": "folders"},
        """
`labels` should be a list of integer labels, one for each file in the folder.
  expected: 'inferred', for the names of the folders; None, for no labels; or a list
  got:      'folders'
""",
    ),
    "number of labels": (
        {"labels": [0, 1]},
        """
Expected the lengths of `labels` to match the number of files in the target directory.
  expected: 12 labels
  got:      2 labels
""",
    ),
    "names of given labels": (
        {"labels": [0] * 12, "class_names": ["a"]},
        """
You can only pass `class_names` if `labels="inferred"`.
  got:      labels=[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], class_names=['a']
""",
    ),
    "unknown class": (
        {"class_names": ["a", "c"]},
        """
`class_names` names folders that are not in '{folder}'.
  expected: some of '.hidden', 'a', 'b'
  got:      'c'
""",
    ),
    "not two classes": (
        {"label_mode": "binary", "class_names": ["a"]},
        """
When passing `label_mode="binary"`, there must be exactly 2 classes.
  expected: 2 class names
  got:      ['a']
""",
    ),
    "no subset": (
        {"validation_split": 0.2},
        """
If `subset` is set, `validation_split` must be set, and inversely.
  got:      validation_split=0.2, subset=None
""",
    ),
    "no seed": (
        {"validation_split": 0.2, "subset": "training", "shuffle": True},
        """
If using `validation_split` and shuffling the data, you must provide a `seed` argument.
  got:      seed=None
  fix:      `seed=0`, the same for both subsets: without it, they would overlap.
""",
    ),
    "split": (
        {"validation_split": 2, "subset": "training"},
        "`validation_split` must be between 0 and 1.\n  got:      2",
    ),
    "small split": (
        {"validation_split": 0.01, "subset": "validation"},
        """
No files are left for validation.
  got:      11 files
  fix:      give more files, or another `validation_split`.
""",
    ),
    "size": (
        {"image_size": (1, 2, 3)},
        "Invalid `image_size` value.\n  expected: a tuple of 2 integers\n  got:      (1, 2, 3)",
    ),
    "format": (
        {"format": "torch"},
        "Invalid `format`.\n  expected: 'tf', 'grain'\n  got:      'torch'",
    ),
}


@pytest.mark.parametrize("settings, text", ERRORS.values(), ids=ERRORS)
def test_errors(folder, settings, text):
    with pytest.raises(ValueError) as told:
        made(folder, **settings)
    assert str(told.value) == text.strip("\n").format(folder=folder)


def test_folders_without_images_are_told(folder):
    os.mkdir(folder / "c")
    with pytest.raises(ValueError) as told:
        made(folder)
    assert str(told.value) == (
        f"Folders in '{folder}' hold no files that are known.\n"
        "  expected: names like *.bmp, *.gif, *.jpeg, *.jpg, *.png\n"
        "  got:      none in 'c'\n"
        "  fix:      remove the empty folders, or name the classes that count: `class_names=[...]`."
    )
    assert made(folder, class_names=["a", "c"]).class_names == ["a", "c"]
