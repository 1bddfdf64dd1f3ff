"""Functional models: structure, order, sharing, cutting, masks, subclasses."""

import copy
import pickle

import jax
import numpy as np
import pytest

import tricera
from tricera import layers, models

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(6, 4)).astype("float32"), RANDOM.normal(size=(6, 2)).astype("float32")


pytestmark = pytest.mark.usefixtures("fresh_names")


# ---- graphs that branch


def diamond(K):
    L, a, b = K.layers, K.Input((4,), name="a"), K.Input((4,), name="b")
    x, y = L.Dense(4, name="x")(a), L.Dense(4, name="y")(b)
    joined = L.Add(name="r")([L.Dense(4, name="z")(L.Add(name="s")([y, x])), x, a])
    return K.Model([b, a], [L.Dense(1, name="o2")(y), L.Dense(1, name="o1")(joined)])


def residual(K):
    L, image = K.layers, K.Input((6, 6, 3))
    x = L.Conv2D(2, 1, name="stem")(image)
    for i in range(2):
        y = L.Activation("relu", name=f"act{i}")(L.BatchNormalization(name=f"norm{i}")(x))
        x = L.add([x, L.Conv2D(2, 3, padding="same", name=f"conv{i}")(y)], name=f"add{i}")
    towers = [L.Conv2D(2, k, padding="same", name=f"tower{k}")(x) for k in (1, 3)]
    pooled = L.GlobalAveragePooling2D(name="pool")(L.concatenate(towers[::-1], name="cat"))
    return K.Model(image, L.Dense(2, name="top")(pooled))


def shared(K):
    a, dense = K.Input((4,)), K.layers.Dense(4, name="shared")
    x = dense(a)
    w = dense(dense(K.layers.Dense(4, name="y")(x)) + x)
    inner = K.Sequential([K.layers.Dense(4, name="inside")], name="inner")
    return K.Model(a, [w, inner(a), inner(w)])


def crossed(K):
    a, b, c = K.Input((4,), name="a"), K.Input((4,), name="b"), K.Input((1,), name="c")
    e, f = K.layers.Dense(3, name="e"), K.layers.Dense(3, name="f")
    parts = [e(b), f(a), f(b), e(a)]
    joined = K.layers.Concatenate(name="joined")([*parts, c])
    top = K.layers.Dense(1, name="p")(K.ops.concatenate([parts[0], joined], axis=-1))
    return K.Model({"c": c, "b": b, "a": a}, {"p": top, "o": K.layers.Dense(1, name="o")(joined)})


def computed(K):
    a = K.Input((4,))
    x = K.layers.Dense(4, name="d")(a)
    y = K.ops.sum(x * 2 + 1, axis=1, keepdims=True)
    parts = [K.ops.concatenate([x, y], -1)[:, 1:3], y[:, 0], K.ops.relu(x - a) / 2.0, 1 - x, a]
    return K.Model(a, [*parts, K.ops.split(x, 2, axis=1)[1], K.layers.Add()([a, K.ops.ones((1, 4))])])


def masked(K):
    ids = K.Input((3,))
    x, L = K.layers.Embedding(5, 4, mask_zero=True)(ids), K.layers
    return K.Model(ids, [L.LSTM(2)(L.Dropout(0.5)(x)), L.LSTM(2)(L.Add()([x, x])), L.GlobalAveragePooling1D()(x)])


GRAPHS = [diamond, residual, shared, crossed, computed, masked]


