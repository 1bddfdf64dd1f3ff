"""Classes of the user in configurations and files: the same program with Tricera and with Keras."""

import json

import numpy as np
import pytest

import tricera


def metric(lib, parent):
    class Own(parent):
        def __init__(self, k, **kwargs):
            super().__init__(**kwargs)
            self.k = k

        def get_config(self):
            return dict(k=self.k, **super().get_config())

    return Own(3, name="own")


def initializer(lib, parent):
    class Own(parent):
        def __init__(self, k):
            self.k = k

        def get_config(self):
            return dict(k=self.k, **super().get_config())

    return Own(3)


def schedule(lib, parent):
    class Own(parent):
        def __init__(self, k, learning_rate=0.1, **kwargs):
            super().__init__(learning_rate, **kwargs)
            self.k = k

        def get_config(self):
            return dict(k=self.k, **super().get_config())

    return Own(3, name="own")


def between(lib, parent):
    class Middle(parent):
        def __init__(self, a, **kwargs):
            super().__init__(**kwargs)
            self.a = a

    class Own(Middle):
        def __init__(self, b, **kwargs):
            super().__init__(**kwargs)
            self.b = b

        def get_config(self):
            return dict(a=self.a, b=self.b, **super().get_config())

    return Own(1, a=2, name="own")


def wrapper(lib, parent):
    class Own(parent):
        def __init__(self, layer, k, **kwargs):
            super().__init__(layer, **kwargs)
            self.k = k

        def get_config(self):
            return dict(k=self.k, **super().get_config())

    return Own(lib.layers.Activation("relu", name="inside"), 3, name="own")


def dense(lib, parent):
    class Own(parent):
        def __init__(self, n, **kwargs):
            super().__init__(2 * n, activation="relu", **kwargs)
            self.n = n

        def get_config(self):
            config = super().get_config()
            del config["units"], config["activation"]
            return dict(n=self.n, **config)

    return Own(3, name="own")


CASES = {
    "a layer": (metric, "layers.Layer"),
    "a model": (metric, "Model"),
    "a metric": (metric, "metrics.Metric"),
    "a loss": (metric, "losses.Loss"),
    "an initializer": (initializer, "initializers.Initializer"),
    "a constraint": (initializer, "constraints.Constraint"),
    "an optimizer": (schedule, "optimizers.Optimizer"),
    "a known optimizer": (schedule, "optimizers.SGD"),
    "a class between": (between, "layers.Layer"),
    "a wrapper": (wrapper, "layers.Wrapper"),
    "a known layer": (dense, "layers.Dense"),
    "a known wrapper": (wrapper, "layers.TimeDistributed"),
}


def parent(lib, path):
    for name in path.split("."):
        lib = getattr(lib, name)
    return lib


@pytest.mark.parametrize("name", CASES)
def test_what_a_subclass_adds_to_is_what_keras_has(keras, name):
    make, path = CASES[name]
    ours, theirs = (make(lib, parent(lib, path)) for lib in (tricera, keras))
    known = set(theirs.get_config())
    assert set(ours.get_config()) <= known
    if make is not dense:  # of which an argument that says nothing new is not written
        assert json.loads(json.dumps(ours.get_config())) == json.loads(
            json.dumps(keras.saving.serialize_keras_object(theirs)["config"])
        )
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()


def nested(lib):
    class Nested(lib.layers.Layer):
        def __init__(self, inner=None, table=None, **kwargs):
            super().__init__(**kwargs)
            self.inner = lib.saving.deserialize_keras_object(inner) if isinstance(inner, dict) else inner
            self.table = table

        def call(self, x):
            return self.inner(x)

        def get_config(self):
            return dict(inner=self.inner, table=self.table, **super().get_config())

    return Nested


