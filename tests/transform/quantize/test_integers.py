"""Weights of 8 and of 4 bits, against those of Keras."""

import copy

import numpy as np
import pytest

import tricera
from tricera import initializers, layers, models, quantizers

RNG = np.random.default_rng(0)
VECTORS, NUMBERS = RNG.normal(size=(4, 2, 5)), RNG.integers(0, 6, (4, 2))
CASES = {
    "Dense": ("Dense", {"units": 3, "activation": "tanh"}, VECTORS),
    "EinsumDense": (
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "e"},
        VECTORS,
    ),
    "summed twice": ("EinsumDense", {"equation": "abc,bcd->ad", "output_shape": 3, "bias_axes": "d"}, VECTORS),
    "summed in the middle": ("EinsumDense", {"equation": "abc,dce->abde", "output_shape": (None, 2, 3)}, VECTORS),
    "Embedding": ("Embedding", {"input_dim": 6, "output_dim": 5}, NUMBERS),
    "tied": ("ReversibleEmbedding", {"input_dim": 6, "output_dim": 5, "logit_soft_cap": 4.0}, NUMBERS),
    "untied": ("ReversibleEmbedding", {"input_dim": 6, "output_dim": 5, "tie_weights": False}, NUMBERS),
}
CONFIGS = {
    "int8": ("Int8QuantizationConfig", {}),
    "int8 weights": ("Int8QuantizationConfig", {"activation_quantizer": None}),
    "int4": ("Int4QuantizationConfig", {"block_size": None}),
    "int4 in blocks": ("Int4QuantizationConfig", {"block_size": 2}),
    "int4 inputs": ("Int4QuantizationConfig", {"block_size": -1, "activation_quantizer": "AbsMaxQuantizer"}),
}


def config_of(library, config):
    kind, options = CONFIGS[config]
    options = {k: getattr(library.quantizers, v)() if k.startswith("act") and v else v for k, v in options.items()}
    return getattr(library.quantizers, kind)(**options)


def alternating(weight, rows):
    """Numbers above and below 0 in each group: Keras rounds groups that are all above 0 to one number."""
    matrix = np.abs(weight if weight.ndim < 3 else weight.reshape(rows, -1)) + 0.5
    return (matrix * (1 - 2 * (np.indices(matrix.shape).sum(0) % 2))).reshape(weight.shape)


def made(library, name, config="int8", lora=False, **options):
    """A layer with the same numbers for each library, quantized."""
    kind, arguments, x = CASES[name]
    layer = getattr(library.layers, kind)(**arguments, **options)
    layer.build(x.shape)
    rng = np.random.default_rng(1)
    layer.set_weights(
        [alternating(rng.normal(size=w.shape), 10 if name == "summed twice" else 5) for w in layer.weights]
    )
    layer.quantize(config=config_of(library, config))
    if lora:
        layer.enable_lora(2, lora_alpha=3.0)
        for variable in sorted(layer.trainable_weights, key=lambda v: v.path.rpartition("/")[2]):
            variable.assign(rng.normal(size=variable.shape) * 0.1)
    return layer, x.astype("int32" if x is NUMBERS else "float32")


def stored(layer):
    store = {}
    layer.save_own_variables(store)
    return {key: np.asarray(value) for key, value in store.items()}


def outputs(layer, x):
    return [np.asarray(layer(x)), *([np.asarray(layer(layer(x), reverse=True))] if "reversible" in layer.name else [])]


EVERY = [
    (name, config, False)
    for name in CASES
    for config in (CONFIGS if name in ("Dense", "EinsumDense", "untied") else ("int8", "int4", "int4 in blocks"))
]
WITH_LORA = [(name, config, True) for name in ("Dense", "EinsumDense", "tied") for config in ("int8", "int4 in blocks")]