@pytest.mark.parametrize("make", GRAPHS)
def test_order_names_and_outputs_are_those_of_keras(make, keras):
    found = []
    for K in (tricera, keras):
        K.utils.set_random_seed(1)
        model = make(K)
        inputs = [np.arange(2 * int(np.prod(t.shape[1:]))).reshape(2, *t.shape[1:]) % 4 / 4 for t in model.inputs]
        if make is masked:
            inputs = [np.array([[1, 2, 0], [3, 0, 0]])]
        outputs = model(dict(zip("abc", inputs, strict=True)) if make is crossed else inputs)
        flat = list(outputs.items() if isinstance(outputs, dict) else enumerate(outputs))
        names = [[layer.name for layer in model.layers], [w.path for w in model.weights], model.output_names]
        found.append(([names, [t.shape for t in model.inputs], model.count_params(), [k for k, _ in flat]], flat))
    (ours, mine), (theirs, others) = found
    assert ours == theirs
    for (_, one), (_, other) in zip(mine, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", [shared, computed, masked])
@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), lambda m: models.Model.from_config(m.get_config())],
    ids=["copy", "pickle", "config"],
)
def test_a_copy_computes_the_same(make, duplicate):
    model = make(tricera)
    twin = duplicate(model)
    twin.set_weights(model.get_weights())
    x = np.array([[1, 2, 0], [3, 0, 0]]) if make is masked else X
    for one, other in zip(model(x), twin(x), strict=True):
        np.testing.assert_array_equal(one, other)
    twin.set_weights([w + 1 for w in model.get_weights()])
    assert not np.allclose(model.weights[0], twin.weights[0])


