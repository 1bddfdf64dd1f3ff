"""Whole runs give real Keras' numbers: same seed, same orders, same dropout, same updates."""

import numpy as np
import pytest

import tricera


def classifier(k, *, seed=7, optimizer="adam", metrics=("accuracy",), name=None):
    k.utils.set_random_seed(seed)
    model = k.Sequential(
        [
            k.layers.Input((8,)),
            k.layers.Dense(16, activation="relu"),
            k.layers.Dropout(0.3),
            k.layers.BatchNormalization(),
            k.layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )
    model.compile(optimizer, "categorical_crossentropy", metrics=list(metrics))
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 8)), np.eye(3)[rng.integers(0, 3, 60)]


def same_history(ours, theirs, rtol=1e-5):
    assert list(ours) == list(theirs)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=rtol, atol=1e-6, err_msg=name)


def both(keras, run):
    return run(tricera), run(keras)


@pytest.mark.parametrize(
    "arguments",
    [
        {"validation_split": 0.2, "class_weight": {0: 1.0, 1: 2.0}},
        {"sample_weight": np.linspace(0, 1, 60), "shuffle": False},
        {"validation_split": 0.25, "validation_freq": 2, "validation_batch_size": 4},
        {"initial_epoch": 1, "shuffle": "batch"},
    ],
    ids=["split-class-weight", "sample-weight", "validation-freq", "shuffle-batch"],
)
def test_fit_gives_keras_history_and_weights(keras, data, arguments):
    x, y = data

    def run(k):
        model = classifier(k)
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, **arguments)
        return history.history, model.get_weights(), model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)

    ours, theirs = both(keras, run)
    same_history(ours[0], theirs[0])
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-5)
    np.testing.assert_allclose(ours[3], theirs[3], rtol=1e-4, atol=1e-6)


def two_heads(k):
    k.utils.set_random_seed(3)
    first, second = k.Input((4,), name="first"), k.Input((2,), name="second")
    shared = k.layers.Dense(5, activation="tanh", name="shared")
    joined = k.layers.Concatenate()([shared(first), shared(k.layers.Dense(4)(second))])
    return k.Model([first, second], [k.layers.Dense(1, name="a")(joined), k.layers.Dense(2, name="b")(joined)])


@pytest.mark.parametrize(
    "compiled",
    [
        {"loss": ["mse", "mae"], "metrics": [["mae"], ["mse"]]},
        {"loss": {"a": "mse", "b": "mae"}, "loss_weights": {"a": 0.5, "b": 2.0}, "metrics": {"b": ["mse"]}},
        {"loss": "mse", "weighted_metrics": [["mae"], ["mae"]]},
    ],
    ids=["lists", "dicts", "one-loss"],
)
def test_several_inputs_and_outputs(keras, compiled):
    rng = np.random.default_rng(1)
    x = [rng.normal(size=(20, 4)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")]
    y = [rng.normal(size=(20, 1)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")]

    def run(k):
        model = two_heads(k)
        model.compile("sgd", **compiled)
        if isinstance(compiled["loss"], dict):
            history = model.fit(
                {"first": x[0], "second": x[1]}, {"a": y[0], "b": y[1]}, epochs=2, batch_size=8, verbose=0
            )
        else:
            history = model.fit(x, y, epochs=2, batch_size=8, verbose=0)
        targets = {"a": y[0], "b": y[1]} if isinstance(compiled["loss"], dict) else y
        return history.history, model.evaluate(x, targets, verbose=0), model.predict(x, verbose=0)

    ours, theirs = both(keras, run)
    same_history(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5)
    for a, b in zip(ours[2], theirs[2], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_single_batches(keras, data):
    x, y = data

    def run(k):
        model = classifier(k)
        return [
            *model.train_on_batch(x[:8], y[:8]),
            *model.train_on_batch(x[8:16], y[8:16], class_weight={0: 3.0}),
            *model.test_on_batch(x[:8], y[:8]),
            float(np.sum(model.predict_on_batch(x[:8])[:, 0])),
        ]

    ours, theirs = both(keras, run)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_train_step_in_the_jax_form_of_keras_runs_in_compiled_epochs(keras, data):
    import jax

    x, y = data

    def build(k):
        class Custom(k.Model):
            def __init__(self):
                super().__init__()
                self.dense = k.layers.Dense(3)
                self.seen = k.metrics.Mean(name="seen")

            def call(self, inputs):
                return self.dense(inputs)

            def loss_and_updates(self, trainable, others, inputs, targets):
                outputs, others = self.stateless_call(trainable, others, inputs)
                return self.compute_loss(inputs, targets, outputs), (outputs, others)

            def train_step(self, state, batch):
                trainable, others, optimizer, metrics = state
                inputs, targets = batch[:2]
                gradient = jax.value_and_grad(self.loss_and_updates, has_aux=True)
                (loss, (_, others)), gradients = gradient(trainable, others, inputs, targets)
                trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
                logs, updated = {}, []
                for metric in self.metrics:
                    mine = metrics[len(updated) : len(updated) + len(metric.variables)]
                    mine = metric.stateless_update_state(mine, loss)
                    logs[metric.name] = metric.stateless_result(mine)
                    updated += mine
                return logs, (trainable, others, optimizer, updated)

        k.utils.set_random_seed(5)
        model = Custom()
        model.compile("sgd", "mse")
        return model.fit(x, y, batch_size=20, epochs=2, verbose=0).history

    ours, theirs = both(keras, build)
    same_history(ours, theirs)


def test_the_loss_of_an_output_may_be_a_list_and_weighted_metrics_are_named_after_their_output(keras):
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")

    def names(module):
        inputs = module.Input((2,))
        outputs = {name: module.layers.Dense(1, name=name)(inputs) for name in ("a", "b")}
        model = module.Model(inputs, outputs)
        model.compile("sgd", {"a": "mse", "b": ["mse"]}, metrics={"a": ["mae"]}, weighted_metrics={"a": ["mae"]})
        return sorted(model.fit(x, {"a": y, "b": y}, verbose=0).history)

    assert names(tricera) == names(keras)


@pytest.mark.parametrize(
    ("units", "activation", "y"),
    [
        (1, "sigmoid", np.array([0.0, 1, 1, 0])),
        (1, "sigmoid", np.array([[0.0], [1], [1], [0]])),
        (3, "softmax", np.array([0, 1, 2, 1])),
        (3, "softmax", np.eye(3)[[0, 1, 2, 1]]),
    ],
)
def test_the_crossentropy_is_the_one_that_fits_the_targets(keras, capsys, units, activation, y):
    x, losses = np.arange(8.0).reshape(4, 2) / 8, []
    for module in (tricera, keras):
        dense = module.layers.Dense(units, activation, kernel_initializer="ones")
        model = module.Sequential([module.Input((2,)), dense])
        model.compile(module.optimizers.SGD(0.5), "crossentropy")
        losses.append(model.fit(x, y, epochs=2, batch_size=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
    assert "targets" not in capsys.readouterr().err
