import jax.numpy as jnp
import numpy as np

from tricera import layers

X = np.random.default_rng(0).normal(3, 2, (2, 3, 4)).astype("float32")
MASK = np.array([[True, True, False], [True, False, False]])


def test_batch_normalization_moves_its_averages_over_what_the_mask_keeps(keras):
    ours, theirs = layers.BatchNormalization(momentum=0.5), keras.layers.BatchNormalization(momentum=0.5)
    np.testing.assert_allclose(ours(X, training=True, mask=MASK), theirs(X, training=True, mask=MASK), rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_frozen_batch_normalization_infers_in_training():
    layer = layers.BatchNormalization()
    layer.trainable = False
    np.testing.assert_allclose(layer(X, training=True), X / np.sqrt(1.001), rtol=1e-6)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(4))


def test_statistics_of_16_bit_inputs_are_of_32_bits():
    layer = layers.LayerNormalization(dtype="mixed_float16")
    y = layer(jnp.asarray(1000 * X, "float16"))
    assert y.dtype == "float16"
    np.testing.assert_allclose(np.asarray(y, "float32").std(-1), 1, atol=1e-2)


def test_spectral_normalization_divides_the_kernel_by_its_norm():
    layer = layers.SpectralNormalization(layers.Dense(3, use_bias=False), power_iterations=30)
    layer(X[0], training=True)
    layer(X[0], training=True)
    np.testing.assert_allclose(np.linalg.norm(layer.layer.kernel.numpy(), 2), 1, rtol=1e-3)


def test_a_mask_along_the_axis_of_the_features(keras):
    x = np.random.RandomState(0).normal(size=(5, 3, 2)).astype("float32")
    mask = np.arange(15).reshape(5, 3) % 4 > 0
    for axis in (1, -1):
        ours, theirs = (module.BatchNormalization(axis=axis, momentum=0.0) for module in (layers, keras.layers))
        np.testing.assert_allclose(
            ours(x, training=True, mask=mask), theirs(x, training=True, mask=mask), rtol=1e-4, atol=1e-5
        )
        for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_numbers_beyond_16_bits_are_normalized_in_mixed_precision(keras):
    x = 70000 * np.random.default_rng(0).normal(1, 1, (2, 4, 8)).astype("float32")
    for name, arguments in (("GroupNormalization", {"groups": 2}), ("LayerNormalization", {})):
        ours, theirs = (getattr(space, name)(**arguments, dtype="mixed_float16")(x) for space in (layers, keras.layers))
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-3)
        assert ours.dtype == "float16"
