import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tricera
from tricera import layers
from tricera.initializers import Constant

X = np.random.default_rng(0).normal(3, 2, (2, 3, 4)).astype("float32")
MASK = np.array([[True, True, False], [True, False, False]])


def test_batch_normalization_moves_its_averages_over_what_the_mask_keeps(keras):
    ours, theirs = layers.BatchNormalization(momentum=0.5), keras.layers.BatchNormalization(momentum=0.5)
    np.testing.assert_allclose(ours(X, training=True, mask=MASK), theirs(X, training=True, mask=MASK), rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("clipping", [None, {"rmin": 0.8, "rmax": 1.2, "dmax": 0.3}, {"rmax": None, "dmax": 0.0}])
def test_renormalization_is_that_of_keras_from_step_to_step(keras, clipping):
    ours, theirs = (
        module.BatchNormalization(renorm=True, renorm_clipping=clipping, momentum=0.7, renorm_momentum=0.6)
        for module in (layers, keras.layers)
    )
    found = []
    for layer in (ours, theirs):
        layer.build((None, 3, 4))
        trainable = [jnp.asarray(v.value) for v in layer.trainable_variables]
        state = [jnp.asarray(v.value) for v in layer.non_trainable_variables]

        def loss(trainable, x, state, layer=layer, **kwargs):
            y, state = layer.stateless_call(trainable, state, x, training=True, **kwargs)
            return jnp.vdot(y, jnp.cos(jnp.arange(y.size)).reshape(y.shape)), (y, state)

        for step, mask in enumerate((None, MASK, None)):
            x = (1 + 0.5 * step) * X - step
            more = {} if mask is None else {"mask": mask}
            (_, (y, state)), gradients = jax.value_and_grad(loss, (0, 1), has_aux=True)(trainable, x, state, **more)
            trainable = [v - 0.1 * g for v, g in zip(trainable, gradients[0], strict=True)]
            found.extend([y, *jax.tree_util.tree_leaves(gradients), *state])
        found.append(layer.stateless_call(trainable, state, X, training=False)[0])
    half = len(found) // 2
    for one, other in zip(found[:half], found[half:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_renormalization_starts_from_the_moving_averages_initial_values():
    layer = layers.BatchNormalization(
        renorm=True, moving_mean_initializer=Constant(3), moving_variance_initializer=Constant(4)
    )
    layer.build((None, 2))
    start = {"gamma": 1, "beta": 0, "moving_mean": 3, "moving_variance": 4, "moving_stddev": 2}
    start |= {"renorm_mean": 3, "renorm_stddev": 2}
    assert [w.name for w in layer.weights] == list(start)
    for w in layer.weights:
        np.testing.assert_array_equal(w, [start[w.name]] * 2)


def test_files_of_renormalization_go_both_ways(keras, tmp_path):
    for at, (one, other) in enumerate(((tricera, keras), (keras, tricera))):
        model = one.Sequential([one.layers.Input((3, 4)), one.layers.BatchNormalization(renorm=True)])
        model.set_weights([np.full(4, 0.5 + i, "float32") for i in range(7)])
        for suffix in (".keras", ".h5"):
            path = str(tmp_path / f"{at}{suffix}")
            model.save(path)
            again = other.models.load_model(path)
            for mine, theirs in zip(model.weights, again.weights, strict=True):
                assert mine.name == theirs.name
                np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
            np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5)


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
