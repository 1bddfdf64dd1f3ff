"""Keras 0.3 and 1: configurations, layouts of weights, joins, optimizers. The files are built here."""

import json

import h5py
import numpy as np
import pytest

from tests.saving.past import keras1
from tests.saving.past.keras1 import graph, layer, node, numbers, sequential
from tricera import layers, models, saving
from tricera.errors import SafetyError


def sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)  # Keras 1's hard sigmoid


def correlate(x, kernel):
    """A convolution without padding, channels last."""
    height, width = kernel.shape[:2]
    rows, columns = x.shape[1] - height + 1, x.shape[2] - width + 1
    patches = np.stack([x[:, i : i + rows, j : j + columns] for i in range(height) for j in range(width)], 3)
    return np.einsum("bhwkc,kcf->bhwf", patches, kernel.reshape(-1, *kernel.shape[2:]))


@pytest.mark.parametrize("ordering", ["tf", "th"])
@pytest.mark.parametrize("theano", [False, True])
def test_kernels_of_either_backend_and_ordering(tmp_path, ordering, theano):
    kernel, x = numbers(3, 2, 2, 4), numbers(1, 5, 4, 2)  # as Keras 3 has them
    stored = kernel[::-1, ::-1] if theano else kernel
    stored = stored.transpose(3, 2, 0, 1) if ordering == "th" else stored
    shape = [None, 2, 5, 4] if ordering == "th" else [None, 5, 4, 2]
    conv = {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "dim_ordering": ordering, "border_mode": "valid", "bias": False}
    config = sequential(
        layer("Convolution2D", "conv", batch_input_shape=shape, init="glorot_uniform", **conv), layer("Flatten", "flat")
    )
    keras1.write(tmp_path / "m.h5", config, {"conv": [("conv_W", stored)], "flat": []}, theano=theano)
    model = saving.load_model(tmp_path / "m.h5")
    expected = correlate(x, kernel)
    given = x.transpose(0, 3, 1, 2) if ordering == "th" else x
    expected = expected.transpose(0, 3, 1, 2) if ordering == "th" else expected
    np.testing.assert_allclose(model(given), expected.reshape(1, -1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("version", ["1.1.2", "1.2.2"])
def test_convolutions_of_sequences(tmp_path, version):
    kernel = numbers(3, 1, 5, 6)
    stored = kernel if version == "1.2.2" else kernel.transpose(3, 2, 0, 1)
    config = sequential(
        layer("Convolution1D", "conv", batch_input_shape=[None, 7, 5], nb_filter=6, filter_length=3, subsample_length=2)
    )
    keras1.write(tmp_path / "m.h5", config, {"conv": [("conv_W", stored), ("conv_b", numbers(6))]}, version=version)
    found = saving.load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(found.layers[0].kernel.numpy(), kernel[:, 0])
    assert found.output_shape == (None, 3, 6)


def recurrent(name, gates, size, units):
    """A matrix for each gate, in Keras 1's order."""
    found = []
    for i, gate in enumerate(gates):
        found += [
            (f"{name}_W_{gate}", numbers(size, units, seed=i)),
            (f"{name}_U_{gate}", numbers(units, units, seed=i)),
        ]
        found.append((f"{name}_b_{gate}", numbers(units, seed=i)))
    return found


def test_lstm_and_gru_gate_by_gate(tmp_path):
    size, units, x = 3, 4, numbers(2, 5, 3)
    config = {"output_dim": units, "init": "uniform", "inner_init": "orthogonal", "forget_bias_init": "one"}
    config |= {"activation": "tanh", "inner_activation": "hard_sigmoid", "consume_less": "cpu", "dropout_W": 0.0}
    lstm, gru = recurrent("l", "icfo", size, units), recurrent("g", "zrh", size, units)
    keras1.write(
        tmp_path / "m.h5",
        graph(
            node("InputLayer", "x", batch_input_shape=[None, 5, size], input_dtype="float32"),
            node("LSTM", "l", "x", **config),
            node("GRU", "g", "x", **{k: v for k, v in config.items() if k != "forget_bias_init"}),
            inputs=["x"],
            outputs=["l", "g"],
        ),
        {"x": [], "l": lstm, "g": gru},
    )
    w, h, c, s = dict(lstm), np.zeros((2, units)), np.zeros((2, units)), np.zeros((2, units))
    v = dict(gru)
    for t in range(5):
        i, f, g, o = (x[:, t] @ w[f"l_W_{k}"] + h @ w[f"l_U_{k}"] + w[f"l_b_{k}"] for k in "ifco")
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        z, r = (sigmoid(x[:, t] @ v[f"g_W_{k}"] + s @ v[f"g_U_{k}"] + v[f"g_b_{k}"]) for k in "zr")
        s = z * s + (1 - z) * np.tanh(x[:, t] @ v["g_W_h"] + (r * s) @ v["g_U_h"] + v["g_b_h"])
    found = saving.load_model(tmp_path / "m.h5")(x)
    np.testing.assert_allclose(found[0], h, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[1], s, rtol=1e-5, atol=1e-5)


MODES = {
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "max": np.maximum,
    "ave": lambda a, b: (a + b) / 2,
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "dot": lambda a, b: (a * b).sum(-1, keepdims=True),
    "cos": lambda a, b: (
        (a * b).sum(-1, keepdims=True) / np.sqrt((a * a).sum(-1, keepdims=True) * (b * b).sum(-1, keepdims=True))
    ),
}


def test_merge_in_a_graph():
    a, b = numbers(2, 4), numbers(2, 4, seed=1)
    joins = [
        node("Merge", mode, "a", "b", mode=mode, mode_type="raw", concat_axis=-1, dot_axes=[1, 1], arguments={})
        for mode in MODES
    ]
    inputs = [node("InputLayer", name, batch_input_shape=[None, 4], input_dtype="float32") for name in "ab"]
    model = saving.model_from_json(json.dumps(graph(*inputs, *joins, inputs="ab", outputs=list(MODES))))
    for mode, found in zip(MODES, model([a, b]), strict=True):
        np.testing.assert_allclose(found, MODES[mode](a, b), rtol=1e-5, atol=1e-5, err_msg=mode)


def dense(name, units, size=None, **config):
    shape = {"batch_input_shape": [None, size]} if size else {}
    return layer("Dense", name, output_dim=units, activation="linear", bias=True, **shape, **config)


def test_a_stack_that_starts_with_a_merge(tmp_path):
    left, right = sequential(dense("l", 3, 2)), sequential(dense("r0", 4, 5), dense("r1", 3))
    config = sequential(layer("Merge", "join", layers=[left, right], mode="sum", mode_type="raw"), dense("top", 1))
    weights = {"l": (2, 3), "r0": (5, 4), "r1": (4, 3), "top": (3, 1)}
    arrays = {
        name: [(f"{name}_W", numbers(*shape)), (f"{name}_b", numbers(shape[1]))] for name, shape in weights.items()
    }
    keras1.write(tmp_path / "m.h5", config, arrays)
    a, b = numbers(2, 2), numbers(2, 5)

    def apply(name, x):
        (_, w), (_, bias) = arrays[name]
        return x @ w + bias

    expected = apply("top", apply("l", a) + apply("r1", apply("r0", b)))
    np.testing.assert_allclose(saving.load_model(tmp_path / "m.h5")([a, b]), expected, rtol=1e-5, atol=1e-5)


def test_functions_in_a_merge_are_refused():
    config = graph(
        node("InputLayer", "a", batch_input_shape=[None, 4]),
        node("Merge", "join", "a", "a", mode=["4wEAAA==", None, None], mode_type="lambda"),
        inputs=["a"],
        outputs=["join"],
    )
    with pytest.raises(ValueError) as error:
        saving.model_from_json(json.dumps(config))
    assert str(error.value) == (
        "The Merge layer 'join' joins its inputs by a function that is stored as Python code, which is never run.\n"
        "  expected: a mode that has a name: sum, mul, concat, ave, max, dot, cos\n"
        "  got:      ['4wEAAA==', None, None]\n"
        "  fix:      build the model in Python and `load_weights` from the file."
    )


def test_models_in_models_count_their_uses_from_one(tmp_path):
    inner = graph(
        node("InputLayer", "i", batch_input_shape=[None, 3]), node("Dense", "d", "i", output_dim=3),
        inputs=["i"], outputs=["d"],
    )  # fmt: skip
    inner["config"]["name"] = "inner"
    twice = {**inner, "name": "inner", "inbound_nodes": [[["x", 0, 0]], [["inner", 1, 0]]]}
    config = graph(
        node("InputLayer", "x", batch_input_shape=[None, 3]),
        twice,
        node("Activation", "end", ("inner", 2), activation="relu"),
        inputs=["x"], outputs=["end"],
    )  # fmt: skip
    w, b, x = numbers(3, 3), numbers(3), numbers(2, 3)
    keras1.write(tmp_path / "m.h5", config, {"x": [], "inner": [("d_W", w), ("d_b", b)], "end": []})
    np.testing.assert_allclose(
        saving.load_model(tmp_path / "m.h5")(x), np.maximum((x @ w + b) @ w + b, 0), rtol=1e-5, atol=1e-5
    )


def test_dense_layers_of_keras_1(tmp_path):
    x, w, u, b, c = numbers(2, 3), numbers(3, 3), numbers(3, 3, seed=1), numbers(3), numbers(3, seed=1)
    p, q, v = numbers(2, 3, 4), numbers(2, 4), numbers(4)
    config = sequential(
        layer("Highway", "h", batch_input_shape=[None, 3], activation="relu", init="uniform", transform_bias=-2),
        layer("MaxoutDense", "m", output_dim=4, nb_feature=2, init="uniform"),
        layer("SReLU", "s", shared_axes=None, t_left_init="zero", a_left_init="glorot_uniform"),
        layer("ParametricSoftplus", "p", alpha_init=0.2, beta_init=5.0),
    )
    srelu = [("t_left", v), ("a_left", v * 0.5), ("t_right", v + 1), ("a_right", v * 2)]
    keras1.write(
        tmp_path / "m.h5",
        config,
        {
            "h": [("h_W", w), ("h_b", b), ("h_W_carry", u), ("h_b_carry", c)],
            "m": [("m_W", p), ("m_b", q)],
            "s": srelu,
            "p": [("alpha", v), ("beta", v * v)],
        },
    )
    t = 1 / (1 + np.exp(-(x @ u + c)))
    y = t * np.maximum(x @ w + b, 0) + (1 - t) * x
    y = np.max(np.einsum("bi,kio->bko", y, p) + q, 1)
    left, right = v, v + np.abs(v + 1)
    y = np.where(y < left, left + 0.5 * v * (y - left), np.where(y > right, right + 2 * v * (y - right), y))
    y = v * np.log1p(np.exp(v * v * y))
    np.testing.assert_allclose(saving.load_model(tmp_path / "m.h5")(x), y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_modes_of_batch_normalization(tmp_path, mode):
    x, gamma, beta, mean, variance = numbers(6, 3), numbers(3), numbers(3, seed=1), numbers(3, seed=2), numbers(3) ** 2
    config = sequential(layer("BatchNormalization", "b", batch_input_shape=[None, 3], epsilon=0.01, mode=mode, axis=-1))
    named = {"b_gamma": gamma, "b_beta": beta, "b_running_mean": mean, "b_running_std": variance}
    keras1.write(tmp_path / "m.h5", config, {"b": list(named.items())})
    if mode == 0:
        y = (x - mean) / np.sqrt(variance + 0.01)
    elif mode == 1:
        y = (x - x.mean(1, keepdims=True)) / (np.sqrt(x.var(1, keepdims=True) + 0.01) + 0.01)
    else:
        y = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.01)
    np.testing.assert_allclose(saving.load_model(tmp_path / "m.h5")(x), gamma * y + beta, rtol=1e-4, atol=1e-5)


def test_keras_03_json_and_numbered_weights(tmp_path):
    config = {
        "name": "Sequential",
        "class_mode": "categorical",
        "layers": [
            {"name": "Convolution2D", "nb_filter": 2, "nb_row": 2, "nb_col": 2, "input_shape": [1, 3, 3],
             "dim_ordering": "th", "border_mode": "valid",
             "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.1}},
            {"name": "Flatten"},
            {"name": "BatchNormalization", "epsilon": 1e-6, "mode": 0, "momentum": 0.9},
            {"name": "Dense", "output_dim": 2, "init": "uniform", "activation": "softmax",
             "W_constraint": {"name": "MaxNorm", "m": 2}},
        ],
    }  # fmt: skip
    model = saving.model_from_json(json.dumps(config))
    kernel, std = numbers(2, 1, 2, 2), np.abs(numbers(8, seed=3)) + 0.5
    norm = [numbers(8), numbers(8, seed=1), numbers(8, seed=2), std]
    keras1.write_numbered(tmp_path / "w.h5", [[kernel, numbers(2)], [], norm, [numbers(8, 2), numbers(2)]])
    model.load_weights(tmp_path / "w.h5")
    x = numbers(1, 1, 3, 3)
    y = correlate(x.transpose(0, 2, 3, 1), kernel[:, :, ::-1, ::-1].transpose(2, 3, 1, 0)) + numbers(2)
    y = y.transpose(0, 3, 1, 2).reshape(1, -1)
    y = (norm[0] * (y - norm[2]) / (std + 1e-6) + norm[1]) @ numbers(8, 2) + numbers(2)
    np.testing.assert_allclose(model(x), np.exp(y) / np.exp(y).sum(), rtol=1e-4, atol=1e-5)
    assert model.layers[0].kernel_regularizer.l2 == pytest.approx(0.1)
    assert model.layers[3].kernel_constraint.max_value == 2


def test_graph_of_keras_03():
    config = {
        "name": "Graph",
        "input_config": [{"name": name, "input_shape": [3], "dtype": "float"} for name in "ab"],
        "node_config": [
            {"name": "d", "input": None, "inputs": ["a", "b"], "merge_mode": "concat", "concat_axis": -1},
            {"name": "e", "input": "d", "inputs": [], "merge_mode": "concat"},
        ],
        "output_config": [{"name": "out", "input": "e", "inputs": []}],
        "nodes": {"d": {"name": "Dense", "output_dim": 4}, "e": {"name": "Activation", "activation": "relu"}},
    }  # fmt: skip
    model = saving.model_from_json(json.dumps(config))
    a, b = numbers(2, 3), numbers(2, 3, seed=1)
    w, bias = model.get_weights()
    np.testing.assert_allclose(model([a, b]), np.maximum(np.concatenate([a, b], 1) @ w + bias, 0), rtol=1e-5, atol=1e-5)


def test_the_optimizer_goes_on(tmp_path):
    """RMSprop's arrays stand in the order of the sorted names of the weights: `a_*` before `b_*`."""
    config = sequential(dense("b", 3, 2), dense("a", 1))
    w = {"b": [("b_W", numbers(2, 3)), ("b_b", numbers(3))], "a": [("a_W", numbers(3, 1)), ("a_b", numbers(1))]}
    state = [np.abs(numbers(*shape, seed=9)) for shape in ((3, 1), (1,), (2, 3), (3,))]
    training = {"loss": "mse", "metrics": ["accuracy"], "sample_weight_mode": None, "loss_weights": None}
    settings = {"lr": 0.1, "rho": 0.9, "epsilon": 0.01, "decay": 0.0}
    training["optimizer_config"] = {"class_name": "RMSprop", "config": settings}
    keras1.write(tmp_path / "m.h5", config, w, theano=True, training=training, optimizer=state)
    model = saving.load_model(tmp_path / "m.h5")
    x, y = numbers(4, 2), numbers(4, 1)
    model.train_on_batch(x, y)
    (b_w, b_b), (a_w, a_b) = ([array for _, array in w[name]] for name in "ba")
    h = x @ b_w + b_b
    d = 2 * (h @ a_w + a_b - y) / 4
    gradients = [x.T @ (d @ a_w.T), (d @ a_w.T).sum(0), h.T @ d, d.sum(0)]
    for found, p, g, v in zip(
        model.get_weights(), (b_w, b_b, a_w, a_b), gradients, (*state[2:], *state[:2]), strict=True
    ):
        v = 0.9 * v + 0.1 * g * g
        np.testing.assert_allclose(found, p - 0.1 * g / (np.sqrt(v) + 0.01), rtol=1e-4, atol=1e-5)


def test_a_failing_compilation_leaves_the_model(tmp_path):
    training = {"loss": "mine", "metrics": [], "optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1}}}
    keras1.write(
        tmp_path / "m.h5",
        sequential(dense("d", 1, 2)),
        {"d": [("W", numbers(2, 1)), ("b", numbers(1))]},
        training=training,
    )
    with pytest.warns(UserWarning, match="the model is loaded, but not compiled: Unknown loss: 'mine'") as caught:
        model = saving.load_model(tmp_path / "m.h5")
    assert "`model.compile(...)`, or name what is missing in `custom_objects`." in str(caught[0].message)
    np.testing.assert_array_equal(model.get_weights()[0], numbers(2, 1))
    assert not model.compiled


def test_weights_by_name(tmp_path):
    w = {name: [(f"{name}_W", numbers(2, 2, seed=i)), (f"{name}_b", numbers(2))] for i, name in enumerate("abc")}
    keras1.write(tmp_path / "w.h5", None, w)
    model = models.Sequential([layers.Input((2,)), layers.Dense(2, name="c"), layers.Dense(2, name="other")])
    other = model.layers[1].get_weights()[0]
    model.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], numbers(2, 2, seed=2))
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], other)
    with pytest.raises(ValueError) as error:
        model.load_weights(tmp_path / "w.h5")
    assert "Layer count mismatch when loading weights from file. Model expected 2 layers, found 3" in str(error.value)
    assert "fix:      `load_weights(..., by_name=True)` to load what has the same name." in str(error.value)


