"""Models as estimators of scikit-learn: beside real Keras, and in what scikit-learn does with estimators."""

import subprocess
import sys

import numpy as np
import pandas
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import validation

import tricera

X = np.random.default_rng(0).random((12, 3))
WORDS = np.array(["ant", "bee", "cat"] * 4)
QUIET = {"epochs": 2, "verbose": 0}


def maker(library):
    """A function that makes a model of the library, as an estimator asks for it."""

    def make(X, y, loss="categorical_crossentropy", units=4):
        inputs = library.Input((X.shape[1],))
        hidden = library.layers.Dense(units, activation="relu")(inputs)
        last = "softmax" if loss == "categorical_crossentropy" else None
        model = library.Model(inputs, library.layers.Dense(y.shape[1], activation=last)(hidden))
        model.compile("adam", loss)
        return model

    return make


def fitted(library, kind, y, **model_kwargs):
    library.utils.set_random_seed(1)
    estimator = getattr(library.wrappers, kind)(maker(library), model_kwargs=model_kwargs, fit_kwargs=QUIET)
    return estimator.fit(X, y)


def test_what_is_computed_is_what_keras_computes(keras):
    ours, real = (fitted(library, "SKLearnClassifier", WORDS) for library in (tricera, keras))
    assert list(ours.classes_) == list(real.classes_) and list(ours.predict(X)) == list(real.predict(X))
    assert ours.score(X, WORDS) == real.score(X, WORDS)
    assert np.allclose(ours.predict_proba(X), real.model_.predict(X, verbose=0), atol=1e-5)
    for kind, method in (("SKLearnRegressor", "predict"), ("SKLearnTransformer", "transform")):
        ours, real = (fitted(library, kind, X[:, 0], loss="mse") for library in (tricera, keras))
        outputs, expected = getattr(ours, method)(X), getattr(real, method)(X)
        assert outputs.shape == expected.shape and np.allclose(outputs, expected, atol=1e-5)
    assert ours.history_.history["loss"] == pytest.approx(real.history_.history["loss"], abs=1e-5)


def test_scikit_learn_takes_them_for_its_own():
    classifier = tricera.wrappers.SKLearnClassifier(maker(tricera), model_kwargs={"units": 2}, fit_kwargs=QUIET)
    copy = clone(classifier)
    assert copy is not classifier and copy.get_params() == classifier.get_params()
    assert is_classifier(copy) and is_regressor(tricera.wrappers.SKLearnRegressor(maker(tricera)))
    assert cross_val_score(copy, X, WORDS, cv=2).shape == (2,)
    search = GridSearchCV(classifier, {"model_kwargs": [{"units": 1}, {"units": 3}]}, cv=2).fit(X, WORDS)
    assert search.best_estimator_.model_.layers[1].units == search.best_params_["model_kwargs"]["units"]
    assert set(make_pipeline(StandardScaler(), classifier).fit(X, WORDS).predict(X)) <= set(WORDS)
    assert repr(copy).startswith("SKLearnClassifier(model=<function maker.<locals>.make at ")


def test_a_model_is_copied_and_a_warm_start_goes_on():
    model = maker(tricera)(X, np.eye(3))
    before = model.get_weights()
    estimator = tricera.wrappers.SKLearnClassifier(model, warm_start=True, fit_kwargs=QUIET).fit(X, WORDS)
    first = estimator.model_
    assert first is not model and all(map(np.array_equal, before, model.get_weights()))
    assert estimator.fit(X, WORDS).model_ is first and clone(estimator).model is model
    several = tricera.wrappers.SKLearnRegressor(maker(tricera), model_kwargs={"loss": "mse"}, fit_kwargs=QUIET)
    assert several.fit(X, X[:, :2]).predict(X).shape == (12, 2)


