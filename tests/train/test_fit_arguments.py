"""Every argument of `fit`, against real Keras: the same histories from the same weights, data and order."""

import numpy as np
import pandas
import pytest

import tricera as ours

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)).astype("float32"), RNG.normal(size=(20, 1)).astype("float32")
CLASSES = (X.sum(1) > 0).astype("int64")
WEIGHTS = RNG.random(20)


class Batches:
    """What makes a `PyDataset` of either library."""

    def __init__(self, keras):
        class Data(keras.utils.PyDataset):
            def __len__(self):
                return 4

            def __getitem__(self, i):
                return X[5 * i : 5 * i + 5], Y[5 * i : 5 * i + 5]

        self.data = Data(workers=1, use_multiprocessing=False, max_queue_size=3)


def endless():
    while True:
        for i in range(0, 20, 5):
            yield X[i : i + 5], Y[i : i + 5]


class Rate:
    """A callback of either library that changes the learning rate in the middle of an epoch."""

    def __init__(self, keras):
        class Halve(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                self.model.optimizer.learning_rate = 0.05 / (batch + 1)

        self.callback = Halve()


# From the library to the arguments of `fit`; two epochs unless they say otherwise.
CASES = {
    "arrays": lambda keras: {"x": X, "y": Y},
    "batch size, and a smaller last batch": lambda keras: {"x": X, "y": Y, "batch_size": 6},
    "float64": lambda keras: {"x": X.astype("float64"), "y": Y.astype("float64")},
    "integers": lambda keras: {"x": (4 * X).astype("int16"), "y": Y.astype("int8")},
    "lists": lambda keras: {"x": [X], "y": [Y]},
    "pandas": lambda keras: {"x": pandas.DataFrame(X), "y": pandas.Series(Y[:, 0])},
    "in order": lambda keras: {"x": X, "y": Y, "shuffle": False, "batch_size": 4},
    "shuffled within batches": lambda keras: {"x": X, "y": Y, "shuffle": "batch", "batch_size": 4},
    "split": lambda keras: {"x": X, "y": Y, "validation_split": 0.25, "batch_size": 4},
    "validation data": lambda keras: {"x": X, "y": Y, "validation_data": (X[:7], Y[:7]), "validation_batch_size": 3},
    "validation data, a list": lambda keras: {"x": X, "y": Y, "validation_data": [X[:7], Y[:7]]},
    "weighted validation": lambda keras: {"x": X, "y": Y, "validation_data": (X[:7], Y[:7], WEIGHTS[:7])},
    "validation steps": lambda keras: {
        "x": X,
        "y": Y,
        "validation_data": (X, Y),
        "validation_batch_size": 4,
        "validation_steps": 2,
    },
    "validation every second epoch": lambda keras: {
        "x": X,
        "y": Y,
        "validation_data": (X, Y),
        "validation_freq": 2,
        "epochs": 5,
    },
    "validation after listed epochs": lambda keras: {
        "x": X,
        "y": Y,
        "validation_data": (X, Y),
        "validation_freq": [1, 3],
        "epochs": 4,
    },
    "sample weights": lambda keras: {"x": X, "y": Y, "sample_weight": WEIGHTS, "batch_size": 8},
    "class weights": lambda keras: {"x": X, "y": CLASSES, "class_weight": {0: 1.0, 1: 3.0}},
    "a later epoch first": lambda keras: {"x": X, "y": Y, "initial_epoch": 3, "epochs": 5},
    "steps of an epoch": lambda keras: {"x": X, "y": Y, "batch_size": 4, "steps_per_epoch": 3},
    "generator": lambda keras: {"x": endless(), "steps_per_epoch": 3},
    "dataset": lambda keras: {"x": Batches(keras).data, "shuffle": False},
    "dataset for validation": lambda keras: {"x": X, "y": Y, "validation_data": Batches(keras).data},
    "a part of a dataset for validation": lambda keras: {
        "x": X,
        "y": Y,
        "validation_data": Batches(keras).data,
        "validation_steps": 2,
    },
    "callbacks": lambda keras: {"x": X, "y": Y, "callbacks": [Rate(keras).callback], "batch_size": 4},
    "verbose": lambda keras: {"x": X, "y": Y, "verbose": 2},
}


def train(keras, arguments, **compiled):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"], **compiled)
    np.random.seed(7)  # noqa: NPY002
    history = model.fit(**{"epochs": 2, "verbose": 0, **arguments(keras)})
    return history, model.get_weights()


@pytest.mark.parametrize("case", CASES)
def test_histories_and_weights_are_those_of_keras(case, keras):
    (history, weights), (expected, right) = train(ours, CASES[case]), train(keras, CASES[case])
    assert history.epoch == expected.epoch
    assert list(history.history) == list(expected.history)
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-4, err_msg=name)
    for a, b in zip(weights, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("compiled", [{"run_eagerly": True}, {"steps_per_execution": 2}], ids=str)
def test_how_steps_are_run_changes_no_number(compiled):
    (history, weights), (expected, right) = train(ours, CASES["split"], **compiled), train(ours, CASES["split"])
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-5)
    for a, b in zip(weights, right, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_generator_goes_on_from_validation_to_validation():
    seen = []
    stream = ((seen.append(i), (X[5 * i : 5 * i + 5], Y[5 * i : 5 * i + 5]))[1] for i in range(4))
    train(ours, lambda keras: {"x": X, "y": Y, "validation_data": stream, "validation_steps": 2})
    assert seen == [0, 1, 2, 3]