def test_a_trained_model_pickles_with_its_optimizer():
    model = tricera.Sequential([tricera.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        again = copy.deepcopy(model)
        assert twin.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
        twin.fit(X, Y, verbose=0, shuffle=False)
        again.fit(X, Y, verbose=0, shuffle=False)
        for one, other in zip(twin.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


# ---- cutting and joining


def test_a_model_from_the_middle_has_only_what_follows():
    a = tricera.Input((4,))
    hidden = layers.Dense(3, name="hidden")(a)
    whole = models.Model(a, layers.Dense(2, name="top")(hidden))
    features = models.Model(whole.input, whole.get_layer("hidden").output)
    rest = models.Model(hidden, whole.output)
    assert [w.path for w in rest.weights] == ["top/kernel", "top/bias"] and len(rest.layers) == 2
    np.testing.assert_allclose(rest(features(X)), whole(X), rtol=1e-6)
    assert rest.weights[0] is whole.weights[2]
    again = models.Model.from_config(rest.get_config())
    assert [w.shape for w in again.weights] == [w.shape for w in rest.weights]


def test_a_model_on_new_inputs_shares_its_weights():
    a = tricera.Input((4,))
    inner = models.Model(a, layers.Dense(2)(a), name="inner")
    b, c = tricera.Input((4,)), tricera.Input((4,))
    outer = models.Model([b, c], layers.Subtract()([inner(b), inner(c)]))
    assert len(outer.weights) == 2 and [layer.name for layer in outer.layers][-2:] == ["inner", "subtract"]
    np.testing.assert_allclose(outer([X, X]), np.zeros((6, 2)), atol=1e-6)
    inner.trainable = False
    assert outer.trainable_weights == []


def test_training_said_in_the_graph_wins():
    a = tricera.Input((4,))
    model = models.Model(a, layers.BatchNormalization()(a, training=False))
    model(X, training=True)
    np.testing.assert_array_equal(model.layers[1].moving_mean, np.zeros(4))


def test_nested_structures_and_dicts():
    a, b = tricera.Input((4,), name="a"), tricera.Input((4,), name="b")
    model = models.Model({"u": a, "v": b}, {"s": a + b, "d": (a - b, [a])})
    made = model({"v": 2 * X, "u": X, "unused": Y})
    np.testing.assert_allclose(made["d"][0], -X, rtol=1e-6)
    assert list(made) == ["s", "d"] and isinstance(made["d"], tuple) and isinstance(made["d"][1], list)


def unsorted_outputs(K):
    a = K.Input((4,))
    return K.Model(a, {"z": K.layers.Dense(2, name="q")(a), "b": K.layers.Dense(2, name="r")(a)})


def unsorted_subclass(K):
    class Heads(K.Model):
        def __init__(self):
            super().__init__()
            self.q, self.r = K.layers.Dense(2), K.layers.Dense(2)

        def call(self, x):
            return {"z": self.q(x), "b": self.r(x)}

    return Heads()


@pytest.mark.parametrize("make", [unsorted_outputs, unsorted_subclass])
def test_losses_of_a_dict_find_their_outputs_in_whatever_order(make, keras):
    found = []
    for K in (tricera, keras):
        K.utils.set_random_seed(1)
        model = make(K)
        model.compile("sgd", {"z": "mse", "b": "mae"}, metrics={"z": ["mae"]})
        found.append(model.fit(X, {"z": Y, "b": -Y}, verbose=0, shuffle=False).history)
    assert [*found[0]] == [*found[1]]
    for name, values in found[0].items():
        np.testing.assert_allclose(values, found[1][name], rtol=1e-4, err_msg=name)


class Graph(models.Model):
    """A subclass that is a graph."""

    def __init__(self, units=3):
        a = tricera.Input((4,))
        super().__init__(inputs=a, outputs=layers.Dense(units)(a), name="graph")
        self.units = units

    def double(self, x):
        return 2 * self(x)


def test_a_subclass_may_be_a_graph():
    model = Graph(2)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert isinstance(model, Graph) and (model.name, model.output_shape) == ("graph", (None, 2))
    np.testing.assert_allclose(model.double(X), 2 * model(X))
    printed = []
    model.summary(print_fn=printed.append)
    assert "dense" in printed[0] and model.get_config()["units"] == 2


class Net(models.Model):
    """A subclass with a call."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.hidden, self.drop, self.top = layers.Dense(units), layers.Dropout(0.5), layers.Dense(2)

    def call(self, inputs, training=False):
        self.add_loss(0.0 * tricera.ops.sum(inputs))
        return self.top(self.drop(self.hidden(inputs), training=training))


def test_a_subclass_with_a_call():
    net = Net(name="net")
    assert not net.built and net.weights == []
    net.compile("sgd", "mse", metrics=["mae"])
    net.fit(X, Y, verbose=0, validation_data=(X, Y))
    assert net.weights[0].path == "net/dense/kernel" and net.count_params() == 23
    assert net.compute_output_shape((None, 4)) == (None, 2)
    a = tricera.Input((4,))
    outer = models.Model(a, net(a))
    np.testing.assert_allclose(outer(X), net(X), rtol=1e-6)
    for model in (net, outer, Net()):
        model.summary(print_fn=lambda text: None)


REFUSED = {
    "disconnected": (
        lambda: models.Model(tricera.Input((4,), name="a"), layers.Dense(2)(tricera.Input((4,), name="b"))),
        """`inputs` not connected to `outputs`: the graph needs <KerasTensor shape=(None, 4), dtype=float32, \
sparse=False, name=b>, which is not among its inputs.
  fix:      add it to `inputs` (operation 'b' uses it).""",
    ),
    "no tensor": (
        lambda: models.Model(tricera.Input((4,)), 3),
        """All `outputs` values must be KerasTensors.
  got:      3
  fix:      begin with `Input(...)`, and call layers and `keras.ops` on it.""",
    ),
    "same name": (
        lambda: models.Model(a := tricera.Input((4,)), layers.Dense(2, name="d")(layers.Dense(2, name="d")(a))),
        """The name "d" is used 2 times in the model. All layer names should be unique.
  fix:      give one of the layers another `name=`.""",
    ),
    "shape": (
        lambda: models.Model(a := tricera.Input((4,), name="a"), layers.Dense(2)(a), name="m")(np.ones((3, 5))),
        """Functional model "m": input 'a' has the wrong shape and is incompatible with the layer.
  expected: (None, 4)
  got:      (3, 5)""",
    ),
}


@pytest.mark.parametrize("use, text", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(use, text):
    with pytest.raises(ValueError) as error:
        use()
    assert str(error.value) == text


def test_a_misspelt_input():
    alpha = tricera.Input((4,), name="alpha")
    model = models.Model({"alpha": alpha}, layers.Dense(2)(alpha), name="m")
    with pytest.raises(ValueError) as error:
        model({"alhpa": X})
    assert str(error.value) == (
        "Functional model \"m\": missing data for input 'alpha'.\n"
        "  expected: 'alpha'\n  got:      'alhpa'\n  fix:      rename 'alhpa' to 'alpha'."
    )


@pytest.mark.parametrize("nest", [lambda y: [y], lambda y: (y,), lambda y: {"a": y}], ids=["list", "tuple", "dict"])
def test_one_output_in_a_list_comes_alone(nest, keras):
    x, found = np.ones((4, 2), "float32"), []
    for library in (keras, tricera):
        source = library.Input((2,))
        model = library.Model([source], nest(library.layers.Dense(1, kernel_initializer="ones")(source)))
        model.compile("sgd", loss="mse")
        model.fit(x, x[:, :1], verbose=0)
        kinds = [type(model.output), type(model(source)), type(model.input)]
        results = [model.predict(x, verbose=0), model.predict_on_batch(x), model(x)]
        found.append((kinds, model.output_shape, model.input_shape, [jax.tree.map(np.asarray, r) for r in results]))
    (*theirs, one), (*ours, other) = found
    assert ours == theirs
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), other, one)


# ---- how inputs are nested, and those that may be missing


class OrZero(layers.Layer):
    """`x + y`, of which `y` may be missing."""

    def call(self, x, y=None):
        return x if y is None else x + y

    def compute_output_shape(self, x_shape):
        return x_shape


def optional(names=("x", "y")):
    x, y = layers.Input((4,), name="x"), layers.Input((4,), name="y", optional=True)
    outputs = layers.Dense(2, kernel_initializer="ones")(OrZero()(x, y))
    return models.Model(dict(zip(names, (x, y), strict=True)), outputs)


ALIKE = {
    "names for a list": (lambda a, b: [a, b], lambda x: {"a": x, "b": x}),
    "more names for a list": (lambda a, b: [a, b], lambda x: {"a": x, "b": x, "c": x}),
    "a tuple for a list": (lambda a, b: [a, b], lambda x: (x, x)),
    "a dict": (lambda a, b: {"b": b, "a": a}, lambda x: {"a": x, "b": x}),
    "deeper": (lambda a, b: [a, [b]], lambda x: [x, [x]]),
}
UNLIKE = {
    "a list for a dict": (lambda a, b: {"a": a, "b": b}, lambda x: [x, x], "{'a': a, 'b': b}", "[(6, 4), (6, 4)]"),
    "a name too much": (
        lambda a, b: {"a": a, "b": b},
        lambda x: {"a": x, "b": x, "c": x},
        "{'a': a, 'b': b}",
        "{'a': (6, 4), 'b': (6, 4), 'c': (6, 4)}",
    ),
    "a flat list": (lambda a, b: [a, [b]], lambda x: [x, x], "[a, [b]]", "[(6, 4), (6, 4)]"),
}


def two_inputs(nested):
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    return models.Model(nested(a, b), layers.Subtract()([a, b]))


@pytest.mark.parametrize("case", ALIKE)
def test_inputs_that_are_nested_alike_need_no_warning(case, recwarn):
    nested, given = ALIKE[case]
    assert two_inputs(nested)(given(X)).shape == (6, 4)
    assert not recwarn.list


@pytest.mark.parametrize("case", UNLIKE)
def test_inputs_that_are_nested_otherwise_are_warned_of(case):
    nested, given, expected, got = UNLIKE[case]
    with pytest.warns(UserWarning) as warned:
        two_inputs(nested)(given(X))
    text = "The structure of `inputs` doesn't match the expected structure."
    assert [str(each.message) for each in warned] == [f"{text}\n  expected: {expected}\n  got:      {got}"]


def test_a_list_for_a_dict_in_another_order_is_refused():
    with pytest.raises(ValueError) as caught:
        two_inputs(lambda a, b: {"b": b, "a": a})([X, X])
    assert (
        str(caught.value)
        == """\
The structure of `inputs` doesn't match the expected structure.
  expected: {'b': b, 'a': a}
  got:      [(6, 4), (6, 4)]"""
    )


def test_an_optional_input_may_be_none():
    model = optional()
    np.testing.assert_allclose(model({"x": X, "y": None}), X.sum(1, keepdims=True).repeat(2, 1), rtol=1e-4)
    model.compile("sgd", "mse")
    for y in (None, X):
        given = {"x": X, "y": y}
        history = model.fit(given, Y, batch_size=3, epochs=2, verbose=0).history["loss"]
        assert history[1] < history[0]
        assert np.isfinite(model.evaluate(given, Y, verbose=0))
        np.testing.assert_allclose(model.predict(given, verbose=0), model(given), rtol=1e-5)
    model.fit(iter([({"x": X, "y": None}, Y)]), verbose=0)


def test_another_input_may_not_be_none():
    message = """\
Functional model "functional": The input 'x' is not optional, but None was passed.
  expected: (None, 4)
  fix:      give an array, or make the input by `Input(..., optional=True)`."""
    with pytest.raises(ValueError) as caught:
        optional()({"x": None, "y": X})
    assert str(caught.value) == message
    model = models.Model(x := layers.Input((4,), name="x"), layers.Dense(2)(x))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="'x' is not optional"):
        model.fit([None], Y)


def test_inputs_have_the_dtypes_that_were_declared():
    half, whole = layers.Input((4,), dtype="float16"), layers.Input((4,), dtype="int32")
    model = models.Model((half, whole), (half + 2, whole + 2))
    assert [str(out.dtype) for out in model((X, X))] == ["float16", "int32"]


def test_tuples_of_outputs_come_back_as_tuples():
    x = layers.Input((4,))
    model = models.Model(x, (layers.Dense(1)(x), [x, (x,)]))
    out = models.Functional.from_config(model.get_config())(X)
    assert (type(out), type(out[1]), type(out[1][1])) == (tuple, list, tuple)


class WithMore(tricera.Model):
    def __init__(self, *args, more=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.more = more


def test_a_graph_of_a_subclass_comes_back_with_its_own_arguments():
    x = layers.Input((4,))
    model = WithMore(inputs=x, outputs=layers.Dense(1)(x), more=3, name="own")
    again = WithMore.from_config(model.get_config())
    assert (again.more, again.name, type(again).__name__) == (3, "own", "WithMore")
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_a_configuration_of_keras_2():
    def layer(kind, name, inbound, **config):
        return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": inbound}

    config = {
        "name": "old",
        "layers": [
            layer("InputLayer", "in", [], batch_input_shape=[None, 4], dtype="float32"),
            layer("Dense", "out", [[["in", 0, 0, {}]]], units=2, activation="relu"),
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["out", 0, 0]],
    }
    model = models.Functional.from_config(config)
    assert (model.name, model.output_shape) == ("old", (None, 2))
    config["layers"][1]["inbound_nodes"] = [[["nobody", 0, 0, {}]]]
    with pytest.raises(ValueError) as caught:
        models.Functional.from_config(config)
    text = "The graph is not connected: nothing makes the inputs of 'out'.\n  got:      "
    assert str(caught.value) == f"{text}Missing node: 'nobody'"
    config["layers"][1]["inbound_nodes"] = [[["out", 0, 0, {}]]]
    with pytest.raises(ValueError) as caught:
        models.Functional.from_config(config)
    assert str(caught.value) == f"{text}a loop of 'out'"


def small():
    return models.Model(x := layers.Input((4,), name="in"), layers.Dense(2, name="out")(x))


MORE_MESSAGES = {
    "inputs": (lambda: models.Functional({"a": "x"}, "y"), ValueError, """\
All `inputs` values must be KerasTensors.
  got:      'x'
  fix:      begin with `Input(...)`, and call layers and `keras.ops` on it."""),
    "outputs": (lambda: models.Functional(layers.Input((4,)), "y"), ValueError, """\
All `outputs` values must be KerasTensors.
  got:      'y'
  fix:      begin with `Input(...)`, and call layers and `keras.ops` on it."""),
    "count": (lambda: optional()(X), ValueError, """\
Functional model "functional": the model expects 2 input(s), but it received 1.
  expected: x: (None, 4), y: (None, 4)
  got:      (6, 4)
  fix:      a dict: {'x': ..., 'y': ...}."""),
    "layers": (lambda: setattr(small(), "layers", []), AttributeError, """\
`Model.layers` attribute is reserved and should not be used.
  fix:      use another name."""),
    "get_layer": (lambda: small().get_layer("out", 1), ValueError, """\
Provide only a layer name or a layer index.
  got:      index=1, name='out'"""),
}  # fmt: skip


@pytest.mark.parametrize("case", MORE_MESSAGES)
def test_messages_on_graphs(case):
    call, kind, text = MORE_MESSAGES[case]
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
