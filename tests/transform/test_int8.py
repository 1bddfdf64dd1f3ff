"""Weights of 8 bits, against those of Keras."""

import numpy as np
import pytest

import tricera
from tricera import layers, models, quantizers

RNG = np.random.default_rng(0)
CASES = {
    "Dense": ({"units": 3, "activation": "tanh"}, RNG.normal(size=(4, 2, 5))),
    "EinsumDense": (
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "e"},
        RNG.normal(size=(4, 2, 5)),
    ),
    "Embedding": ({"input_dim": 6, "output_dim": 3}, RNG.integers(0, 6, (4, 2))),
}


def made(library, name, **options):
    """A layer with the same numbers for each library, quantized."""
    arguments, x = CASES[name]
    layer = getattr(library.layers, name)(**arguments, **options)
    layer.build(x.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
    layer.quantize("int8")
    return layer, x.astype("int32" if name == "Embedding" else "float32")


@pytest.mark.parametrize("name", CASES)
def test_weights_and_outputs_are_those_of_keras(keras, name):
    (ours, x), (theirs, _) = made(tricera, name), made(keras, name)
    weight = "embeddings" if name == "Embedding" else "kernel"
    np.testing.assert_array_equal(np.asarray(getattr(ours, weight)), np.asarray(getattr(theirs, f"_{weight}")))
    np.testing.assert_allclose(np.asarray(ours(x)), np.asarray(theirs(x)), rtol=1e-4, atol=1e-5)
    assert getattr(ours, weight).dtype == "int8"
    assert (ours.dtype_policy.name, ours.dtype_policy.quantization_mode) == ("int8_from_float32", "int8")
    assert [v.name for v in ours.trainable_weights] == [v.name for v in theirs.trainable_weights]


def test_gradients_pass_through_as_in_keras(keras):
    """The layer before a quantized one is trained as in Keras."""
    x, results = RNG.normal(size=(6, 4)).astype("float32"), []
    for library in (tricera, keras):
        quantized, _ = made(library, "Dense")
        before = library.layers.Dense(5, kernel_initializer=library.initializers.RandomNormal(seed=1))
        model = library.Sequential([library.layers.Input((4,)), before, quantized])
        before.set_weights([np.linspace(-1, 1, 20).reshape(4, 5), np.zeros(5)])
        model.compile(library.optimizers.SGD(0.1), "mse")
        model.fit(x, np.ones((6, 3)), batch_size=6, epochs=3, verbose=0)
        results.append(before.get_weights()[0])
    np.testing.assert_allclose(*results, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_a_model_with_them_is_saved_and_loaded(name, tmp_path):
    layer, x = made(tricera, name)
    model = tricera.Sequential([layers.Input(x.shape[1:]), layer])
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.layers[0].quantized
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)


def test_keras_reads_the_files_and_tricera_those_of_keras(keras, tmp_path):
    layer, x = made(tricera, "Dense")
    model = tricera.Sequential([layers.Input(x.shape[1:]), layer])
    model.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(theirs.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    loaded = models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)


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
        model.quantize("int8", filters=filters)
        assert [layer.quantized for layer in model.layers if isinstance(layer, layers.Dense)] == [False, True]


def test_inputs_may_stay_floats():
    config = quantizers.Int8QuantizationConfig(activation_quantizer=None)
    layer, x = layers.Dense(3, use_bias=False), RNG.normal(size=(2, 5)).astype("float32")
    layer.build((None, 5))
    layer.quantize(config=config)
    weight = np.asarray(layer.kernel).astype("float32") / np.asarray(layer.kernel_scale)
    np.testing.assert_allclose(np.asarray(layer(x)), x @ weight, rtol=1e-5, atol=1e-6)


def test_policies(keras):
    for name in ("int8_from_mixed_bfloat16", "int8_from_float32", "float8_from_float32"):
        ours, theirs = tricera.dtype_policies.get(name), keras.dtype_policies.get(name)
        assert ours.quantization_mode == theirs.quantization_mode and ours.name == theirs.name
        assert (ours.compute_dtype, ours.variable_dtype) == (theirs.compute_dtype, theirs.variable_dtype)
        assert tricera.dtype_policies.deserialize(tricera.dtype_policies.serialize(ours)) == ours


def test_messages():
    layer = layers.Dense(2, name="d")
    with pytest.raises(ValueError) as error:
        layer.quantize("int8")
    assert str(error.value) == (
        'Dense layer "d": Cannot quantize a layer that isn\'t yet built.\n'
        "  fix:      build it first: call it on data, or `layer.build(input_shape)`."
    )
    layer.build((None, 3))
    with pytest.raises(ValueError) as error:
        layer.quantize("int9")
    assert str(error.value) == (
        "Invalid quantization mode. Expected one of ('int8', 'float8', 'int4', 'gptq', 'awq').\n"
        "  got:      mode='int9'\n  fix:      did you mean 'int8'?"
    )
    with pytest.raises(NotImplementedError) as error:
        layer.quantize("gptq")
    assert str(error.value) == (
        "Quantization to 'gptq' is not there yet.\n  expected: 'int8'\n  fix:      `quantize('int8')`."
    )
    layer.quantize("int8")
    with pytest.raises(ValueError) as error:
        layer.quantize("int8")
    assert str(error.value) == (
        "Dense layer \"d\" is already quantized with dtype_policy='int8_from_float32'.\n  got:      int8"
    )
    conv = layers.Conv2D(1, 1, name="c")
    with pytest.raises(NotImplementedError) as error:
        conv.quantize("int8")
    assert str(error.value) == ('Conv2D layer "c" does not have a `quantize()` method implemented.\n  got:      int8')
