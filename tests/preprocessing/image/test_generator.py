"""ImageDataGenerator on arrays: the draws and the pixels of keras-preprocessing, and what it says of bad arguments."""

import re
import warnings

import numpy as np
import pytest

import tricera
from tricera.kernels import native
from tricera.preprocessing import image
from tricera.preprocessing.image import warp

X = np.random.RandomState(0).randint(0, 256, (10, 13, 17, 3)).astype("float32")
Y = np.arange(10) % 2
ALL = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "channel_shift_range": 20,
    "rescale": 1 / 255,
}
FAR = {"rotation_range": 90, "width_shift_range": 0.8, "height_shift_range": 0.8, "zoom_range": 0.9, "cval": 7}
PIXELS = {"width_shift_range": [5, 20], "height_shift_range": [13, 4, 30], "cval": 7, "horizontal_flip": True}

pytestmark = pytest.mark.filterwarnings("ignore:.*scipy.ndimage:DeprecationWarning")

SETTINGS = {
    "nothing": {},
    "rotation": {"rotation_range": 40},
    "shares": {"width_shift_range": 0.2, "height_shift_range": 0.3},
    "integers": {"width_shift_range": 3, "height_shift_range": 2},
    "lists": {"width_shift_range": [1, 4], "height_shift_range": [0.1, 0.2]},
    "pixels": {"width_shift_range": 2.5, "height_shift_range": 3.0},
    "shear": {"shear_range": 20},
    "zoom": {"zoom_range": 0.3},
    "zoom between": {"zoom_range": [0.5, 0.8]},
    "flips": {"horizontal_flip": True, "vertical_flip": True},
    "brightness": {"brightness_range": (0.3, 1.7)},
    "channels": {"channel_shift_range": 60},
    "all": ALL,
    "all and brightness": dict(ALL, brightness_range=(0.5, 2), fill_mode="reflect"),
    "splines": {"rotation_range": 40, "zoom_range": 0.4, "horizontal_flip": True, "interpolation_order": 3},
    "each sample": {"samplewise_center": True, "samplewise_std_normalization": True, "rotation_range": 10},
    "function": {"preprocessing_function": lambda x: 255 - x, "zoom_range": 0.1},
    "channels first": {
        "data_format": "channels_first",
        "rotation_range": 40,
        "horizontal_flip": True,
        "samplewise_center": True,
    },
}
for _mode in ("nearest", "constant", "reflect", "wrap"):
    for _order in (0, 1):
        kinds = {"fill_mode": _mode, "interpolation_order": _order}
        SETTINGS[f"far, {_mode}, {_order}"] = FAR | kinds
        SETTINGS[f"pixels, {_mode}, {_order}"] = PIXELS | kinds


def close(ours, theirs):
    for our, their in zip(ours, theirs, strict=True):
        if isinstance(their, tuple | list):
            close(our, their)
        else:
            assert our.dtype == their.dtype
            np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_same_seed_gives_the_originals_images(original, settings):
    ours, theirs = (library.ImageDataGenerator(**settings) for library in (image, original))
    x = X if ours.channel_axis == 3 else X.transpose(0, 3, 1, 2).copy()
    our, their = (generator.flow(x, Y, batch_size=5, seed=3) for generator in (ours, theirs))
    close([next(our) for _ in range(3)], [next(their) for _ in range(3)])
    assert ours.get_random_transform(x[0].shape, seed=4) == theirs.get_random_transform(x[0].shape, seed=4)
    close([ours.random_transform(x[0].copy(), seed=4)], [theirs.random_transform(x[0].copy(), seed=4)])


def test_without_a_seed_numpys_own_counts(original):
    def drawn(library):
        np.random.seed(1)  # noqa: NPY002
        batches = library.ImageDataGenerator(**ALL).flow(X, batch_size=5)
        return [next(batches), next(batches)]

    close(drawn(image), drawn(original))


def test_batches_by_index_and_orders_of_later_passes(original):
    def drawn(library):
        batches = library.ImageDataGenerator(**ALL).flow(X, Y, batch_size=5, seed=3)
        first = [batches[1], batches[0]]
        batches.on_epoch_end()
        return [*first, batches[1]]

    close(drawn(image), drawn(original))