MISTAKES = {
    "no model": (
        lambda e: e(3).fit(X, WORDS),
        (
            "SKLearnClassifier: `model` makes no model.\n"
            "  expected: a model, or a function of `(X, y)` that makes one\n"
            "  got:      3"
        ),
    ),
    "not compiled": (
        lambda e: e(tricera.Sequential([tricera.layers.Dense(3)])).fit(X, WORDS),
        (
            "SKLearnClassifier: Given model needs to be compiled, and have a loss and an optimizer.\n"
            "  fix:      `compile` it."
        ),
    ),
    "not fitted": (
        lambda e: e(maker(tricera)).predict(X),
        (
            "This SKLearnClassifier instance is not fitted yet. "
            "Call 'fit' with appropriate arguments before using this estimator."
        ),
    ),
    "features": (
        lambda e: e(maker(tricera), fit_kwargs=QUIET).fit(X, WORDS).predict(X[:, :2]),
        "X has 2 features, but SKLearnClassifier is expecting 3 features as input.",
    ),
    "one axis": (
        lambda e: e(maker(tricera)).fit(X[0], WORDS),
        (
            f"Expected 2D array, got 1D array instead:\narray={X[0]}.\nReshape your data either using "
            "array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single "
            "sample."
        ),
    ),
    "one-hot": (
        lambda e: e(maker(tricera)).fit(X, np.ones((12, 3))),
        "SKLearnClassifier: y must be one class a sample.\n  got:      shape (12, 3)\n  fix:      `y.argmax(axis=1)`",
    ),
    "parameter": (
        lambda e: e(maker(tricera)).set_params(warm_strat=True),
        "SKLearnClassifier: Invalid parameter 'warm_strat'.\n  fix:      did you mean 'warm_start'?",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told(mistake):
    run, message = MISTAKES[mistake]
    with pytest.raises((TypeError, ValueError, RuntimeError)) as error:
        run(tricera.wrappers.SKLearnClassifier)
    assert str(error.value) == message


def holes(x):
    return np.where(np.arange(x.size).reshape(x.shape) == 4, np.nan, x)


REFUSED = {
    "samples that are not finite": (lambda e: e.fit(holes(X), WORDS)),
    "not finite later": (lambda e: e.fit(X, WORDS).predict(holes(X))),
    "complex samples": (lambda e: e.fit(X + 1j, WORDS)),
    "sparse samples": (lambda e: e.fit(sparse.csr_array(X), WORDS)),
    "no sample": (lambda e: e.fit(X[:0], WORDS[:0])),
    "no targets": (lambda e: e.fit(X, None)),
    "fewer targets": (lambda e: e.fit(X, WORDS[:-1])),
    "things": (lambda e: e.fit(np.array([[{}] * 3] * 12, "object"), WORDS)),
    "other features": (lambda e: e.fit(X, WORDS).predict(X[:, :2])),
    "one sample": (lambda e: e.fit(X, WORDS).predict(X[0])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_estimator_takes(keras, name):
    told = []
    for library in (tricera, keras):
        estimator = library.wrappers.SKLearnClassifier(maker(library), fit_kwargs=QUIET)
        with pytest.raises((TypeError, ValueError)) as error:
            REFUSED[name](estimator)
        told.append((error.type, str(error.value)))
    assert told[0] == told[1]


def test_names_of_features_columns_of_targets_and_decisions(keras):
    table = pandas.DataFrame(X, columns=["a", "b", "c"])
    for library in (tricera, keras):
        library.utils.set_random_seed(1)
        estimator = library.wrappers.SKLearnClassifier(maker(library), fit_kwargs=QUIET).fit(table, WORDS)
        assert list(estimator.feature_names_in_) == ["a", "b", "c"]
        decisions = estimator.decision_function(table)
        assert list(estimator.classes_[decisions.argmax(axis=1)]) == list(estimator.predict(table))
        with pytest.warns(DataConversionWarning):
            fitted(library, "SKLearnRegressor", X[:, :1], loss="mse")
    estimator = tricera.wrappers.SKLearnClassifier(maker(tricera), fit_kwargs=QUIET)
    assert cross_val_score(estimator, X, X[:, 0] > np.median(X[:, 0]), cv=2, scoring="roc_auc").shape == (2,)
    images = np.zeros((12, 2, 2, 1))
    model = tricera.Sequential([tricera.Input((2, 2, 1)), tricera.layers.Flatten(), tricera.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert tricera.wrappers.SKLearnRegressor(model, fit_kwargs=QUIET).fit(images, X[:, 0]).predict(images).shape == (
        12,
    )


def test_before_scikit_learn_1_6(monkeypatch):
    monkeypatch.delattr(validation, "validate_data")
    estimator = fitted(tricera, "SKLearnClassifier", WORDS)
    assert estimator.n_features_in_ == 3 and set(estimator.predict(X)) <= set(WORDS)
    assert fitted(tricera, "SKLearnRegressor", X[:, :2], loss="mse").predict(X).shape == (12, 2)
    with pytest.raises(ValueError) as error:
        estimator.predict(X[:, :2])
    assert str(error.value) == MISTAKES["features"][1]


def test_scikit_learn_is_not_imported_before_it_is_needed():
    program = "import sys, tricera; tricera.wrappers.SKLearnClassifier(print); assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
