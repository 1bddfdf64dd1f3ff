"""Callbacks in whole runs: what they are told, and what they may do, as in Keras."""

import numpy as np
import pytest

import tricera
from tricera.callbacks.callback import HOOKS

X = np.random.default_rng(0).normal(size=(44, 6)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 44)


def build(k, **compiled):
    k.utils.set_random_seed(1)
    model = k.Sequential(
        [
            k.layers.Input((6,)),
            k.layers.Dense(8, activation="relu"),
            k.layers.Dropout(0.2),
            k.layers.BatchNormalization(),
            k.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(**{"optimizer": k.optimizers.SGD(0.5), "loss": "sparse_categorical_crossentropy", **compiled})
    return model


def same(ours, theirs):
    """Equal up to rounding, at any depth."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), (ours, theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif isinstance(theirs, str) or theirs is None:
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def recorder(k, log):
    """A callback that writes each call of a hook, and its logs, into `log`."""

    def hook(name):
        def record(self, *args, logs=None):
            *args, logs = args if args and not isinstance(args[-1], int) else (*args, logs)
            known = {n: v if np.ndim(v) == 0 else np.shape(v) for n, v in (logs or {}).items()}
            log.append((name, *args, known))

        return record

    return type("Recorder", (k.callbacks.Callback,), {name: hook(name) for name in HOOKS[2:]})()


def test_every_hook_is_called_when_and_with_what_keras_does(keras):
    def run(k):
        log = []
        model, watch = build(k, metrics=["accuracy"]), [recorder(k, log)]
        model.fit(X, Y, batch_size=16, epochs=2, validation_split=0.25, verbose=0, callbacks=watch)
        model.evaluate(X, Y, batch_size=16, verbose=0, callbacks=watch)
        model.predict(X, batch_size=16, verbose=0, callbacks=watch)
        return log

    same(run(tricera), run(keras))


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1, "restore_best_weights": True},
        {"patience": 0, "start_from_epoch": 3},
        {"patience": 1, "baseline": 0.5},
        {"patience": 1, "monitor": "val_accuracy", "min_delta": 0.01, "restore_best_weights": True},
    ],
    ids=["best", "start", "baseline", "accuracy"],
)
def test_early_stopping(keras, options):
    def run(k):
        model, stop = build(k, metrics=["accuracy"]), k.callbacks.EarlyStopping(**options)
        history = model.fit(X, Y, batch_size=16, epochs=8, validation_split=0.25, verbose=0, callbacks=[stop])
        return history.history, stop.stopped_epoch, stop.best_epoch, model.get_weights()

    same(run(tricera), run(keras))


RATES = {
    "plateau": lambda k: (0.5, k.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=0.1, min_lr=1e-3)),
    "scheduler": lambda k: (0.5, k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)),
    "decay": lambda k: (k.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), None),
    "warm-up": lambda k: (k.optimizers.schedules.CosineDecay(0.1, 10, warmup_steps=3, warmup_target=0.2), None),
}


@pytest.mark.parametrize("way", RATES)
def test_learning_rates(keras, way):
    def run(k):
        rate, callback = RATES[way](k)
        model = build(k, optimizer=k.optimizers.SGD(rate, momentum=0.9))
        callbacks = [callback] if callback is not None else []
        history = model.fit(X, Y, batch_size=16, epochs=4, validation_split=0.25, verbose=0, callbacks=callbacks)
        return history.history, float(np.asarray(model.optimizer.learning_rate))

    same(run(tricera), run(keras))


def test_callbacks_read_and_set_weights_and_stop_inside_an_epoch(keras):
    def run(k):
        seen = []

        class Meddler(k.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                weights = self.model.get_weights()
                seen.append([float(weights[0].sum()), int(np.asarray(self.model.optimizer.iterations))])
                if batch == 2:  # the last one of the epoch
                    self.model.set_weights([w * 0.5 for w in weights])

            def on_epoch_end(self, epoch, logs=None):
                seen.append(self.model.evaluate(X, Y, verbose=0))
                seen.append(self.model.predict(X, verbose=0))
                self.model.set_weights([w * 0.9 for w in self.model.get_weights()])
                logs["mine"] = 3.0

            def on_train_batch_begin(self, batch, logs=None):
                if len(seen) > 8 and batch == 1:
                    self.model.optimizer.learning_rate = 0.01
                    self.model.stop_training = True

        model = build(k)
        history = model.fit(X, Y, batch_size=16, epochs=9, verbose=0, callbacks=[Meddler()])
        return history.history, seen, model.get_weights()

    same(run(tricera), run(keras))


def test_what_is_set_at_the_last_hook_of_a_run_stays():
    class Zero(tricera.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])
            self.model.stop_training = True

    model = build(tricera)
    model.fit(X, Y, verbose=0, callbacks=[Zero()])
    assert not any(weight.any() for weight in model.get_weights())


def test_evaluation_and_prediction_can_be_stopped():
    class Stop(tricera.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            self.model.stop_evaluating = True

        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = True

    model = build(tricera)
    assert model.predict(X, batch_size=8, verbose=0, callbacks=[Stop()]).shape == (8, 3)
    stopped = model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[Stop()])
    assert stopped == pytest.approx(model.evaluate(X[:8], Y[:8], verbose=0))


def test_a_loss_that_is_not_finite_ends_a_compiled_epoch(capsys):
    model = build(tricera, loss="mse", optimizer=tricera.optimizers.SGD(1e30))
    history = model.fit(X, np.ones((44, 3)) * 1e10, epochs=3, verbose=0, callbacks=[tricera.callbacks.TerminateOnNaN()])
    assert model.train_plan.startswith("Many steps in one program")
    assert history.epoch == [0]
    assert capsys.readouterr().out == "Batch 1: Invalid loss, terminating training\n"


def test_checkpoints_and_tables(tmp_path):
    model = build(tricera, metrics=["accuracy"])
    callbacks = tricera.callbacks
    history = model.fit(
        X,
        Y,
        epochs=3,
        validation_split=0.25,
        verbose=0,
        callbacks=[
            callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
            callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", save_best_only=True, save_weights_only=True),
            callbacks.ModelCheckpoint(tmp_path / "step{batch}.weights.h5", save_weights_only=True, save_freq=2),
            callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    ).history
    last = tricera.saving.load_model(tmp_path / "3.keras")
    np.testing.assert_allclose(last.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    best = tricera.saving.load_model(tmp_path / f"{int(np.argmin(history['val_loss'])) + 1}.keras")
    model.load_weights(tmp_path / "best.weights.h5")
    for a, b in zip(best.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (tmp_path / "step2.weights.h5").exists()
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert rows[0] == "epoch,accuracy,loss,val_accuracy,val_loss"
    assert float(rows[3].split(",")[2]) == pytest.approx(history["loss"][2])


@pytest.mark.parametrize(
    "arguments",
    [
        {"epochs": 3, "steps_per_epoch": 2, "batch_size": 20},
        {"epochs": 2, "steps_per_epoch": 5},
        {"epochs": 2, "validation_split": 0.5, "validation_steps": 3},
        {"epochs": 4, "initial_epoch": 2, "validation_split": 0.25, "validation_freq": [4]},
        {"epochs": 1, "batch_size": 1000},
    ],
    ids=["short-epochs", "size-of-steps", "validation-steps", "validation-list", "one-batch"],
)
def test_epochs_of_a_number_of_steps(keras, arguments):
    def run(k):
        model = build(k)
        history = model.fit(X, Y, verbose=0, **arguments).history
        return history, int(np.asarray(model.optimizer.iterations)), model.evaluate(X, Y, steps=3, verbose=0)

    same(run(tricera), run(keras))


def test_metrics_are_called_in_logs_what_compile_called_them(keras):
    def run(k):
        metrics = ["acc", "accuracy", "sparse_categorical_accuracy", "SparseTopKCategoricalAccuracy"]
        metrics += [k.metrics.SparseCategoricalAccuracy(), lambda y, p: p[:, 0]]
        model = build(k, metrics=metrics)
        return model.fit(X, Y, verbose=0).history

    same(run(tricera), run(keras))


def test_results_of_many_outputs_stand_in_keras_order(keras):
    def run(k, losses):
        k.utils.set_random_seed(2)
        inputs = k.Input((6,))
        outputs = [k.layers.Dense(3, activation="softmax", name="a")(inputs), k.layers.Dense(1, name="b")(inputs)]
        model = k.Model(inputs, outputs)
        model.compile("sgd", losses, metrics=[["accuracy"], ["mse", "mae"]])
        history = model.fit(X, [Y, X[:, :1]], verbose=0).history
        return history, model.evaluate(X, [Y, X[:, :1]], verbose=0), model.train_on_batch(X, [Y, X[:, :1]])

    for losses in (["sparse_categorical_crossentropy", "mse"], ["sparse_categorical_crossentropy", None]):
        same(run(tricera, losses), run(keras, losses))


class Counting(tricera.Model):
    """Counts the batches that its callback sees, in weights."""

    def __init__(self):
        super().__init__()
        self.seen = {what: self.add_weight(shape=(), initializer="zeros", name=what) for what in ("test", "predict")}
        self.dense = tricera.layers.Dense(1)

    def call(self, x):
        return self.dense(x)


class Counter(tricera.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.told = []

    def on_train_batch_begin(self, batch, logs=None):
        self.told.append(("begin", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(("end", batch))

    def on_test_batch_begin(self, batch, logs=None):
        self.told.append(("test", batch))

    def on_test_batch_end(self, batch, logs=None):
        self.model.seen["test"].assign_add(1)

    def on_predict_batch_begin(self, batch, logs=None):
        self.told.append(("predict", batch))

    def on_predict_batch_end(self, batch, logs=None):
        self.model.seen["predict"].assign_add(1)
        self.told.append(("outputs", len(logs["outputs"])))
        assert logs["outputs"].ndim == 2


@pytest.mark.parametrize("eager", [False, True])
def test_callbacks_set_variables_between_batches_of_tests_and_predictions(eager):
    model = Counting()
    model.compile("sgd", "mse", run_eagerly=eager)
    x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
    counter = Counter()
    model.fit(x, y, batch_size=2, epochs=2, validation_data=(x[:6], y[:6]), callbacks=[counter], verbose=0)
    assert float(model.seen["test"]) == 6
    model.evaluate(x, y, batch_size=4, callbacks=[counter], verbose=0)
    assert float(model.seen["test"]) == 8
    model.predict(x, batch_size=2, callbacks=[counter], verbose=0)
    assert float(model.seen["predict"]) == 4
    model.predict(x[:1], callbacks=[counter], verbose=0)  # of one number, too


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("arrays", [False, True])
def test_callbacks_see_the_ends_of_executions(arrays, eager):
    """Five batches, two in an execution; the last holds one."""
    x, y = np.ones((10, 3), "float32"), np.ones((10, 1), "float32")
    model = Counting()
    model.compile("sgd", "mse", run_eagerly=eager, steps_per_execution=2)
    counter = Counter()
    data = (x, y, 2) if arrays else (zip(x.reshape(5, 2, 3), y.reshape(5, 2, 1), strict=True),)
    model.fit(*data, steps_per_epoch=5, callbacks=[counter], verbose=0)
    assert counter.told == [("begin", 0), ("end", 1), ("begin", 2), ("end", 3), ("begin", 4), ("end", 4)]
    counter.told.clear()
    model.evaluate(x, y, batch_size=2, callbacks=[counter], verbose=0)
    assert counter.told == [("test", 0), ("test", 2), ("test", 4)]
    counter.told.clear()
    out = model.predict(x, batch_size=2, callbacks=[counter], verbose=0)
    assert counter.told == [
        ("predict", 0), ("outputs", 4), ("predict", 2), ("outputs", 4), ("predict", 4), ("outputs", 2),
    ]  # fmt: skip
    assert out.shape == (10, 1)
