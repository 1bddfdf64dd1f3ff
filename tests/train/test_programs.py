"""What is compiled, how often, and that every way to run a step gives the same weights."""

import gc
import weakref
from collections import Counter

import numpy as np
import pytest
from jax._src import array
from jax._src.interpreters import pxla

import tricera
from tricera import callbacks, layers, losses
from tricera.train import programs


def build(units=8, loss="mse", **compiled):
    model = tricera.Sequential([layers.Dense(units, activation="relu", input_shape=(5,)), layers.Dense(1)])
    model.compile("rmsprop", loss, **compiled)
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(22, 5)).astype("float32"), rng.normal(size=(22, 1)).astype("float32")


@pytest.fixture(autouse=True)
def fresh():
    programs.forget()
    programs.traces.clear()


def test_one_fit_traces_one_loop_and_one_smaller_batch(data):
    build().fit(*data, batch_size=4, epochs=5, verbose=0)
    assert programs.traces == {"train_many": 1, "train_at": 1}


def test_a_model_of_equal_structure_compiles_nothing(data):
    for fold in range(4):
        tricera.utils.set_random_seed(fold)
        model = build(metrics=["mae"])
        model.fit(*data, batch_size=4, epochs=2, verbose=0, validation_data=data)
        model.evaluate(*data, batch_size=4, verbose=0)
        model.predict(data[0], batch_size=22, verbose=0)
        if fold == 0:
            first = dict(programs.traces)
    assert programs.traces == first


@pytest.mark.parametrize(
    "change",
    [
        lambda: build(units=9),
        lambda: build(loss="mae"),
        lambda: build(loss=losses.Huber(delta=2.0)),
        lambda: build(metrics=["mae"]),
        lambda: build(loss=lambda y, p: (y - p) ** 2),
    ],
    ids=["units", "loss", "loss-object", "metrics", "own-loss"],
)
def test_another_structure_is_another_program(data, change):
    build().fit(*data, batch_size=11, verbose=0)
    before = programs.traces["train_many"]
    change().fit(*data, batch_size=11, verbose=0)
    assert programs.traces["train_many"] == before + 1


@pytest.mark.parametrize(
    "layer",
    [
        lambda other: layers.Reshape((5, 1) if other else (1, 5)),
        lambda other: layers.Dense(3, use_bias=other),
        lambda other: layers.Activation("relu" if other else "tanh"),
        lambda other: layers.Dropout(0.25 if other else 0.5),
        lambda other: layers.LeakyReLU(negative_slope=0.1 if other else 0.3),
        lambda other: layers.Lambda(lambda x: x + other),
    ],
)
def test_no_two_layers_share_a_program_by_mistake(layer, data):
    x, _ = data
    for other in (False, True):
        tricera.utils.set_random_seed(0)
        model = tricera.Sequential([layers.Input((5,)), layer(other)])
        np.testing.assert_allclose(model.predict(x, verbose=0), np.asarray(model(x)), rtol=1e-6)


def test_freezing_a_layer_is_another_program(data):
    model = build()
    model.fit(*data, batch_size=11, verbose=0)
    frozen = build()
    frozen.layers[0].trainable = False
    before = frozen.layers[0].get_weights()
    frozen.fit(*data, batch_size=11, verbose=0)
    assert programs.traces["train_many"] == 2
    np.testing.assert_array_equal(before[0], frozen.layers[0].get_weights()[0])


