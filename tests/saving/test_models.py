"""Files that Keras reads from Tricera, and Tricera from Keras."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import tricera
from tricera import layers, models, ops, optimizers, saving
from tricera.engine.layer import Layer
from tricera.errors import SafetyError


def dense(L, M, Ops):
    regular = L.Dense(3, activation="relu", kernel_regularizer="l2")
    return M.Sequential([L.Input((4,)), regular, L.Dense(2, kernel_initializer="he_normal", trainable=False)])


def convolution(L, M, Ops):
    first = [L.Input((8, 8, 1)), L.Conv2D(2, 3, activation="relu"), L.BatchNormalization()]
    return M.Sequential([*first, L.MaxPooling2D(), L.Dropout(0.5), L.Flatten(), L.Dense(2)])


def graph(L, M, Ops):
    shared, a, b = L.Dense(3, name="shared"), L.Input((4,), name="a"), L.Input((4,), name="b")
    x = L.Concatenate()([shared(a), shared(b)]) + 1.0
    y = Ops.sum(x, axis=(1,), keepdims=True)
    z = Ops.concatenate([L.Add()([y, x]), x], axis=-1)[..., 1:5] / 2.0
    return M.Model([a, b], [Ops.where(z > 2.0, z, 0.0), y])


def nested(L, M, Ops):
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    inner = M.Model(a, [M.Sequential([L.Input((4,)), L.Dense(3), L.Dense(4)], name="stack")(a), a * 2.0], name="inner")
    first, second = inner(b)
    third = inner(second)
    return M.Model(b, [L.Add()([first, *third]), first, third[1]])


def siblings(L, M, Ops):
    def block(name, *stages):
        x = source = L.Input((4,))
        for stage in stages or [L.Dense(4)]:
            x = stage(x)
        return M.Model(source, x, name=name)

    return block("whole", *(block(name, block(f"{name}1"), block(f"{name}2")) for name in "abc"))


def recurrent(L, M, Ops):
    return M.Sequential([L.Input((5,)), L.Embedding(7, 3, mask_zero=True), L.Bidirectional(L.LSTM(2)), L.Dense(2)])


def low_precision(L, M, Ops):
    return M.Sequential([L.Input((4,)), L.Dense(3, dtype="bfloat16")])


ALL = [dense, convolution, graph, nested, siblings, recurrent, low_precision]


def data(model):
    rng = np.random.default_rng(0)
    whole = [rng.integers(0, 7, (3, *tensor.shape[1:])) for tensor in model.inputs]
    return whole if len(whole) > 1 else whole[0]


def outputs(model, x):
    found = model(x) if isinstance(x, list) else model(np.asarray(x))
    return [np.asarray(y, "float32") for y in (found if isinstance(found, list | tuple) else [found])]


def equal(ours, theirs, x):
    assert [v.path.split("/")[-1] for v in ours.optimizer.variables[:2]] == ["iteration", "learning_rate"]
    for mine, other in (
        (ours.weights, theirs.weights),
        (ours.optimizer.variables, theirs.optimizer.variables),
    ):
        assert len(mine) == len(other)
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    for a, b in zip(outputs(ours, x), outputs(theirs, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2 if "bfloat16" in str(theirs.weights[0].dtype) else 1e-5)


def layout(path):
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        names = archive.namelist()
        file.visititems(
            lambda name, x: found.update({name: (dict(x.attrs), getattr(x, "shape", 0), str(getattr(x, "dtype", "")))})
        )
    return names, found


@pytest.mark.parametrize("make", ALL)
def test_both_ways(keras, fill, tmp_path, make):
    theirs = make(keras.layers, keras.models, keras.ops)
    theirs.compile(keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    theirs.optimizer.build(theirs.trainable_variables)
    fill([*theirs.weights, *theirs.optimizer.variables[1:]])
    theirs.save(tmp_path / "theirs.keras")
    ours = saving.load_model(tmp_path / "theirs.keras")
    assert type(ours).__name__ == type(theirs).__name__
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.trainable for w in ours.weights] == [w.trainable for w in theirs.weights]
    equal(ours, theirs, data(theirs))
    ours.save(tmp_path / "ours.keras")
    assert layout(tmp_path / "ours.keras") == layout(tmp_path / "theirs.keras")
    equal(ours, keras.saving.load_model(tmp_path / "ours.keras"), data(theirs))


def test_training_reaches_the_layers_of_a_graph_of_keras(keras, tmp_path):
    """Keras writes down the default `training=False` of each use of a layer; in `fit` it does not hold."""
    x = np.ones((2, 6), "float32")
    for name, make in (("d", lambda L: L.Dropout(0.5, seed=1)), ("n", lambda L: L.BatchNormalization())):
        for told in ({}, {"training": False}):
            given = keras.Input((6,))
            keras.Model(given, make(keras.layers)(given, **told)).save(tmp_path / f"{name}.keras")
            ours = saving.load_model(tmp_path / f"{name}.keras")
            np.testing.assert_allclose(ours(x, training=False), x, rtol=1e-2)
            held = name == "n" and bool(told)  # whose default is None: somebody said so
            assert np.allclose(ours(x, training=True), x, rtol=1e-2) == held


def test_layers_say_of_themselves_what_keras_does(keras, tmp_path):
    configs = []
    for name, L, M, Ops in (("t", layers, models, ops), ("k", keras.layers, keras.models, keras.ops)):
        model = graph(L, M, Ops)
        model.save(tmp_path / f"{name}.keras")
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            config = json.loads(archive.read("config.json"))
        configs.append([plain(layer) for layer in config["config"]["layers"]])
    assert configs[0] == configs[1]


def plain(form):
    if isinstance(form, dict):
        return {name: plain(value) for name, value in form.items() if name != "shared_object_id"}
    return [plain(item) for item in form] if isinstance(form, list) else form


def test_training_goes_on_where_it_was(tmp_path):
    x, y = np.ones((8, 4), "float32"), np.ones((8, 2), "float32")
    model = dense(layers, models, ops)
    schedule = optimizers.schedules.ExponentialDecay(0.1, 2, 0.9)
    model.compile(optimizers.Adam(schedule), loss="mse")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    twin = saving.load_model(tmp_path / "m.keras")
    for each in (model, twin):
        each.fit(x, y, epochs=2, verbose=0)
    for a, b in zip(
        [*model.weights, *model.optimizer.variables], [*twin.weights, *twin.optimizer.variables], strict=True
    ):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


class Block(Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self._parts = units, [layers.Dense(units), {"last": [layers.Dense(units)]}]

    def call(self, x):
        return self._parts[1]["last"][0](self._parts[0](x))


class Net(models.Model):
    def __init__(self, blocks=2, **kwargs):
        super().__init__(**kwargs)
        self.blocks, self.zoo = blocks, [Block(3) for _ in range(blocks)]

    def call(self, x):
        for block in self.zoo:
            x = block(x)
        return x


def shifted(y, prediction):
    return ops.mean(ops.square(y - prediction - 1.0))


def test_classes_and_functions_of_the_user(tmp_path):
    net, x = Net(1), np.ones((2, 3), "float32")
    net.compile("sgd", loss=shifted)
    expected = net(x)
    net.save(tmp_path / "net.keras")
    path = tmp_path / "net.keras"
    with pytest.raises(TypeError) as error:
        saving.load_model(path)
    module = __name__
    assert str(error.value) == (
        f"{path}: Could not locate the classes and functions 'shifted' (of {module}), 'Net' (of {module}).\n"
        "  fix:      `load_model(..., custom_objects={'shifted': shifted, 'Net': Net})`, or decorate them with "
        "`@keras.saving.register_keras_serializable()`."
    )
    twin = saving.load_model(path, custom_objects={"Net": Net, "shifted": shifted})
    np.testing.assert_array_equal(twin(x), expected)
    assert twin.loss is shifted
    assert not saving.load_model(path, custom_objects={"Net": Net}, compile=False).compiled


def test_a_function_without_a_name(tmp_path):
    path, twice = tmp_path / "twice.keras", lambda x: x * 2
    model = models.Sequential([layers.Input((2,)), layers.Lambda(twice, name="twice")])
    for save in (lambda: model.save(path), model.to_json):
        with pytest.raises(ValueError) as error:
            save()
        assert str(error.value) == (
            "A function without a name (`lambda`) is not saved, for a file holds no code: twice.\n"
            '  fix:      define it with `def`, or register it: `keras.saving.register_keras_serializable(name="mine")'
            "(function)`."
        )
    assert not path.exists()
    saving.register_keras_serializable(name="twice")(twice)
    model.save(path)
    np.testing.assert_array_equal(saving.load_model(path)(np.ones((1, 2))), [[2.0, 2.0]])


def test_json(tmp_path):
    model = graph(layers, models, ops)
    twin = models.model_from_json(model.to_json())
    twin.set_weights(model.get_weights())
    for a, b in zip(outputs(model, data(model)), outputs(twin, data(model)), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="The JSON text is no JSON: "):
        models.model_from_json("{")


def test_a_loss_without_a_name(tmp_path):
    path = tmp_path / "m.keras"
    model = dense(layers, models, ops)
    model.compile("sgd", loss=lambda y, p: ops.mean(y - p))
    with pytest.warns(UserWarning, match="compiled with a function that has no name"):
        model.save(path)
    with pytest.raises(SafetyError) as error:
        saving.load_model(path)
    assert str(error.value) == (
        f"{path}: a function is stored as Python code, which is not run.\n"
        "  fix:      `load_model(..., compile=False)` where it is a loss or a metric, else build the model in Python "
        "and `load_weights` from the file; `safe_mode=False` runs the code, with all your rights."
    )
    assert not saving.load_model(path, compile=False).compiled


def test_a_compile_of_its_own(tmp_path):
    class Own(models.Sequential):
        def compile(self, rate):
            super().compile("sgd", "mse")

    model = Own([layers.Input((2,)), layers.Dense(1)])
    model.compile(0.1)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning) as told:
        assert not saving.load_model(tmp_path / "m.keras", custom_objects={"Own": Own}).compiled
    (warning,) = told
    assert str(warning.message) == (
        'Own model "own": `compile()` was not called as part of model loading because the model\'s `compile()` method '
        "is custom. \n  fix:      override `compile_from_config`, or compile it after loading."
    )


def test_what_is_no_model_file(tmp_path):
    model = dense(layers, models, ops)
    with pytest.raises(ValueError, match="File not found: filepath="):
        saving.load_model(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="No model config found in the file at"):
        saving.load_model(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError) as error:
        saving.load_model(tmp_path)
    assert str(error.value) == (
        f"File format not supported: filepath={tmp_path}.\n"
        "  expected: a `.keras` file or folder, an HDF5 file, or a SavedModel folder that Keras wrote\n"
        "  got:      another folder\n"
        "  fix:      load it with the library that wrote it, and save it as `.keras` or `.h5`."
    )


def sharing(lib, nested):
    @lib.saving.register_keras_serializable("sharing")
    class Around(lib.layers.Wrapper):
        def call(self, x):
            return self.layer(x) + 1.0

    a, b = lib.Input((2,), name="a"), lib.Input((2,), name="b")
    dense = lib.layers.Dense(2, name="dense", kernel_regularizer=lib.regularizers.L2(0.1))
    outs = [dense(b), Around(dense, name="around")(a)]
    if nested:
        inner = lib.Model(a, dense(a), name="inner")
        outs += [inner(b), dense(inner(a))]
    return lib.Model([a, b], outs, name="whole")


@pytest.mark.parametrize("nested", [False, True])
def test_a_layer_in_several_places_is_one_again(keras, fill, tmp_path, nested):
    reference, model = sharing(keras, nested), sharing(tricera, nested)
    fill(reference.weights)
    model.set_weights(reference.get_weights())
    x = [np.full((1, 2), 0.5, "float32"), np.ones((1, 2), "float32")]
    wanted = reference(x)
    reference.save(tmp_path / "theirs.keras")
    model.save(tmp_path / "ours.keras")
    described = models.model_from_json(model.to_json())
    described.set_weights(model.get_weights())
    loaded = [described, saving.load_model(tmp_path / "ours.keras")]
    if not nested:  # which Keras does not read back
        loaded.append(saving.load_model(tmp_path / "theirs.keras"))
        loaded.append(keras.saving.load_model(tmp_path / "ours.keras"))
    for each in loaded:
        assert each.get_layer("dense") is each.get_layer("around").layer
        assert not nested or each.get_layer("dense") is each.get_layer("inner").layers[-1]
        assert len(each.weights) == 2
        for mine, its in zip(each(x), wanted, strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-6)


def test_a_number_of_another_object_is_none():
    """A file cannot pass a layer off as an initializer."""
    model = models.Sequential([layers.Input((2,)), layers.Dense(2, name="one"), layers.Dense(2, name="two")])
    assert "shared_object_id" not in model.to_json()  # where nothing stands in several places
    config = json.loads(model.to_json())
    first, second = config["config"]["layers"][1:]
    first["shared_object_id"] = second["config"]["kernel_initializer"]["shared_object_id"] = 7
    second["config"]["bias_initializer"]["shared_object_id"] = [7]
    again = models.model_from_json(json.dumps(config))
    assert again.get_config()["layers"][2] == model.get_config()["layers"][2]


def test_folders_are_made_for_hdf5_alone(keras, tmp_path):
    def make(lib):
        return lib.Sequential([lib.Input((2,)), lib.layers.Dense(2)])

    for lib in (tricera, keras):
        place = tmp_path / lib.__name__
        make(lib).save(place / "a" / "m.h5")
        assert (place / "a" / "m.h5").is_file()
        with pytest.raises(FileNotFoundError):
            make(lib).save(place / "b" / "m.keras")