def test_objects_that_a_configuration_holds_are_written_as_keras_writes_them(keras, tmp_path):
    def make(lib):
        table = {"cut": slice(1, None), "raw": b"abc", "rest": ..., "numbers": np.array([1.0, 2.0], "float32")}
        inner = lib.layers.Dense(2, name="inner", kernel_initializer="ones")
        return lib.Sequential([lib.Input((3,)), nested(lib)(inner, table, name="outer")], name="whole")

    ours, theirs = make(tricera), make(keras)
    own, reference = ours.layers[0].get_config(), theirs.layers[0].get_config()
    mine = tricera.saving.serialize_keras_object(own["table"])
    assert mine == keras.saving.serialize_keras_object(reference["table"])
    form = json.loads(json.dumps(tricera.saving.serialize_keras_object(ours.layers[0])))
    assert form["config"]["inner"]["class_name"] == "Dense" and form["config"]["table"] == mine
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    for path in (tmp_path / "ours.keras", tmp_path / "theirs.keras"):
        again = tricera.saving.load_model(path, custom_objects={"Nested": nested(tricera)})
        table = again.layers[0].table
        assert (table["cut"], table["raw"], table["rest"]) == (slice(1, None), b"abc", ...)
        np.testing.assert_array_equal(table["numbers"], [1.0, 2.0])
        np.testing.assert_allclose(again(np.ones((1, 3))), [[3.0, 3.0]])


def test_values_that_json_has_no_word_for_come_back(keras):
    values = [b"hello", slice(None, 20, 2), slice(None, np.array([0, 1]), 1), ..., {"deep": [slice(1, 2)]}]
    form = tricera.saving.serialize_keras_object(values)
    assert json.dumps(form) == json.dumps(keras.saving.serialize_keras_object(values))
    again = tricera.saving.deserialize_keras_object(json.loads(json.dumps(form)))
    assert again[:2] == values[:2] and again[3:] == values[3:]
    np.testing.assert_array_equal(again[2].stop, [0, 1])


def graph_like(lib, package):
    class Plain(lib.Model):
        pass

    @lib.saving.register_keras_serializable(package)
    class Passing(lib.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    return Plain, Passing


@pytest.mark.parametrize("place", [0, 1])
def test_a_subclass_made_of_inputs_and_outputs_comes_back(keras, fill, tmp_path, place):
    def make(lib, kind):
        x = lib.Input((4,), name="x")
        return kind(x, lib.layers.Dense(2, name="out")(x), name="whole")

    ours, theirs = graph_like(tricera, "graphs")[place], graph_like(keras, "graphs")[place]
    model, reference = make(tricera, ours), make(keras, theirs)
    fill(reference.weights)
    assert set(model.get_config()) >= {"layers", "input_layers", "output_layers"}
    assert isinstance(ours.from_config(model.get_config()), ours)
    reference.save(tmp_path / "theirs.keras")
    model.set_weights(reference.get_weights())
    model.save(tmp_path / "ours.keras")
    x = np.ones((3, 4), "float32")
    for path in tmp_path.iterdir():
        again = tricera.saving.load_model(path, custom_objects={"Plain": ours} if place == 0 else None)
        assert isinstance(again, ours)
        np.testing.assert_allclose(again(x), reference(x), rtol=1e-5)
    again = keras.saving.load_model(tmp_path / "ours.keras", custom_objects={"Plain": theirs})
    assert isinstance(again, theirs)
    np.testing.assert_allclose(again(x), reference(x), rtol=1e-5)


def test_a_registered_subclass_that_makes_its_graph_itself_is_found(tmp_path):
    @tricera.saving.register_keras_serializable("graphs")
    class Made(tricera.Model):
        def __init__(self, **kwargs):
            x = tricera.Input((4,))
            super().__init__(inputs=x, outputs=tricera.layers.Dense(1, name="a")(x), **kwargs)

        def get_config(self):
            return {}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    model = Made()
    assert type(model) is type(Made())
    x = np.ones((3, 4), "float32")
    for name in ("made.keras", "made.h5"):
        model.save(tmp_path / name)
        again = tricera.saving.load_model(tmp_path / name)
        assert isinstance(again, Made)
        np.testing.assert_allclose(again(x), model(x))


def test_functions_without_their_package_are_found():
    """As files of Keras 3.6 name them; what is Tricera's own keeps its name."""

    @tricera.saving.register_keras_serializable("short")
    def squared(x):
        return x**2

    @tricera.saving.register_keras_serializable("short")
    def squareplus(x):
        return -x

    @tricera.saving.register_keras_serializable("short")
    class Short(tricera.layers.Layer):
        pass

    def form(name):
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}

    try:
        assert tricera.saving.deserialize_keras_object(form("squared")) is squared
        assert tricera.saving.deserialize_keras_object(form("short>squared")) is squared
        assert tricera.activations.deserialize(form("squareplus")) is tricera.activations.squareplus
        with pytest.raises(ValueError, match="Unknown class: 'Short'"):  # which another file may mean otherwise
            tricera.saving.deserialize_keras_object({"module": "other", "class_name": "Short", "config": {}})
    finally:
        for name in ("squared", "squareplus", "Short"):
            del tricera.saving.get_custom_objects()[f"short>{name}"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"class_name": "Dense", "config": [1]}, "Expected 'config' to be a dict for 'Dense'.\n  got:      [1]"),
        (
            {"class_name": "function", "config": ["no"]},
            "Expected 'config' to be a non-null str for 'function'.\n  got:      ['no']",
        ),
    ],
)
def test_a_configuration_that_is_none(form, text):
    with pytest.raises(TypeError) as error:
        tricera.saving.deserialize_keras_object(form)
    assert str(error.value) == text


