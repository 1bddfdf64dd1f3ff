import numpy as np
import pytest

import tricera
from tricera import layers, optimizers
from tricera.callbacks import LambdaCallback, ModelCheckpoint, SwapEMAWeights

X = np.arange(12, dtype="float32").reshape(6, 2) / 10
Y = 2 * X.sum(1, keepdims=True)


def build(library, **options):
    model = library.Sequential([library.layers.Input((2,)), library.layers.Dense(1, kernel_initializer="ones")])
    model.compile(library.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8, **options), "mse")
    return model


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validation_and_the_end_are_those_of_keras(keras, swap_on_epoch):
    runs = []
    for library in (tricera, keras):
        model = build(library)
        swap = library.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch)
        history = model.fit(X, Y, 2, 3, verbose=0, shuffle=False, validation_data=(X, Y), callbacks=[swap])
        runs.append((history.history["val_loss"], *model.get_weights(), model.predict(X, verbose=0)))
    for ours, theirs in zip(*runs, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_checkpoint_after_it_has_the_averages_and_training_goes_on_with_the_weights(tmp_path):
    at_end, at_begin = [], []
    watch = LambdaCallback(on_train_batch_begin=lambda batch, logs: at_begin.append(model.get_weights()[0].copy()))
    last = LambdaCallback(on_train_batch_end=lambda batch, logs: at_end.append(model.get_weights()[0].copy()))
    model = build(tricera)
    path = tmp_path / "{epoch}.keras"
    callbacks = [SwapEMAWeights(swap_on_epoch=True), ModelCheckpoint(path), watch, last]
    model.fit(X, Y, epochs=2, verbose=0, callbacks=callbacks)
    np.testing.assert_array_equal(at_begin[1], at_end[0])
    saved = tricera.models.load_model(tmp_path / "2.keras")
    np.testing.assert_array_equal(saved.get_weights()[0], model.get_weights()[0])
    assert not np.array_equal(model.get_weights()[0], at_end[1])


def test_a_scaled_optimizer_keeps_its_averages_inside():
    model = build(tricera)
    inner = optimizers.SGD(0.1, use_ema=True)
    model.compile(optimizers.LossScaleOptimizer(inner), "mse")
    history = model.fit(X, Y, verbose=0, epochs=2, validation_data=(X, Y), callbacks=[SwapEMAWeights()])
    assert history.history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0))


def test_message():
    model = tricera.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError) as error:
        model.fit(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
    assert str(error.value) == (
        "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer.\n"
        "  got:      SGD, which keeps no averages\n"
        '  fix:      `optimizer=keras.optimizers.Adam(use_ema=True)`, for "adam".'
    )
