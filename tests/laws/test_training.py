"""Laws of training, for a table of models: what a step changes, and that an epoch's program is its steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tricera
from tricera import Sequential, callbacks, layers, models, ops


@dataclass(frozen=True)
class Case:
    """A model, the data that it learns from, and its loss."""

    make: Callable[[], Any]
    x: Any
    y: Any
    loss: Any = "mse"
    tolerance: float = 2e-5


def mlp():
    return Sequential(
        [
            tricera.Input((4,)),
            layers.Dense(3, "tanh"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(2),
        ]
    )


def cnn():
    return Sequential([tricera.Input((5, 5, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten(), _top()])


def recurrent():
    return Sequential([tricera.Input((3, 2)), layers.LSTM(3), _top()])


def masked():
    return Sequential([tricera.Input((3,)), layers.Embedding(4, 3, mask_zero=True), layers.GRU(2), _top()])


def branched():
    a, b = tricera.Input((4,), name="a"), tricera.Input((4,), name="b")
    shared = layers.Dense(3, "tanh")
    joined = ops.concatenate([shared(a), shared(b) * 2.0], axis=-1)
    return models.Model({"a": a, "b": b}, {"one": layers.Dense(2, name="one")(joined), "two": _top("two")(joined)})


def half():
    dense = {"dtype": "mixed_bfloat16"}
    return Sequential([tricera.Input((4,)), layers.Dense(3, "tanh", **dense), layers.Dense(2, dtype="float32")])


class Net(models.Model):
    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(3, "tanh"), layers.Dense(2)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        self.add_loss(0.01 * ops.sum(x**2))
        return x


def _top(name=None):
    return layers.Dense(2, name=name)


RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(10, 4)).astype("float32"), RANDOM.normal(size=(10, 2)).astype("float32")
IDS = np.array([[1, 2, 0], [3, 0, 0], [1, 1, 2], [2, 3, 1], [3, 2, 0]] * 2)
CASES = {
    "mlp": Case(mlp, X, Y),
    "cnn": Case(cnn, RANDOM.normal(size=(10, 5, 5, 1)).astype("float32"), Y),
    "recurrent": Case(recurrent, RANDOM.normal(size=(10, 3, 2)).astype("float32"), Y),
    "masked": Case(masked, IDS, Y),
    "branched": Case(branched, {"a": X, "b": X[::-1]}, {"one": Y, "two": -Y}, {"one": "mse", "two": "mae"}),
    "half": Case(half, X, Y, tolerance=2e-3),
    "subclass": Case(Net, X, Y),
}


def compiled(case):
    tricera.utils.set_random_seed(1)
    model = case.make()
    model.compile(tricera.optimizers.SGD(0.1, momentum=0.5), case.loss)
    return model


def step(model, case):
    """The values of all weights by path, before and after a step; the model is built by a prediction."""
    model.predict(case.x, verbose=0)
    before = {w.path: w.numpy() for w in model.weights}
    model.train_on_batch(case.x, case.y)
    return before, {w.path: w.numpy() for w in model.weights}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_step_changes_every_trainable_weight_and_nothing_that_is_frozen(case):
    model = compiled(case)
    before, after = step(model, case)
    statistics = {w.path for w in model.non_trainable_weights}
    for path, value in before.items():
        assert not np.array_equal(value, after[path]), path
        assert ("moving" in path) == (path in statistics)
    kept = model.layers[-1]
    kept.trainable = False
    model.compile("sgd", case.loss)
    before, after = step(model, case)
    frozen = {w.path for w in kept.weights}
    for path, value in before.items():
        assert np.array_equal(value, after[path]) == (path in frozen), path


class Watcher(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_program_of_an_epoch_is_its_steps(case):
    def cut(tree, at):
        return {k: v[at] for k, v in tree.items()} if isinstance(tree, dict) else tree[at]

    epochs, steps, batches = compiled(case), compiled(case), compiled(case)
    given = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    one = epochs.fit(case.x, case.y, **given).history
    two = steps.fit(case.x, case.y, callbacks=[Watcher()], **given).history
    for start in (0, 4, 8, 0, 4, 8):
        at = slice(start, start + 4)
        batches.train_on_batch(cut(case.x, at), cut(case.y, at))
    np.testing.assert_allclose(one["loss"], two["loss"], rtol=max(case.tolerance, 1e-4))
    for other in (steps, batches):
        for a, b in zip(epochs.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=case.tolerance, atol=case.tolerance / 10)
