"""What `"accuracy"` and `"crossentropy"` mean: the kind that targets and outputs of their shapes ask for."""

from typing import Any

from tricera import losses, metrics

_ACCURACY: dict[str, Any] = {
    "binary": metrics.BinaryAccuracy,
    "sparse": metrics.SparseCategoricalAccuracy,
    "categorical": metrics.CategoricalAccuracy,
}
_CROSSENTROPY: dict[str, Any] = {
    "binary": metrics.BinaryCrossentropy,
    "sparse": metrics.SparseCategoricalCrossentropy,
    "categorical": metrics.CategoricalCrossentropy,
}
_METRICS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("accuracy", "acc"), _ACCURACY),
    **dict.fromkeys(("crossentropy", "ce"), _CROSSENTROPY),
}


def is_metric(identifier: Any) -> bool:
    """Whether this is a name of metrics of several kinds."""
    return isinstance(identifier, str) and identifier in _METRICS


def metric(name: Any, y: Any, y_pred: Any) -> Any:
    """The metric of this name, of the kind that these shapes ask for."""
    return _METRICS[name][_kind(y, y_pred)](name=name)


def is_loss(identifier: Any) -> bool:
    """Whether this is a name of losses of several kinds."""
    return isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce")


class Crossentropy(losses.Loss):
    """The crossentropy that targets and outputs of their shapes ask for: binary, sparse or categorical."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return _CROSSENTROPY[_kind(y_true, y_pred)].fn(y_true, y_pred)


def _kind(y: Any, y_pred: Any) -> str:
    """Which family of classification the shapes say: one output, integer labels, or one column a class."""
    if y_pred.shape[-1] == 1:
        return "binary"
    if len(y.shape) < len(y_pred.shape) or y.shape[-1] == 1:
        return "sparse"
    return "categorical"