def test_weights_of_another_shape(tmp_path):
    keras1.write(tmp_path / "w.h5", None, {"a": [("a_W", numbers(2, 3)), ("a_b", numbers(3))]})
    model = models.Sequential([layers.Input((2,)), layers.Dense(2, name="a")])
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        model.load_weights(tmp_path / "w.h5")
    assert str(error.value).splitlines()[1:3] == [
        f"  wrong shape: {model.layers[0].kernel.path}: (2, 2) in the model, (2, 3) in the file",
        f"  wrong shape: {model.layers[0].bias.path}: (2,) in the model, (3,) in the file",
    ]
    with pytest.warns(UserWarning, match="1 layers could not be loaded"):
        model.load_weights(tmp_path / "w.h5", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_the_function_of_a_lambda_layer_is_passed(tmp_path):
    code = ["c\u0001\u0000", None, None]
    config = sequential(
        layer("Lambda", "half", function=code, function_type="lambda", batch_input_shape=[None, 2], output_shape=None,
              output_shape_type="raw", arguments={}),
        dense("d", 1),
    )  # fmt: skip
    keras1.write(tmp_path / "m.h5", config, {"half": [], "d": [("d_W", numbers(2, 1)), ("d_b", numbers(1))]})
    with pytest.raises(SafetyError, match=r"pass the function: `load_model\(..., custom_objects={'half': function}\)`"):
        saving.load_model(tmp_path / "m.h5")
    x = numbers(3, 2)
    model = saving.load_model(tmp_path / "m.h5", custom_objects={"half": lambda x: x / 2})
    np.testing.assert_allclose(model(x), x / 2 @ numbers(2, 1) + numbers(1), rtol=1e-5, atol=1e-5)


class Scale(layers.Layer):
    def __init__(self, output_dim, init, **kwargs):
        super().__init__(**kwargs)
        self.output_dim, self.init = output_dim, init

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), name="factor")

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "output_dim": self.output_dim, "init": self.init}


