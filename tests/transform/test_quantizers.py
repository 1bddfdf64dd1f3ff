import jax
import numpy as np
import pytest

import tricera
from tricera import quantizers

X = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")


@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
def test_abs_max_is_that_of_keras(keras, axis):
    for mine, theirs in zip(
        quantizers.abs_max_quantize(X, axis), keras.quantizers.abs_max_quantize(X, axis), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    quantizer = quantizers.deserialize(quantizers.serialize(quantizers.AbsMaxQuantizer(axis=axis)))
    np.testing.assert_array_equal(quantizer(X)[0], quantizers.abs_max_quantize(X, axis)[0])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype, low", [("int8", -8), ("uint8", 0)])
def test_four_bits_are_packed_as_in_keras(keras, axis, dtype, low):
    numbers = np.random.default_rng(0).integers(low, low + 16, (5, 3)).astype(dtype)
    mine, theirs = (lib.pack_int4(numbers, axis, dtype) for lib in (quantizers, keras.quantizers))
    np.testing.assert_array_equal(mine[0], theirs[0])
    assert tuple(mine[1]) == tuple(theirs[1]) and mine[2] == theirs[2]
    np.testing.assert_array_equal(quantizers.unpack_int4(mine[0], numbers.shape[axis], axis, dtype), numbers)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("axis", [None, 1])
def test_faked_quantization_and_its_gradients_are_those_of_keras(keras, narrow, axis):
    low, high = (-1.0, 0.7) if axis is None else (np.linspace(-1, -0.5, 5), np.linspace(0.5, 1, 5))
    bounds = [np.asarray(bound, "float32") for bound in (low, high)]

    def gradients(library):
        f = library.quantizers.fake_quant_with_min_max_vars
        return jax.grad(lambda x, a, b: (f(x, a, b, 4, narrow, axis) * X).sum(), (0, 1, 2))(X, *bounds)

    np.testing.assert_allclose(
        quantizers.fake_quant_with_min_max_vars(X, *bounds, 4, narrow, axis),
        keras.quantizers.fake_quant_with_min_max_vars(X, *bounds, 4, narrow, axis),
        atol=1e-6,
    )
    for mine, theirs in zip(gradients(tricera), gradients(keras), strict=True):
        np.testing.assert_allclose(mine, np.reshape(theirs, np.shape(mine)), rtol=1e-4, atol=1e-5)


def test_helpers_of_eight_bit_floats_are_those_of_keras(keras):
    history = np.arange(4, dtype="float32")
    for name, arguments in {
        "compute_float8_amax_history": (X, history),
        "compute_float8_scale": (np.float32(3), np.float32(1), np.float32(448)),
        "quantize_and_dequantize": (X, np.float32(0.01), "float8_e4m3fn", "float32"),
    }.items():
        mine, theirs = (
            getattr(library, name)(*map(jax.numpy.asarray, arguments[:-2]), *arguments[-2:])
            if name == "quantize_and_dequantize"
            else getattr(library, name)(*map(jax.numpy.asarray, arguments))
            for library in (quantizers, keras.quantizers)
        )
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("axis", [None, 1])
def test_faked_quantization_stands_in_a_graph(axis):
    bounds = (-1.0, 0.7) if axis is None else (np.full(5, -1.0, "float32"), np.full(5, 0.7, "float32"))
    x = tricera.Input((5,))
    y = quantizers.fake_quant_with_min_max_vars(x, *bounds, axis=axis)
    assert isinstance(y, tricera.KerasTensor) and y.shape == (None, 5)
    np.testing.assert_array_equal(
        tricera.Model(x, y)(X), quantizers.fake_quant_with_min_max_vars(X, *bounds, axis=axis)
    )


def test_a_config_without_a_mode():
    text = (
        "Subclasses must implement this property. Do not instantiate QuantizationConfig directly.\n"
        "  fix:      take the config of a mode: `keras.quantizers.Int8QuantizationConfig()`."
    )
    model = tricera.Sequential([tricera.Input((2,)), tricera.layers.Dense(1)])
    config = quantizers.QuantizationConfig()
    for use in (lambda: config.mode, lambda: model.quantize("int8", config=config)):
        with pytest.raises(NotImplementedError) as error:
            use()
        assert str(error.value) == text
