"""Models as estimators of scikit-learn, which is imported when one of them is used, and not before."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tricera.errors import did_you_mean, report
from tricera.models import Model, clone_model


class Parameters:
    """What scikit-learn asks of an estimator, so that nothing need inherit from it: parameters, kind, being fitted."""

    _estimator_type: str | None = None
    _fitted = "model_"  # the attribute that a fitted estimator has

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Any:
        """Change arguments of the constructor.

        Raises:
            ValueError: there is none of such a name; the nearest one is suggested.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                fix = did_you_mean(name, known) or f"the parameters are: {', '.join(known)}."
                raise ValueError(report(f"{type(self).__name__}: Invalid parameter {name!r}.", fix=fix))
            setattr(self, name, value)
        return self

    def __sklearn_clone__(self) -> Any:
        return type(self)(**self.get_params(deep=False))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, self._fitted)

    def __sklearn_tags__(self) -> Any:
        from sklearn import utils

        tags = utils.Tags(estimator_type=self._estimator_type, target_tags=utils.TargetTags(required=True))
        kind = self._estimator_type  # how well a model does is for who makes it
        tags.classifier_tags = utils.ClassifierTags(poor_score=True) if kind == "classifier" else None
        tags.regressor_tags = utils.RegressorTags(poor_score=True) if kind == "regressor" else None
        tags.transformer_tags = utils.TransformerTags(preserves_dtype=[]) if hasattr(self, "transform") else None
        tags.non_deterministic = True
        return tags

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items() if value not in (None, False))
        return f"{type(self).__name__}({told})"


class _Estimator(Parameters):
    """A model that is made, or copied, and trained by `fit`.

    Args:
        model: a compiled model, of which a copy with weights of its own is trained; or a function that makes one of the
            data, `model(X, y, **model_kwargs)`.
        warm_start: whether `fit` goes on with the model of the last `fit`.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ):
        self.model, self.warm_start, self.model_kwargs, self.fit_kwargs = model, warm_start, model_kwargs, fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train on samples and targets; `kwargs` are arguments of `Model.fit`, and win over `fit_kwargs`.

        Raises:
            ValueError: the samples or targets are none: sparse, complex, not finite, without an axis of features.
            TypeError: `model` is neither a model nor a function that makes one.
            RuntimeError: the model is not compiled.
        """
        shape = np.asarray(y).shape
        X, y = self._validated(X, y=y, multi_output=len(shape) == 2 and shape[1] > 1)
        y = self._encoded(y)
        if not (self.warm_start and hasattr(self, "model_")):
            self.model_ = self._made(X, y)
        self.history_ = self.model_.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        return self

    def _made(self, X: np.ndarray, y: np.ndarray) -> Model:
        who = type(self).__name__
        if isinstance(self.model, Model):
            model = clone_model(self.model)
            if self.model.compiled:
                model.compile_from_config(self.model.get_compile_config())
        elif callable(self.model):
            model = self.model(X, y, **(self.model_kwargs or {}))
        else:
            model = self.model
        if not isinstance(model, Model):
            what = "a model, or a function of `(X, y)` that makes one"
            raise TypeError(report(f"{who}: `model` makes no model.", expected=what, got=repr(model)))
        if not model.compiled:
            raise RuntimeError(
                report(
                    f"{who}: Given model needs to be compiled, and have a loss and an optimizer.", fix="`compile` it."
                )
            )
        return model

    def _validated(self, X: Any, **options: Any) -> Any:
        """Samples, and targets, as scikit-learn's own estimators take them: numbers, finite, as many features."""
        from sklearn.utils import validation

        if hasattr(validation, "validate_data"):
            return validation.validate_data(self, X, allow_nd=True, **options)
        if options.pop("reset", True):  # scikit-learn 1.5 and before
            X, y = validation.check_X_y(X, allow_nd=True, **options)
            self.n_features_in_ = X.shape[1]
            return X, y
        X = validation.check_array(X, allow_nd=True)
        if X.shape[1] != (expected := self.n_features_in_):
            who = type(self).__name__
            raise ValueError(
                report(f"X has {X.shape[1]} features, but {who} is expecting {expected} features as input.")
            )
        return X

    def _predicted(self, X: Any) -> np.ndarray:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        X = self._validated(X, reset=False)
        return self.model_.predict(X, verbose=(self.fit_kwargs or {}).get("verbose", 0))

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        self._one_target = y.ndim == 1
        return y[:, None] if self._one_target else y


class SKLearnClassifier(_Estimator):
    """A model as a classifier: it is trained on one-hot vectors of the classes, which may be any words or numbers.

    Example: `SKLearnClassifier(make_model, fit_kwargs={"epochs": 10}).fit(X, y).predict(X)`.
    """

    _estimator_type = "classifier"

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim != 1:
            raise ValueError(
                report(
                    "SKLearnClassifier: y must be one class a sample.", got=f"shape {y.shape}", fix="`y.argmax(axis=1)`"
                )
            )
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return np.eye(len(self.classes_))[numbers]

    def predict(self, X: Any) -> np.ndarray:
        """The class of each sample: that of the largest output."""
        return self.classes_[self._predicted(X).argmax(axis=-1)] if hasattr(self, "classes_") else self._predicted(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The outputs: a column a class."""
        return self._predicted(X)

    decision_function = predict_proba  # by whose name scikit-learn's scores know that there is a column a class

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of samples whose class is right."""
        from sklearn.metrics import accuracy_score

        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)


class SKLearnRegressor(_Estimator):
    """A model as a regressor: one number a sample, or several."""

    _estimator_type = "regressor"

    def predict(self, X: Any) -> np.ndarray:
        """The outputs, in the form of the targets."""
        outputs = self._predicted(X)
        return outputs[:, 0] if self._one_target and outputs.ndim == 2 and outputs.shape[1] == 1 else outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination, R^2."""
        from sklearn.metrics import r2_score

        return r2_score(y, self.predict(X), sample_weight=sample_weight)


class SKLearnTransformer(_Estimator):
    """A model as a step that turns samples into its outputs."""

    def transform(self, X: Any) -> np.ndarray:
        """The outputs."""
        return self._predicted(X)

    def fit_transform(self, X: Any, y: Any, **kwargs: Any) -> np.ndarray:
        """`fit`, then `transform`."""
        return self.fit(X, y, **kwargs).transform(X)