@pytest.mark.parametrize("name, config, lora", [*EVERY, *WITH_LORA])
def test_variables_and_outputs_are_those_of_keras(keras, name, config, lora):
    (ours, x), (theirs, _) = made(tricera, name, config, lora), made(keras, name, config, lora)
    mine, other = stored(ours), stored(theirs)
    assert {k: (v.dtype, v.shape) for k, v in mine.items()} == {k: (v.dtype, v.shape) for k, v in other.items()}
    for key, value in mine.items():
        np.testing.assert_allclose(value, other[key], rtol=1e-5, atol=1e-6)
    if not (lora and name == "tied"):  # Keras reads a table backwards without its adapters
        for one, another in zip(outputs(ours, x), outputs(theirs, x), strict=True):
            np.testing.assert_allclose(one, another, rtol=1e-4, atol=1e-5)
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    assert ours.quantization_mode == theirs.quantization_mode
    assert [v.name for v in ours.trainable_weights] == [v.name for v in theirs.trainable_weights]
    assert sorted(v.path.partition("/")[2] for v in ours.weights) == sorted(
        v.path.partition("/")[2] for v in theirs.weights
    )


def test_whole_numbers_are_read_unpacked(keras):
    (ours, _), (theirs, _) = made(tricera, "EinsumDense", "int4"), made(keras, "EinsumDense", "int4")
    np.testing.assert_array_equal(ours.kernel, theirs.kernel)
    assert ours.kernel.shape == (5, 2, 3)


