from types import SimpleNamespace

import numpy as np
import pytest


class FakeModel:
    """What callbacks ask of a model, with counts of what they do to it."""

    def __init__(self, rate=0.1, metrics=()):
        self.optimizer = SimpleNamespace(learning_rate=rate)
        self.metrics = list(metrics)
        self.stop_training = False
        self.weights = 0
        self.saved = []

    def get_weights(self):
        return [np.array(self.weights)]

    def set_weights(self, weights):
        self.weights = int(weights[0])

    def save(self, path, overwrite=False):
        self.saved.append((path, overwrite))

    def save_weights(self, path, overwrite=False):
        self.saved.append((path, overwrite))


@pytest.fixture
def model():
    return FakeModel()


@pytest.fixture(scope="session")
def fit():
    """Call the hooks that `fit` calls: `fit(callback, model, logs by epoch)` -> the number of epochs that ran."""

    def run(callback, model, epochs):
        callback.set_model(model)
        callback.on_train_begin({})
        ran = 0
        for epoch, logs in enumerate(epochs):
            callback.on_epoch_begin(epoch, {})
            model.weights = epoch
            callback.on_epoch_end(epoch, logs)
            ran += 1
            if model.stop_training:
                break
        callback.on_train_end({})
        return ran

    return run
