"""Mixed precision in whole runs, as in Keras up to the rounding of 16 bits."""

import numpy as np
import pytest

import tricera

X = np.random.default_rng(0).normal(size=(44, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 44)


def run(k, policy):
    k.utils.set_random_seed(1)
    k.mixed_precision.set_dtype_policy(policy)
    try:
        model = k.Sequential(
            [
                k.layers.Input((6,)),
                k.layers.Dense(8, activation="relu"),
                k.layers.Dropout(0.2),
                k.layers.BatchNormalization(),
                k.layers.Dense(3, activation="softmax"),
            ]
        )
    finally:
        k.mixed_precision.set_dtype_policy("float32")
    model.compile(k.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, epochs=3, batch_size=16, verbose=0, validation_split=0.25).history
    return model, history


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_fits_in_mixed_precision(keras, policy):
    (ours, our_history), (theirs, their_history) = run(tricera, policy), run(keras, policy)
    assert list(our_history) == list(their_history)
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(our_history[name], their_history[name], rtol=1e-2)
    for of in (lambda m: m.get_weights(), lambda m: [v.numpy() for v in m.optimizer.variables]):
        assert [w.dtype for w in of(ours)] == [w.dtype for w in of(theirs)]
    assert type(ours.optimizer).__name__ == type(theirs.optimizer).__name__
    assert ours.predict(X, verbose=0).dtype == theirs.predict(X, verbose=0).dtype
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations.value)  # without steps that overflowed


def test_a_step_that_overflows_halves_the_scale_and_changes_nothing_else():
    model, _ = run(tricera, "mixed_float16")
    weights, scale = model.get_weights(), float(model.optimizer.dynamic_scale)
    model.train_on_batch(X[:16], Y[:16], sample_weight=np.full(16, 1e30, "float32"))
    assert float(model.optimizer.dynamic_scale) == scale / 2
    for variable, a, b in zip(model.weights, weights, model.get_weights(), strict=True):
        if variable.trainable:
            np.testing.assert_array_equal(a, b)


def test_scaling_of_the_loss_can_be_refused():
    model, _ = run(tricera, "mixed_float16")
    model.compile("adam", "sparse_categorical_crossentropy", auto_scale_loss=False)
    assert type(model.optimizer) is tricera.optimizers.Adam