def test_a_layer_of_the_author(tmp_path):
    """Its arguments keep their names, and without it the message has the line to paste."""
    config = sequential(layer("Scale", "s", output_dim=3, init="uniform", batch_input_shape=[None, 3]), dense("d", 1))
    weights = {"s": [("s_factor", numbers(3))], "d": [("d_W", numbers(3, 1)), ("d_b", numbers(1))]}
    keras1.write(tmp_path / "m.h5", config, weights)
    with pytest.raises(TypeError) as error:
        saving.load_model(tmp_path / "m.h5")
    assert "Could not locate the class or function 'Scale'" in str(error.value)
    assert "fix:      `load_model(..., custom_objects={'Scale': Scale})`" in str(error.value)
    x = numbers(2, 3)
    model = saving.load_model(tmp_path / "m.h5", custom_objects={"Scale": Scale})
    np.testing.assert_allclose(model(x), x * numbers(3) @ numbers(3, 1) + numbers(1), rtol=1e-5, atol=1e-5)


def test_long_lists_of_names_are_in_pieces(tmp_path):
    keras1.write(tmp_path / "w.h5", None, {"a": [("W", numbers(2, 2)), ("b", numbers(2))]})
    with h5py.File(tmp_path / "w.h5", "a") as file:
        file.attrs["layer_names0"] = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file["a"].attrs["weight_names0"], file["a"].attrs["weight_names1"] = [b"W:0"], [b"b:0"]
        del file["a"].attrs["weight_names"]
    model = models.Sequential([layers.Input((2,)), layers.Dense(2)])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(model.get_weights()[0], numbers(2, 2))