def test_freezing_one_of_two_equal_layers_inside_a_layer_counts(data):
    x = np.ones((4, 3, 5), "float32")
    y = np.ones((4, 3, 4), "float32")
    for side in ("forward_layer", "backward_layer"):
        model = tricera.Sequential([layers.Input((3, 5)), layers.Bidirectional(layers.LSTM(2, return_sequences=True))])
        model.compile("sgd", "mse")
        frozen = getattr(model.layers[0], side)
        frozen.trainable = False
        before = frozen.get_weights()
        model.fit(x, y, verbose=0)
        for a, b in zip(before, frozen.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert programs.traces["train_many"] == (1 if side == "forward_layer" else 2)


def test_an_attribute_set_after_construction_counts(data):
    model = build()
    first = model.predict(data[0], verbose=0)
    model.layers[0].activation = tricera.activations.tanh
    assert not np.allclose(first, model.predict(data[0], verbose=0))


class Watcher(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


def stream(x, y):
    while True:
        for start in range(0, len(x), 4):
            yield x[start : start + 4], y[start : start + 4]


WAYS = {
    "epochs": lambda model, x, y: model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0),
    "steps": lambda model, x, y: model.fit(
        x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, callbacks=[Watcher()]
    ),
    "stream": lambda model, x, y: model.fit(stream(x, y), steps_per_epoch=6, epochs=3, verbose=0),
    "batches": lambda model, x, y: [
        model.train_on_batch(x[i : i + 4], y[i : i + 4]) for _ in range(3) for i in range(0, 22, 4)
    ],
}


@pytest.mark.parametrize("eager", [False, True])
def test_every_way_to_run_the_steps_gives_the_same_weights(data, eager):
    found = {}
    for way, run in WAYS.items():
        tricera.utils.set_random_seed(1)
        model = tricera.Sequential(
            [layers.Input((5,)), layers.Dense(4), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(1)]
        )
        model.compile("adam", "mse", run_eagerly=eager and way != "batches")
        run(model, *data)
        found[way] = [*model.get_weights(), *[v.numpy() for v in model.optimizer.variables]]
    for way, weights in found.items():
        for a, b in zip(weights, found["epochs"], strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6, err_msg=way)


def test_the_plan_says_how_and_why(data):
    model = build()
    assert model.train_plan == "Not trained yet."
    model.fit(*data, batch_size=4, verbose=0)
    assert model.train_plan == "Many steps in one program, data on the device: 528 B of data, 6 steps of 4."
    model.fit(*data, batch_size=4, verbose=0, callbacks=[Watcher()])
    assert model.train_plan == (
        "One program a step, data on the device: 528 B of data, 6 steps of 4, a callback sees every batch."
    )
    model.fit(stream(*data), steps_per_epoch=2, verbose=0)
    assert model.train_plan == (
        "One program a step, batches sent by the host: the data come from a generator or a data set."
    )
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(*data, verbose=0)
    assert model.train_plan == "No program, each operation by itself: `run_eagerly=True`."


def test_a_model_is_freed_though_its_programs_stay(data):
    model = build()
    model.fit(*data, batch_size=11, verbose=0)
    model.predict(data[0], verbose=0)
    watch = weakref.ref(model)
    del model
    gc.collect()
    assert watch() is None
    assert programs._programs


def test_values_that_somebody_holds_survive_training(data):
    model = build()
    kernel = model.layers[0].kernel.value
    before = np.array(kernel)
    model.fit(*data, batch_size=4, verbose=0)
    np.testing.assert_array_equal(np.asarray(kernel), before)


def test_a_callback_sets_the_learning_rate_without_compiling(data):
    class Slower(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0

    model = build()
    model.fit(*data, batch_size=11, verbose=0)
    before = model.get_weights()
    model.fit(*data, batch_size=11, epochs=2, verbose=0, callbacks=[Slower()])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert programs.traces["train_many"] == 1


@pytest.fixture
def copies(monkeypatch):
    """The arrays that programs are given by the host and that the host reads: `("to device" or "to host", bytes)`."""
    seen = []
    put, value = pxla.batched_device_put, array.ArrayImpl._value

    def counted_put(aval, sharding, xs, *args, **kwargs):
        seen.extend(("to device", x.nbytes) for x in xs if isinstance(x, np.ndarray | np.generic))
        return put(aval, sharding, xs, *args, **kwargs)

    def counted_value(self):
        if self._npy_value is None:
            seen.append(("to host", self.nbytes))
        return value.fget(self)

    monkeypatch.setattr(pxla, "batched_device_put", counted_put)
    monkeypatch.setattr(array.ArrayImpl, "_value", property(counted_value))
    return seen


def test_data_are_copied_once_and_each_epoch_reads_its_logs(data, copies):
    x, y = data
    model = build(metrics=["mae"])
    model.fit(x, y, batch_size=11, verbose=0, validation_data=(x, y))
    counts = {}
    for epochs in (2, 6):
        copies.clear()
        model.fit(x, y, batch_size=11, epochs=epochs, verbose=0, validation_data=(x, y))
        counts[epochs] = Counter(copies)
    for epochs, count in counts.items():
        assert count["to device", x.nbytes] == count["to device", y.nbytes] == 2, "for training, for validation"
        assert count["to host", 4] == 4 * epochs, "loss and mae, of training and of validation"
        assert {size for way, size in count if way == "to host"} == {4}
    scalars = [count["to device", 4] for count in counts.values()]
    assert scalars[0] == scalars[1], "where a chunk of steps begins and ends is copied once"


def test_losses_added_by_hand_have_programs_of_their_own():
    def made(factor):
        model = tricera.Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
        model.add_loss(lambda: factor * model.layers[0].kernel.value.sum())
        model.compile("sgd", "mse")
        return model.evaluate(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)

    assert (made(1.0), made(2.0)) == (2.0, 4.0)