@pytest.mark.parametrize("config", ["int8", "int4 in blocks", "int4 inputs"])
def test_gradients_pass_through_as_in_keras(keras, config):
    """The layer before a quantized one is trained as in Keras, and so are adapters."""
    x, results = RNG.normal(size=(6, 4)).astype("float32"), []
    for library in (tricera, keras):
        quantized, _ = made(library, "Dense", config, lora=True)
        before = library.layers.Dense(5, kernel_initializer=library.initializers.RandomNormal(seed=1))
        model = library.Sequential([library.layers.Input((4,)), before, quantized])
        before.set_weights([np.linspace(-1, 1, 20).reshape(4, 5), np.zeros(5)])
        model.compile(library.optimizers.SGD(0.1), "mse")
        model.fit(x, np.ones((6, 3)), batch_size=6, epochs=3, verbose=0)
        results.append([before.get_weights()[0], np.asarray(quantized.lora_kernel_b)])
    for one, another in zip(*results, strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("config", ["int8 weights", "int4 in blocks"])
@pytest.mark.parametrize("name", CASES)
def test_files_go_both_ways(keras, name, config, tmp_path):
    layer, x = made(tricera, name, config)
    model = tricera.Sequential([layers.Input(x.shape[1:], dtype=x.dtype.name), layer])
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "ours.keras")
    loaded = models.load_model(tmp_path / "ours.keras")
    assert loaded.layers[0].quantized and loaded.layers[0].quantization_config == layer.quantization_config
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(theirs(x), expected, rtol=1e-4, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    loaded = models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    for one, another in zip(stored(loaded.layers[0]).values(), stored(layer).values(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("config", ["int8", "int4 in blocks"])
def test_files_hold_numbers_and_adapters_in_one(keras, config, tmp_path):
    """The kernel is rounded anew, with the adapters in it, and those that are loaded add nothing."""
    layer, x = made(tricera, "Dense", config, lora=True)
    model = tricera.Sequential([layers.Input(x.shape[1:]), layer])
    model.save(tmp_path / "ours.keras")
    loaded, theirs = models.load_model(tmp_path / "ours.keras"), keras.models.load_model(tmp_path / "ours.keras")
    assert loaded.layers[0].lora_enabled and not np.asarray(loaded.layers[0].lora_kernel_b).any()
    np.testing.assert_allclose(loaded(x), theirs(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(loaded(x), model(x), atol=0.3)
    twin = copy.deepcopy(layer)
    twin.lora_kernel_b.assign(np.zeros((2, 3)))
    assert np.abs(np.asarray(twin(x) - layer(x))).max() > 0.01


def test_adapters_of_a_layer_stay_when_it_is_quantized(keras):
    results = []
    for library in (tricera, keras):
        layer = library.layers.Dense(3)
        layer.build((None, 5))
        layer.enable_lora(2)
        rng = np.random.default_rng(1)
        for variable in sorted(layer.weights, key=lambda v: v.path.rpartition("/")[2]):
            variable.assign(rng.normal(size=variable.shape) * 0.1)
        for variable in sorted(layer.trainable_weights, key=lambda v: v.path.rpartition("/")[2]):
            variable.assign(rng.normal(size=variable.shape) * 0.1)
        layer.quantize("int4")
        results.append((np.asarray(layer(np.ones((2, 5)))), len(layer.trainable_weights), len(layer.weights)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    assert results[0][1:] == results[1][1:]


def test_models_are_quantized_whole_or_in_part():
    def build():
        return tricera.Sequential(
            [
                layers.Input((4,)),
                layers.Dense(3, name="first"),
                layers.BatchNormalization(),
                layers.Dense(2, name="last"),
            ]
        )

    x = RNG.normal(size=(5, 4)).astype("float32")
    model = build()
    before = model.predict(x, verbose=0)
    model.quantize("int8")
    after = model.predict(x, verbose=0)
    assert 0 < np.abs(after - before).max() < 0.05
    assert [layer.quantized for layer in model.layers if isinstance(layer, layers.Dense)] == [True, True]
    for filters in (lambda layer: layer.name == "last", "las.", ["^last$"]):
        model = build()
        model.quantize("int4", filters=filters)
        assert [layer.quantized for layer in model.layers if isinstance(layer, layers.Dense)] == [False, True]


@pytest.mark.parametrize("at_build", [True, False])
@pytest.mark.parametrize("name", ["int8_from_float32", "int4_from_float32", "int4/2_from_float32"])
def test_a_policy_quantizes_at_build_or_when_it_is_set(keras, name, at_build):
    shapes = []
    for library in (tricera, keras):
        layer = library.layers.Dense(3, dtype=name if at_build else None)
        layer.build((None, 5))
        if not at_build:
            layer.dtype_policy = name
        shapes.append({v.name: (v.shape, str(v.dtype)) for v in layer.weights})
    if at_build or "/" not in name:  # Keras takes blocks of 128 then, whatever the policy says
        assert shapes[0] == shapes[1]
    assert ("g_idx" in shapes[0]) == ("/" in name or ("int4" in name and not at_build))


def test_a_config_comes_back(keras):
    for config in CONFIGS:
        ours = config_of(tricera, config)
        assert quantizers.deserialize(quantizers.serialize(ours)) == ours
        theirs = config_of(keras, config)
        assert quantizers.serialize(ours)["config"].keys() == keras.quantizers.serialize(theirs)["config"].keys()
    config = tricera.config.dtype_policy()
    tricera.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert tricera.dtype_policies.QuantizedDTypePolicy("int8").name == "int8_from_mixed_bfloat16"
    finally:
        tricera.config.set_dtype_policy(config)


def test_groups_on_one_side_of_0_keep_their_numbers():
    """In Keras all of them become one number."""
    weight = np.linspace(3, 4, 12).reshape(6, 2).astype("float32")
    numbers, scale, zero = quantizers.abs_max_quantize_grouped_with_zero_point(weight, 3)
    again = (np.asarray(numbers, "float32") - np.repeat(zero, 3, 0)) * np.repeat(scale, 3, 0)
    assert np.abs(again - weight).max() <= np.max(scale) / 2 + 1e-6


def test_half_precision_and_its_many_groups(keras):
    """Numbers of groups do not fit into 16 bits, which Keras reads them in: from 256 on they are whole here."""
    x = RNG.normal(size=(2, 600)).astype("float32")
    layer = layers.Dense(2, dtype="mixed_bfloat16")
    layer.build((None, 600))
    expected = np.asarray(layer(x)).astype("float32")
    layer.quantize(config=quantizers.Int4QuantizationConfig(block_size=1))
    assert layer(x).dtype == "bfloat16"
    np.testing.assert_allclose(np.asarray(layer(x)).astype("float32"), expected, atol=0.1)


MESSAGES = {
    "model": (lambda layer: models.Sequential([layer], name="m").quantize("int8"), ValueError, """\
Sequential model "m": Cannot quantize a layer that isn't yet built.
  fix:      call the model on data, or `model.build(input_shape)`, first."""),
    "argument": (lambda layer: models.Sequential([layer]).quantize("int8", filter="d"), ValueError, """\
Unrecognized keyword arguments passed to Sequential: 'filter'.
  fix:      did you mean 'filters'?"""),
    "not built": (lambda layer: layers.Dense(2, name="d").quantize("int8"), ValueError, """\
Dense layer "d": Cannot quantize a layer that isn't yet built.
  fix:      build it first: call it on data, or `layer.build(input_shape)`."""),
    "mode": (lambda layer: layer.quantize("int9"), ValueError, """\
Invalid quantization mode. Expected one of ('int8', 'float8', 'int4', 'gptq', 'awq').
  got:      mode='int9'
  fix:      did you mean 'int8'?"""),
    "nothing": (lambda layer: layer.quantize(), ValueError, """\
You must provide either `mode` or `config` to `quantize`."""),
    "config": (lambda layer: layer.quantize(config=3), ValueError, """\
Argument `config` must be an instance of `QuantizationConfig`.
  got:      config=3"""),
    "contradiction": (lambda layer: layer.quantize("int4", config=quantizers.Int8QuantizationConfig()), ValueError, """\
Contradictory arguments: `mode` and `config` disagree.
  expected: 'int8'
  got:      mode='int4'"""),
    "texts": (lambda layer: layer.quantize("gptq"), ValueError, """\
Mode 'gptq' looks at what the model does with texts.
  fix:      `quantize(config=keras.quantizers.GPTQConfig(dataset, tokenizer))`."""),
    "twice": (lambda layer: layer.quantize("int8") or layer.quantize("int8"), ValueError, """\
Dense layer "d" is already quantized with dtype_policy='int8_from_float32'.
  got:      int8"""),
    "other layer": (lambda layer: layers.Conv2D(1, 1, name="c").quantize("int8"), NotImplementedError, """\
Conv2D layer "c" does not have a `quantize()` method implemented.
  got:      int8"""),
    "filters": (lambda layer: tricera.Sequential([layer]).quantize("int8", filters=3), ValueError, """\
The `filters` argument must be a regex string, a list of regex strings, or a callable.
  got:      3"""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, kind, text = MESSAGES[name]
    layer = layers.Dense(2, name="d")
    layer.build((None, 3))
    with pytest.raises(kind) as error:
        call(layer)
    assert str(error.value) == text


def test_tables_and_classes_of_the_user_are_refused():
    layer = layers.Embedding(3, 2, name="e")
    layer.build()
    with pytest.raises(NotImplementedError) as error:
        layer.quantize("float8")
    assert str(error.value) == (
        "Embedding layer \"e\": Invalid quantization mode. Expected one of ('int8', 'int4').\n  got:      mode='float8'"
    )

    class Mine(layers.Dense):
        pass

    layer = Mine(2, name="m")
    layer.build((None, 3))
    with pytest.raises(NotImplementedError) as error:
        layer.quantize("int8")
    assert str(error.value) == (
        'Mine layer "m": Layer.quantize() is not there for layers of a class of the user\'s.\n'
        "  fix:      pass `type_check=False`, if its call computes as its base class does."
    )
    layer.quantize("int8", type_check=False)
    assert layer.quantized


@pytest.mark.parametrize("mode", ["int4/{}", "gptq/4/{}", "awq/4/{}"])
def test_groups_larger_than_all_rows_are_of_all_rows(mode):
    """And take no more memory: a file may say any size."""
    found = []
    for size in (4, 10**12):
        layer = layers.Dense(
            3, kernel_initializer=initializers.GlorotUniform(1), dtype=f"{mode.format(size)}_from_float32"
        )
        layer.build((None, 4))
        found.append([np.asarray(weight) for weight in layer.weights])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