YAML = """
class_name: Sequential
config:
- class_name: Dense
  config:
    activation: relu
    batch_input_shape: !!python/tuple [null, 3]
    name: d
    output_dim: 2
keras_version: 1.2.2
"""


def test_yaml():
    pytest.importorskip("yaml")
    model = saving.model_from_yaml(YAML)
    assert model.layers[0].units == 2 and model.input_shape == (None, 3)
    with pytest.raises(SafetyError) as error:
        saving.model_from_yaml(YAML.replace("relu", "!!python/object/apply:os.system [ls]"))
    assert str(error.value) == (
        "The YAML text asks for a Python object: it is not read.\n"
        "  got:      could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"
    )
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    with pytest.raises(SafetyError, match="has more than 1000000 entries"):
        saving.model_from_yaml(laughs)
    doubled = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 60))
    with pytest.raises(SafetyError) as error:
        saving.model_from_yaml(doubled)
    assert str(error.value) == "The YAML text merges one mapping into another (`<<`), which no model needs."
    with pytest.raises(SafetyError) as error:
        saving.model_from_yaml(" " * 2_097_153)
    assert str(error.value) == (
        "The YAML text is too long: it is not read.\n  expected: at most 2,097,152 characters\n  got:      2,097,153"
    )


def test_configurations_nested_without_end():
    with pytest.raises(SafetyError, match="nested too deeply"):
        inner = '{"class_name": "Sequential", "config": [' * 400 + "]}" * 400
        saving.model_from_json(inner)
