"""`keras.wrappers.scikit_learn` of Keras 1 and 2: estimators of scikit-learn around functions that build models."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tricera.errors import did_you_mean, report
from tricera.models import Model, Sequential
from tricera.utils import to_categorical
from tricera.wrappers.estimators import Parameters

_METHODS = (Sequential.fit, Sequential.predict, Sequential.evaluate)


class BaseWrapper(Parameters):
    """What both estimators have: `build_fn`, and its arguments and those of `fit` and its relatives, as parameters.

    Args:
        build_fn: a function that makes a compiled model; without it, the subclass' `__call__` does.
        sk_params: arguments of `build_fn`, `fit`, `predict` and `evaluate`.

    Raises:
        ValueError: none of them takes such an argument.
    """

    _fitted = "model"

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any):
        self.build_fn, self.sk_params = build_fn, sk_params
        self.check_params(sk_params)

    def check_params(self, params: dict[str, Any]) -> None:
        """Raise unless each is an argument of the function that builds, or of a method of models."""
        taken = {
            *_arguments(self._builder()),
            *(name for method in _METHODS for name in _arguments(method)),
            "nb_epoch",
        }
        for name in params:
            if name not in taken and not _takes_all(self._builder()):
                raise ValueError(
                    report(
                        f"{name} is not a legal parameter.", fix=did_you_mean(name, taken) or "an argument of build_fn."
                    )
                )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, copied, and `build_fn`."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Change parameters; other names than known ones are errors."""
        self.check_params({name: value for name, value in params.items() if name != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a model and train it; the history is returned, as Keras did."""
        self.model = self._builder()(**self.filter_sk_params(self._builder()))
        loss = self.model.loss
        name = getattr(loss, "__name__", loss)
        y = np.asarray(y)
        if name == "categorical_crossentropy" and y.ndim != 2:
            y = to_categorical(y)
        return self.model.fit(x, y, **{**self._of(Sequential.fit), **kwargs})

    def filter_sk_params(self, fn: Callable, override: dict[str, Any] | None = None) -> dict[str, Any]:
        """The parameters that a function takes."""
        names = _arguments(fn)
        return {name: value for name, value in self.sk_params.items() if name in names} | (override or {})

    def _of(self, method: Callable) -> dict[str, Any]:
        found = self.filter_sk_params(method)
        if method is Sequential.fit and "nb_epoch" in self.sk_params:
            found["epochs"] = self.sk_params["nb_epoch"]
        return found

    def _builder(self) -> Callable[..., Model]:
        return self.build_fn if self.build_fn is not None else self.__call__  # type: ignore[attr-defined]


def _arguments(function: Callable) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _takes_all(function: Callable) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


class KerasClassifier(BaseWrapper):
    """A classifier: of an output of several classes, or of one that is a probability."""

    _estimator_type = "classifier"

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a model and train it on classes, or on their one-hot vectors.

        Raises:
            ValueError: the targets have another shape.
        """
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(report(f"Invalid shape for y: {y.shape}.", expected="(samples,) or (samples, classes)"))
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The class of each sample."""
        outputs = self._outputs(x, kwargs)
        single = outputs.shape[-1] == 1
        return self.classes_[(outputs > 0.5).astype("int32") if single else outputs.argmax(axis=-1)]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The probability of each class, also where the model gives one number for two classes."""
        outputs = self._outputs(x, kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def _outputs(self, x: Any, kwargs: dict[str, Any]) -> np.ndarray:
        return self.model.predict(x, **{"verbose": 0, **self._of(Sequential.predict), **kwargs})

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The accuracy that the model was compiled to measure.

        Raises:
            ValueError: it was not.
        """
        y = np.searchsorted(self.classes_, y)
        name = getattr(self.model.loss, "__name__", self.model.loss)
        if name == "categorical_crossentropy" and y.ndim != 2:
            y = to_categorical(y, len(self.classes_))
        found = self.model.evaluate(x, y, return_dict=True, **{"verbose": 0, **self._of(Sequential.evaluate), **kwargs})
        for key in ("acc", "accuracy"):
            if key in found:
                return found[key]
        raise ValueError(
            report("The model is not configured to compute accuracy.", fix='`compile(..., metrics=["accuracy"])`')
        )


class KerasRegressor(BaseWrapper):
    """A regressor; its score is the negative loss."""

    _estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The outputs, without axes of one."""
        return np.squeeze(self.model.predict(x, **{"verbose": 0, **self._of(Sequential.predict), **kwargs}), axis=-1)

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Minus the loss, so that more is better."""
        loss = self.model.evaluate(x, y, **{"verbose": 0, **self._of(Sequential.evaluate), **kwargs})
        return -(loss[0] if isinstance(loss, list) else loss)
