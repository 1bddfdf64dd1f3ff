"""`keras.wrappers.scikit_learn` of Keras 1 and 2, as programs of that time use it."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import tricera
from tricera import alias
from tricera.legacy.scikit import KerasClassifier, KerasRegressor

X = np.random.default_rng(0).random((12, 3))
WORDS = np.array(["ant", "bee", "cat"] * 4)


def classifier(units=4, loss="categorical_crossentropy", classes=3):
    last = "softmax" if classes > 1 else "sigmoid"
    layers = [tricera.layers.Dense(units, input_shape=(3,)), tricera.layers.Dense(classes, activation=last)]
    model = tricera.Sequential(layers)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def regressor():
    model = tricera.Sequential([tricera.layers.Dense(1, input_shape=(3,))])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_a_classifier(loss):
    estimator = KerasClassifier(build_fn=classifier, loss=loss, nb_epoch=2, batch_size=4, verbose=0)
    history = estimator.fit(X, WORDS)
    assert len(history.history["loss"]) == 2 and list(estimator.classes_) == ["ant", "bee", "cat"]
    assert estimator.predict_proba(X).shape == (12, 3) and set(estimator.predict(X)) <= set(WORDS)
    assert estimator.score(X, WORDS) == pytest.approx((estimator.predict(X) == WORDS).mean())


def test_one_output_of_two_classes():
    estimator = KerasClassifier(classifier, classes=1, loss="binary_crossentropy", epochs=1, verbose=0)
    y = np.array([3, 5] * 6)
    estimator.fit(X, y)
    assert estimator.predict(X).shape == (12, 1) and set(estimator.predict(X)[:, 0]) <= {3, 5}
    assert np.allclose(estimator.predict_proba(X).sum(axis=1), 1)
    assert estimator.score(X, y) == pytest.approx((estimator.predict(X)[:, 0] == y).mean())


def test_a_regressor():
    estimator = KerasRegressor(build_fn=regressor, epochs=1, verbose=0)
    estimator.fit(X, X[:, 0])
    assert estimator.predict(X).shape == (12,)
    assert estimator.score(X, X[:, 0]) == pytest.approx(-np.mean((estimator.predict(X) - X[:, 0]) ** 2), abs=1e-6)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", KerasRegressor(regressor, epochs=1, verbose=0))])
    assert pipeline.fit(X, X[:, 0]).predict(X).shape == (12,)


def test_what_scikit_learn_does_with_them():
    estimator = KerasClassifier(classifier, epochs=1, verbose=0)
    copy = clone(estimator)
    assert copy is not estimator and copy.get_params() == {"build_fn": classifier, "epochs": 1, "verbose": 0}
    assert is_classifier(copy) and cross_val_score(copy, X, WORDS, cv=2).shape == (2,)
    search = GridSearchCV(estimator, {"units": [1, 2], "epochs": [1]}, cv=2).fit(X, WORDS)
    assert search.best_estimator_.model.layers[0].units == search.best_params_["units"]


def test_a_subclass_that_builds():
    class Own(KerasClassifier):
        def __call__(self, units=2):
            return classifier(units)

    own = Own(units=3, epochs=1, verbose=0)
    own.fit(X, WORDS)
    assert own.model.layers[0].units == 3


def test_mistakes_are_told():
    with pytest.raises(ValueError) as error:
        KerasClassifier(classifier, untis=3)
    assert str(error.value) == "untis is not a legal parameter.\n  fix:      did you mean 'units'?"
    with pytest.raises(ValueError) as error:
        KerasClassifier(classifier).fit(X, np.zeros((2, 2, 2)))
    message = "Invalid shape for y: (2, 2, 2).\n  expected: (samples,) or (samples, classes)"
    assert str(error.value) == message
    estimator = KerasClassifier(regressor, epochs=1, verbose=0)
    estimator.fit(X, np.array([0, 1] * 6))
    with pytest.raises(ValueError) as error:
        estimator.score(X, np.array([0, 1] * 6))
    message = "The model is not configured to compute accuracy."
    assert str(error.value) == f'{message}\n  fix:      `compile(..., metrics=["accuracy"])`'


def test_its_path():
    assert alias.stand_in("keras.wrappers.scikit_learn").KerasClassifier is KerasClassifier
