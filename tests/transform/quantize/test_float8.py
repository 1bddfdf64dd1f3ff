"""Products of 8-bit floats, against those of Keras: outputs, steps of training, files."""

import numpy as np
import pytest

import tricera
from tricera import layers, models

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 2, 5)).astype("float32")
CASES = {
    "Dense": {"units": 3, "activation": "tanh"},
    "EinsumDense": {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"},
}


def trained(library, name, dtype=None, epochs=3):
    """A model of a quantized layer behind another, trained, with the same numbers for each library."""
    layer = getattr(library.layers, name)(**CASES[name], dtype=dtype)
    model = library.Sequential([library.layers.Input((2, 5)), library.layers.Dense(5), layer])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    model.quantize("float8", filters=lambda each: each is layer)
    model.compile(library.optimizers.SGD(0.1), "mse")
    if epochs:
        model.fit(X, np.ones(model(X).shape), batch_size=4, epochs=epochs, verbose=0)
    return model


@pytest.mark.parametrize("dtype", [None, "mixed_bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_training_goes_as_in_keras(keras, name, dtype):
    """Weights, scales and histories after three steps, and outputs."""
    ours, theirs = trained(tricera, name, dtype), trained(keras, name, dtype)
    rough = {"rtol": 3e-2, "atol": 3e-2} if dtype else {"rtol": 1e-3, "atol": 1e-3}
    assert [v.name for v in ours.trainable_weights] == [v.name for v in theirs.trainable_weights]
    for mine, other in zip(ours.trainable_weights, theirs.trainable_weights, strict=True):
        np.testing.assert_allclose(np.asarray(mine), np.asarray(other), **rough, err_msg=mine.path)
    layer = ours.layers[-1]
    assert np.count_nonzero(layer.inputs_amax_history) == 3 and layer.kernel_scale != 1
    np.testing.assert_allclose(np.asarray(ours(X)).astype("float32"), np.asarray(theirs(X)).astype("float32"), **rough)


def test_predictions_leave_scales_and_histories_alone():
    model = trained(tricera, "Dense")
    before = model.get_weights()
    model.predict(X, verbose=0)
    for one, another in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("name", CASES)
def test_files_go_both_ways(keras, name, tmp_path):
    model = trained(tricera, name)
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "ours.keras")
    loaded, theirs = models.load_model(tmp_path / "ours.keras"), keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), expected)
    np.testing.assert_allclose(theirs(X), expected, rtol=1e-4, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    loaded = models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    loaded.fit(X, expected, verbose=0)


def test_a_policy_says_how_much_is_remembered(keras):
    policy = tricera.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=5)
    layer = layers.Dense(2, dtype=policy)
    layer.build((None, 3))
    assert layer.inputs_amax_history.shape == (5,) and layer.quantization_mode == "float8"
    again = tricera.dtype_policies.deserialize(tricera.dtype_policies.serialize(policy))
    theirs = keras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=5)
    assert again == policy and again.get_config() == theirs.get_config()
    assert again != tricera.dtype_policies.get("float8_from_float32")


def test_adapters_are_refused():
    layer = layers.Dense(2, lora_rank=1, name="d")
    layer.build((None, 3))
    with pytest.raises(NotImplementedError) as error:
        layer.quantize("float8")
    assert str(error.value) == (
        "Dense layer \"d\": 'float8' quantization is not there with lora.\n"
        "  fix:      save the weights and load them into a layer without adapters."
    )
    layer = layers.Dense(2, dtype="float8_from_float32", name="d")
    layer.build((None, 3))
    with pytest.raises(NotImplementedError) as error:
        layer.enable_lora(1)
    assert str(error.value) == "Dense layer \"d\": lora is not there with 'float8' quantization."
