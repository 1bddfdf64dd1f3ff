"""Images in folders and tables: what the original gives, and what is said of files that are no good."""

import os
import re
import shutil
import warnings

import numpy as np
import pandas
import pytest
from PIL import Image

import tricera
from tricera import layers
from tricera.preprocessing import image

CHANGES = {"rotation_range": 40, "zoom_range": 0.2, "horizontal_flip": True, "rescale": 1 / 255}
SIZE = {"target_size": (10, 12), "batch_size": 4}


def close(ours, theirs):
    if isinstance(theirs, tuple | list):
        assert type(ours) is type(theirs)
        for our, their in zip(ours, theirs, strict=True):
            close(our, their)
    else:
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


DIRECTORY = {
    "binary": {"class_mode": "binary"},
    "categorical": {},
    "sparse, in order": {"class_mode": "sparse", "shuffle": False},
    "input": {"class_mode": "input"},
    "none": {"class_mode": None},
    "grayscale": {"color_mode": "grayscale"},
    "rgba": {"color_mode": "rgba", "interpolation": "bilinear"},
    "classes in another order": {"classes": ["dogs", "cats"]},
    "training": {"subset": "training"},
    "validation": {"subset": "validation", "class_mode": "binary"},
}


@pytest.mark.filterwarnings("ignore:.*scipy.ndimage:DeprecationWarning")
@pytest.mark.parametrize("settings", DIRECTORY.values(), ids=DIRECTORY)
def test_a_folder_gives_what_the_original_gives(original, folder, quietly, settings):
    (ours, our_words), (theirs, their_words) = (
        quietly(
            library.ImageDataGenerator(**CHANGES, validation_split=0.4).flow_from_directory,
            str(folder),
            seed=5,
            **{**SIZE, **settings},
        )
        for library in (image, original)
    )
    assert our_words == their_words
    for name in ("class_indices", "filenames", "filepaths", "samples", "n", "num_classes", "image_shape"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert len(ours) == len(theirs)
    np.testing.assert_array_equal(ours.classes, theirs.classes)
    close([next(ours) for _ in range(4)], [next(theirs) for _ in range(4)])
    ours.reset(), theirs.reset()
    close(next(ours), next(theirs))
    close(ours[0], theirs[0])


def table():
    return pandas.DataFrame(
        {
            "filename": [f"cats/{i}.{kind}" for i, kind in enumerate(["png", "jpg", "png", "png", "bmp"])]
            + ["dogs/0.png", "dogs/1.jpg", "dogs/2.png", "dogs/9.png"],
            "class": ["cat"] * 5 + ["dog"] * 4,
            "several": [["x", "y"], ["y"], "z"] * 3,
            "a": np.arange(9),
            "b": np.linspace(0, 1, 9),
        }
    )


DATAFRAME = {
    "binary": {"class_mode": "binary"},
    "categorical": {},
    "several classes": {"y_col": "several"},
    "some classes": {"y_col": "several", "classes": ["z", "y"]},
    "sparse": {"class_mode": "sparse", "subset": "training"},
    "raw, weighted": {"class_mode": "raw", "y_col": "b", "weight_col": "a"},
    "raw columns": {"class_mode": "raw", "y_col": ["a", "b"]},
    "many outputs": {"class_mode": "multi_output", "y_col": ["a", "b"]},
    "input": {"class_mode": "input"},
    "none": {"class_mode": None, "subset": "validation"},
}


@pytest.mark.filterwarnings("ignore:.*")
@pytest.mark.parametrize("settings", DATAFRAME.values(), ids=DATAFRAME)
def test_a_table_gives_what_the_original_gives(original, folder, quietly, settings):
    (ours, our_words), (theirs, their_words) = (
        quietly(
            library.ImageDataGenerator(**CHANGES, validation_split=0.4).flow_from_dataframe,
            table(),
            str(folder),
            seed=5,
            **SIZE,
            **settings,
        )
        for library in (image, original)
    )
    assert our_words == their_words
    for name in ("filenames", "filepaths", "samples"):
        assert getattr(ours, name) == getattr(theirs, name)
    if hasattr(theirs, "class_indices"):
        assert (ours.class_indices, ours.classes) == (theirs.class_indices, theirs.classes)
    close([next(ours) for _ in range(3)], [next(theirs) for _ in range(3)])


def test_images_without_a_generator_and_with_channels_first(folder):
    plain = image.DataFrameIterator(table()[:5], folder, class_mode=None, shuffle=False, **SIZE)
    first = image.DataFrameIterator(
        table()[:5], folder, None, class_mode=None, shuffle=False, data_format="channels_first"
    )
    assert first.image_shape == (3, 256, 256)
    assert next(first).shape == (5, 3, 256, 256)
    expected = image.img_to_array(image.load_img(folder / "cats" / "0.png", target_size=(10, 12)))
    np.testing.assert_array_equal(next(plain)[0], expected)


def test_sixteen_bits_keep_their_values(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((10, 12), 1000, "uint16")).save(tmp_path / "a" / "deep.png")
    x = next(image.ImageDataGenerator().flow_from_directory(tmp_path, color_mode="grayscale", class_mode=None, **SIZE))
    np.testing.assert_array_equal(x, np.full((1, 10, 12, 1), 1000, "float32"))


def test_a_file_that_changed_is_read_again(folder):
    batches = image.ImageDataGenerator().flow_from_directory(folder, shuffle=False, class_mode=None, **SIZE)
    before = batches[0]
    np.testing.assert_array_equal(batches[0], before)
    before[:] = 0  # batches are the user's
    assert batches[0].any()
    Image.new("RGB", (40, 30), (9, 8, 7)).save(folder / "cats" / "0.png")
    np.testing.assert_array_equal(batches[0][0], np.broadcast_to([9.0, 8, 7], (10, 12, 3)))


def test_links_are_followed_on_demand_and_only_once(folder, quietly):
    (folder / "dogs" / "more").symlink_to(folder / "cats")
    (folder / "cats" / "round").symlink_to(folder / "cats")
    for follow, count in ((False, 9), (True, 14)):
        batches, _ = quietly(image.ImageDataGenerator().flow_from_directory, folder, follow_links=follow)
        assert batches.samples == count


def test_models_take_them(folder):
    model = tricera.Sequential([layers.Input((10, 12, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    training = image.ImageDataGenerator(**CHANGES).flow_from_directory(folder, class_mode="binary", seed=1, **SIZE)
    plain = image.ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, class_mode="binary", shuffle=False, **SIZE
    )
    training.workers, training.use_multiprocessing = 4, True  # as code for Keras 2 asks: it makes no difference
    history = model.fit(training, epochs=2, verbose=0, validation_data=plain).history
    assert len(history["val_loss"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # more steps than a pass has, and fewer
        model.fit(training, epochs=2, steps_per_epoch=7, verbose=0, validation_data=plain, validation_steps=2)
    next(plain)  # predictions are in the order of the file names, whatever was drawn before
    x = np.concatenate([plain[i][0] for i in range(len(plain))])
    found = model.predict(plain, verbose=0)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5)
    arrays = model.evaluate(x, plain.classes, verbose=0)
    np.testing.assert_allclose(model.evaluate(plain, verbose=0), arrays, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(plain, steps=3, verbose=0), arrays, rtol=1e-5)


# ---- bad input


def flow(folder, **settings):
    return image.ImageDataGenerator().flow_from_directory(folder, **{**SIZE, **settings})


def framed(folder, frame=None, **settings):
    return image.ImageDataGenerator().flow_from_dataframe(
        table() if frame is None else frame, folder, **SIZE, **settings
    )


def truncated(folder):
    path = folder / "cats" / "1.jpg"
    path.write_bytes(path.read_bytes()[:400])
    return flow(folder, shuffle=False)


def emptied(folder):
    shutil.rmtree(folder / "dogs")
    (folder / "dogs").mkdir()
    (folder / "dogs" / "notes.txt").write_text("no image")
    return folder


def flat(folder):
    return folder / "cats"


ERRORS = {
    "no folder": (
        FileNotFoundError,
        lambda folder: flow(folder / "there"),
        "The folder '{folder}/there' is not there.\n  got:      from '{here}'\n  fix:      check the path.",
    ),
    "a file": (
        NotADirectoryError,
        lambda folder: flow(folder / "cats" / "0.png"),
        "The folder '{folder}/cats/0.png' is no folder.\n  got:      from '{here}'\n  fix:      check the path.",
    ),
    "no classes": (
        ValueError,
        lambda folder: flow(folder / "cats"),
        """
The folder '{folder}/cats' has no folders.
  expected: a folder for each class, with its files
  got:      '0.png', '1.jpg', '2.png', '3.png', '4.bmp'
  fix:      move the files into folders named as their classes, or give the folder above.
""",
    ),
    "empty classes": (
        ValueError,
        lambda folder: flow(emptied(folder), classes=["dogs"]),
        """
Folders in '{folder}' hold no files that are known.
  expected: names like *.png, *.jpg, *.jpeg, *.bmp, *.ppm, *.tif, *.tiff
  got:      none in 'dogs'
  fix:      remove the empty folders, or name the classes that count: `classes=[...]`.
""",
    ),
    "an unknown class": (
        ValueError,
        lambda folder: flow(folder, classes=["cats", "bird"]),
        """
`classes` names folders that are not in '{folder}'.
  expected: some of 'cats', 'dogs'
  got:      'bird'
""",
    ),
    "class mode": (
        ValueError,
        lambda folder: flow(folder, class_mode="binray"),
        """
Invalid `class_mode`.
  expected: 'categorical', 'binary', 'sparse', 'input', None
  got:      'binray'
  fix:      did you mean 'binary'?
""",
    ),
    "nothing to validate with": (
        ValueError,
        lambda folder: flow(folder, subset="validation"),
        """
There are no images to make batches of.
  expected: an image at least
  got:      subset='validation' of validation_split=0.0
""",
    ),
    "color mode": (
        ValueError,
        lambda folder: flow(folder, color_mode="RGB"),
        """
Invalid `color_mode`.
  expected: 'grayscale', 'rgb', 'rgba'
  got:      'RGB'
  fix:      did you mean 'rgb'?
""",
    ),
    "interpolation": (
        ValueError,
        lambda folder: flow(folder, interpolation="area"),
        """
Invalid `interpolation`.
  expected: 'nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'
  got:      'area'
""",
    ),
    "a truncated image": (
        OSError,
        lambda folder: next(truncated(folder)),
        """
The image '{folder}/cats/1.jpg' cannot be read.
  expected: a whole image file
  got:      Truncated File Read
""",
    ),
    "no image": (
        OSError,
        lambda folder: [(folder / "cats" / "1.jpg").write_bytes(b"hello"), next(flow(folder))],
        """
The image '{folder}/cats/1.jpg' cannot be read.
  expected: a whole image file
  got:      no image format
""",
    ),
    "a lost image": (
        FileNotFoundError,
        lambda folder: next(framed(folder, table()[8:], class_mode=None, validate_filenames=False)),
        "The image '{folder}/dogs/9.png' is not there.\n  fix:      check its path.",
    ),
    "a row without its file": (
        FileNotFoundError,
        lambda folder: framed(folder, on_error="raise"),
        """
1 of 9 images in column 'filename' are not there, or are no images.
  expected: paths from '{folder}', named .png, .jpg, .jpeg, .bmp, .ppm, .tif, .tiff
  got:      'dogs/9.png'
  fix:      check `directory`, and whether the names have their suffixes.
""",
    ),
    "a lost column": (
        KeyError,
        lambda folder: framed(folder, y_col="clas"),
        """
`y_col`: there is no column 'clas'.
  expected: 'filename', 'class', 'several', 'a', 'b'
  fix:      did you mean 'class'?
""",
    ),
    "numbers as classes": (
        TypeError,
        lambda folder: framed(folder, y_col="a", class_mode="sparse"),
        """
All values in column y_col='a' must be strings, as `class_mode='sparse'` needs.
  got:      0 in row 0
  fix:      `.astype(str)`
""",
    ),
    "numbers as names": (
        TypeError,
        lambda folder: framed(folder, x_col="b"),
        "All values in column x_col='b' must be strings.\n  got:      0.0 in row 0",
    ),
    "one output": (
        TypeError,
        lambda folder: framed(folder, y_col="a", class_mode="multi_output"),
        """
`class_mode="multi_output"` takes a list of columns as `y_col`.
  got:      'a'
  fix:      `y_col=['a']`.
""",
    ),
    "not two classes": (
        ValueError,
        lambda folder: framed(folder, table()[:4], class_mode="binary"),
        """
`class_mode="binary"` needs two classes.
  expected: 2 classes
  got:      1 in column 'class'
  fix:      use `class_mode="sparse"` for another number of classes.
""",
    ),
    "weights": (
        TypeError,
        lambda folder: framed(folder, weight_col="class"),
        "Column weight_col='class' must be numeric.\n  got:      dtype object",
    ),
}


@pytest.mark.filterwarnings("ignore:1 of 9 images")
@pytest.mark.parametrize("kind, run, text", ERRORS.values(), ids=ERRORS)
def test_errors(folder, kind, run, text):
    with pytest.raises(kind) as told:
        run(folder)
    assert str(told.value) == text.strip("\n").format(folder=folder, here=os.getcwd())


def test_one_empty_class_is_warned_of(folder):
    with pytest.warns(UserWarning) as told:
        batches = flow(emptied(folder), class_mode="binary")
    assert batches.class_indices == {"cats": 0, "dogs": 1} and batches.samples == 5
    assert str(told[0].message).startswith(f"Folders in '{folder}' hold no files that are known.\n  expected: ")


def test_broken_images_are_skipped_on_demand(folder):
    path = folder / "cats" / "1.jpg"
    path.write_bytes(path.read_bytes()[:400])
    with pytest.warns(UserWarning) as told:
        batches = flow(folder, shuffle=False, class_mode="sparse", on_error="skip")
    assert str(told[0].message) == (
        f"1 of 9 images cannot be read; they are left out.\n  got:      '{folder}/cats/1.jpg'"
    )
    assert batches.samples == 8
    assert list(batches.skipped) == [f"{folder}/cats/1.jpg"]
    assert batches.filenames[:2] == ["cats/0.png", "cats/2.png"]
    assert batches.classes.tolist() == [0] * 4 + [1] * 4
    assert [len(next(batches)[0]) for _ in range(3)] == [4, 4, 4]


def test_rows_without_files_are_left_out_with_a_warning(folder):
    with pytest.warns(UserWarning) as told:
        assert framed(folder).samples == 8
    assert str(told[0].message) == (
        "1 of 9 images in column 'filename' are not there, or are no images; they are left out.\n"
        "  got:      'dogs/9.png'"
    )


def test_a_class_named_on_purpose_may_be_empty(folder):
    assert flow(emptied(folder), classes=["cats", "dogs"]).class_indices == {"cats": 0, "dogs": 1}


def test_errors_come_out_of_training_with_the_files_name(folder):
    model = tricera.Sequential([layers.Input((10, 12, 3)), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    batches, file, before = flow(folder, class_mode="binary", shuffle=False), folder / "dogs" / "3.png", weights(model)
    good = file.read_bytes()
    file.write_bytes(b"")
    with pytest.raises(OSError, match=re.escape(f"The image '{file}' cannot be read.")):
        model.fit(batches, shuffle=False, verbose=0)
    trained, steps = weights(model), int(model.optimizer.iterations)  # two of three batches came before it
    assert steps == 2 and np.isfinite(trained).all() and not np.array_equal(trained, before)
    file.write_bytes(good)
    batches.reset()
    model.fit(batches, verbose=0)
    assert int(model.optimizer.iterations) == steps + 3 and not np.array_equal(weights(model), trained)


def weights(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_modes_and_sizes_may_be_mixed(tmp_path):
    for i, (mode, kind) in enumerate([("L", "png"), ("RGBA", "png"), ("P", "gif"), ("1", "bmp"), ("CMYK", "jpg")]):
        (tmp_path / "class").mkdir(exist_ok=True)
        Image.new("RGB", (5 + i, 9), (200, 100, 50)).convert(mode).save(tmp_path / "class" / f"{i}.{kind}")
    for color_mode, channels in {"grayscale": 1, "rgb": 3, "rgba": 4}.items():
        dataset = tricera.utils.image_dataset_from_directory(
            str(tmp_path), image_size=(4, 6), color_mode=color_mode, shuffle=False, verbose=False
        )
        ((images, labels),) = dataset
        assert images.shape == (5, 4, 6, channels) and labels.tolist() == [0] * 5
        batches = flow(tmp_path, color_mode=color_mode, class_mode="sparse")  # as the original: without GIF
        assert batches.samples == 4 and next(batches)[0].shape == (4, 10, 12, channels)