def test_statistics_and_whitening(original):
    def drawn(library):
        scaled = library.ImageDataGenerator(featurewise_std_normalization=True, rotation_range=30, rescale=1 / 255)
        scaled.fit(X, augment=True, rounds=2, seed=5)
        white = library.ImageDataGenerator(zca_whitening=True)
        small = X.reshape(-1, 3)[:600].reshape(200, 1, 3, 3)
        white.fit(small)
        batches = scaled.flow(X, batch_size=5, seed=1), white.flow(small, batch_size=5, seed=1)
        return [scaled.mean, scaled.std, white.principal_components, *map(next, batches)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for our, their in zip(drawn(image), drawn(original), strict=True):
            np.testing.assert_allclose(our, their, rtol=1e-3, atol=1e-4)


def test_subsets_and_other_inputs(original):
    def drawn(library):
        generator = library.ImageDataGenerator(validation_split=0.4)
        others = [np.arange(10), np.arange(20).reshape(10, 2)]
        parts = [generator.flow((X, others), Y, 3, False, subset=part) for part in ("training", "validation")]
        assert [(len(part), part.n) for part in parts] == [(2, 6), (2, 4)]
        return [next(part) for part in parts for _ in range(3)]

    close(drawn(image), drawn(original))


def test_weights_stay_with_their_samples():
    generator = image.ImageDataGenerator(validation_split=0.4)
    x, y, weights = next(generator.flow(X, Y, 3, False, np.arange(10.0), subset="training"))
    np.testing.assert_array_equal(weights, [4, 5, 6])
    np.testing.assert_array_equal(x, X[4:7])
    np.testing.assert_array_equal(y, Y[4:7])


FUNCTIONS = {
    "random_rotation": ((30,), True),
    "random_shift": ((0.2, 0.3), True),
    "random_shear": ((20,), True),
    "random_zoom": (((0.5, 0.9),), True),
    "random_channel_shift": ((40,), False),
    "random_brightness": (((0.2, 0.8),), False),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_image(original, name):
    args, moves = FUNCTIONS[name]
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2} if moves else {}

    def drawn(library):
        np.random.seed(2)  # noqa: NPY002
        return [getattr(library, name)(X[0], *args, **axes)]

    close(drawn(image), drawn(original))


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32", "float64"])
def test_affine_transforms_keep_the_dtype(original, dtype):
    x = (X[0] - (100 if dtype == "int32" else 0)).astype(dtype)
    arguments = {"theta": 33, "tx": 1.5, "ty": -2, "shear": 10, "zx": 0.7, "zy": 1.3}
    close([image.apply_affine_transform(x, **arguments)], [original.apply_affine_transform(x, **arguments)])
    assert image.apply_affine_transform(x) is x


def test_keras_1_functions():
    matrix = image.transform_matrix_offset_center(np.diag([2.0, 2.0, 1.0]), 4, 6)
    np.testing.assert_allclose(matrix, [[2, 0, -2.5], [0, 2, -3.5], [0, 0, 1]])
    planes = X[0].transpose(2, 0, 1)
    shifted = image.apply_transform(planes, [[1, 0, 2], [0, 1, 0], [0, 0, 1]], fill_mode="constant", cval=5)
    np.testing.assert_array_equal(shifted[:, :-2], planes[:, 2:])
    np.testing.assert_array_equal(shifted[:, -2:], 5)
    np.testing.assert_array_equal(image.flip_axis(planes, 2), planes[:, :, ::-1])


def test_a_subclass_may_do_it_in_its_own_way():
    class Own(image.ImageDataGenerator):
        def random_transform(self, x, seed=None):
            return x + np.random.randint(100)  # noqa: NPY002

    first, again = (next(Own(rescale=0.5).flow(X, batch_size=5, shuffle=False, seed=1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len({float(shift) for shift in (first - X[:5] / 2).mean((1, 2, 3))}) > 1


def test_an_iterator_of_the_users_own():
    class Own(image.Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array * 10

    batches = Own(5, 2, False, None)
    assert len(batches) == 3
    assert [next(batches).tolist() for _ in range(4)] == [[0, 10], [20, 30], [40], [0, 10]]
    batches.reset()
    assert batches.next().tolist() == [0, 10]
    assert batches[2].tolist() == batches[-1].tolist() == [40]


def test_images_are_written_for_looking_at(tmp_path, original):
    for library in (image, original):
        folder = tmp_path / library.__name__
        folder.mkdir()
        batches = library.ImageDataGenerator(**ALL).flow(
            X, batch_size=5, seed=3, save_to_dir=str(folder), save_prefix="p", save_format="bmp"
        )
        next(batches)
    ours, theirs = (sorted((tmp_path / library.__name__).iterdir()) for library in (image, original))
    assert [path.name for path in ours] == [path.name for path in theirs]
    pictures = [np.array(image.load_img(path), int) for path in (ours[0], theirs[0])]
    assert abs(pictures[0] - pictures[1]).max() <= 1


ERRORS = {
    "fill mode": (
        lambda: image.ImageDataGenerator(fill_mode="nearst"),
        """
Invalid `fill_mode`.
  expected: 'nearest', 'constant', 'reflect', 'wrap'
  got:      'nearst'
  fix:      did you mean 'nearest'?
""",
    ),
    "order": (
        lambda: image.ImageDataGenerator(interpolation_order=6),
        """
Invalid `interpolation_order`.
  expected: an integer from 0 to 5
  got:      6
""",
    ),
    "zoom": (
        lambda: image.ImageDataGenerator(zoom_range=(1, 2, 3)),
        """
`zoom_range` should be a float or a tuple or list of two floats.
  got:      (1, 2, 3)
""",
    ),
    "brightness": (
        lambda: image.ImageDataGenerator(brightness_range=0.5),
        """
`brightness_range` should be a tuple or list of two floats.
  got:      0.5
""",
    ),
    "split": (
        lambda: image.ImageDataGenerator(validation_split=1.5),
        """
`validation_split` must be strictly between 0 and 1.
  got:      1.5
""",
    ),
    "no batch": (
        lambda: image.ImageDataGenerator().flow(X[..., 0]),
        """
The images should have rank 4.
  expected: (samples, height, width, channels)
  got:      shape (10, 13, 17)
  fix:      add a channel axis: `x[..., None]`.
""",
    ),
    "lengths": (
        lambda: image.ImageDataGenerator().flow(X, Y[:4]),
        """
`x` (images tensor) and `y` should have the same length.
  got:      x.shape = (10, 13, 17, 3), y.shape = (4,)
""",
    ),
    "classes of a subset": (
        lambda: image.ImageDataGenerator(validation_split=0.2).flow(X, np.arange(10) // 5, subset="training"),
        """
Training and validation subsets have different number of classes after the split.
  got:      2 for training, 1 for validation
  fix:      shuffle the arrays, if they are sorted by label, or pass `ignore_class_split=True`.
""",
    ),
    "subset": (
        lambda: image.ImageDataGenerator(validation_split=0.2).flow(X, subset="test"),
        """
Invalid `subset`.
  expected: 'training', 'validation'
  got:      'test'
""",
    ),
    "index": (
        lambda: image.ImageDataGenerator().flow(X)[3],
        """
There is no batch 3.
  expected: an index below 1
  got:      3
""",
    ),
}


@pytest.mark.parametrize("run, text", ERRORS.values(), ids=ERRORS)
def test_errors(run, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text.strip(chr(10)))}$"):
        run()


def test_warnings():
    with pytest.warns(UserWarning) as told:
        generator = image.ImageDataGenerator(featurewise_std_normalization=True)
    assert str(told[0].message) == (
        "This ImageDataGenerator specifies `featurewise_std_normalization`, which overrides setting of "
        "`featurewise_center`."
    )
    with pytest.warns(UserWarning) as told:
        generator.standardize(X[0].copy())
    assert str(told[0].message) == (
        "This ImageDataGenerator specifies `featurewise_center`, but it hasn't been fit on any training data.\n"
        "  fix:      fit it first by calling `.fit(numpy_data)`."
    )


def test_splines_without_scipy_are_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "scipy", None)
    with pytest.raises(ImportError) as told:
        image.apply_affine_transform(X[0], theta=10, order=3)
    assert str(told.value) == (
        "`interpolation_order=3` needs SciPy.\n  fix:      `pip install scipy`, or use `interpolation_order=1`."
    )


def test_the_nearest_name_is_said():
    with pytest.raises(AttributeError, match="did you mean 'ImageDataGenerator'"):
        _ = tricera.preprocessing.image.ImageDataGenrator


@pytest.mark.parametrize("mode", warp.FILL_MODES)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_images_move_alike_with_and_without_a_compiler(mode, dtype, channels, monkeypatch):
    random = np.random.RandomState(3)
    flips = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], bool)
    for height, width in ((13, 17), (1, 5), (1, 1)):
        x = (random.rand(4, height, width, channels) * 255).astype(dtype)
        moves = [{"theta": 50.0, "zx": 0.4, "zy": 1.7}, {"tx": 3, "ty": -2}, {"shear": 30.0, "tx": 9.5, "ty": 40.0}, {}]
        maps = warp.matrices(moves, height, width)
        ours = warp.warp(x, maps, flips, fill_mode=mode, cval=7.5)
        nowhere = np.stack([maps[0] * np.nan, maps[0] * np.inf, maps[1] * 1e300, maps[1] * -1e18])
        assert warp.warp(x, nowhere, flips, fill_mode=mode).shape == x.shape  # reads nothing that is not there
        with monkeypatch.context() as patch:
            patch.setattr(native.library, "_state", "native kernels are not used: a test")
            plain = np.concatenate([warp.warp(x[i : i + 1], maps[i : i + 1], flips[i : i + 1], fill_mode=mode, cval=7.5)
                                    for i in range(4)])  # fmt: skip
        assert ours.dtype == plain.dtype == np.float32
        np.testing.assert_allclose(ours, plain, rtol=1e-6, atol=1e-4)