def test_functions_are_written_as_keras_writes_them(keras, tmp_path):
    def make(lib):
        @lib.saving.register_keras_serializable("written")
        def halved(x):
            return x * 0.5

        @lib.saving.register_keras_serializable("written")
        def off(y_true, y_pred):
            return lib.ops.mean(lib.ops.abs(y_true - y_pred), axis=-1)

        model = lib.Sequential([lib.Input((2,)), lib.layers.Dense(1, activation=halved, kernel_initializer="ones")])
        model.compile("sgd", off)
        return halved, model

    (ours, model), (theirs, reference) = make(tricera), make(keras)
    values = {"own": ours, "known": [tricera.activations.relu, tricera.losses.mean_squared_error]}
    others = {"own": theirs, "known": [keras.activations.relu, keras.losses.mean_squared_error]}
    form, wanted = tricera.saving.serialize_keras_object(values), keras.saving.serialize_keras_object(others)
    assert form["known"] == wanted["known"] and form["own"]["config"] == wanted["own"]["config"] == "written>halved"
    for each in (form, wanted, json.loads(json.dumps(form))):
        assert tricera.saving.deserialize_keras_object(each) == values
    assert keras.saving.deserialize_keras_object(form)["own"] is theirs
    x = np.ones((3, 2), "float32")
    reference.save(tmp_path / "theirs.keras")
    model.save(tmp_path / "ours.keras")
    for lib in (tricera, keras):
        for path in tmp_path.iterdir():
            again = lib.saving.load_model(path)
            np.testing.assert_allclose(again(x), np.ones((3, 1)))
            assert again.compiled and abs(again.evaluate(x, np.zeros((3, 1)), verbose=0) - 1) < 1e-6


def test_a_class_that_nothing_can_be_made_of():
    @tricera.saving.register_keras_serializable("bare")
    class Bare:
        def get_config(self):
            return {}

    form = tricera.saving.serialize_keras_object(Bare())
    assert form["registered_name"] == "bare>Bare"
    with pytest.raises(TypeError) as error:
        tricera.saving.deserialize_keras_object(form)
    assert str(error.value) == (
        "Unable to reconstruct an instance of 'Bare': its class has no `from_config`.\n"
        "  fix:      add a class method: `def from_config(cls, config): return cls(**config)`."
    )
