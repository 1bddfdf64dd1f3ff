"""The losses and metrics that `compile` was given, paired with a model's outputs by place or by name."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from jax import tree_util

from tricera import losses as losses_module
from tricera import metrics as metrics_module
from tricera.engine import naming
from tricera.engine.graph import is_symbolic_leaf
from tricera.errors import did_you_mean, report
from tricera.train import structure


def names_of(outputs: Any, output_names: Sequence[str] | None) -> list[str]:
    """The names of a model's outputs: keys of a dict, the model's own names, or `output_0`, `output_1`, ..."""
    if isinstance(outputs, dict):
        return sorted(outputs)
    leaves = tree_util.tree_leaves(outputs, is_leaf=is_symbolic_leaf)
    if output_names and len(output_names) == len(leaves):
        return list(output_names)
    return [f"output_{i}" for i in range(len(leaves))] if len(leaves) > 1 else ["output"]


def by_output(given: Any, names: Sequence[str], what: str) -> list[Any]:
    """One entry of `given` for each output: from a dict by name, from a list by place, else the only one.

    Raises:
        ValueError: an unknown name, or another number of entries.
    """
    if given is None:
        return [None] * len(names)
    if isinstance(given, dict):
        for name in given:
            if name not in names:
                raise ValueError(
                    report(
                        f"In the dict argument `{what}`, key {name!r} does not correspond to any model output.",
                        expected=_outputs(names),
                        got=", ".join(map(repr, given)),
                        fix=did_you_mean(str(name), names)
                        or f"`{what}` by the names of the outputs: {_example(names)}.",
                    )
                )
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != len(names):
            raise ValueError(
                report(
                    f"`{what}` must have one entry for each output of the model.",
                    expected=f"{len(names)} ({', '.join(names)})",
                    got=len(given),
                    fix=f"a list in this order, or a dict: {_example(names)}.",
                )
            )
        return list(given)
    if len(names) == 1:
        return [given]
    return [given] * len(names) if isinstance(given, str) or callable(given) else _too_few(names, what)


def _too_few(names: Sequence[str], what: str) -> list[Any]:
    raise ValueError(
        report(
            f"The model has {len(names)} outputs, but `{what}` is a single value.",
            expected=f"a list or dict with {_outputs(names)}",
            fix=f"`{what}={_example(names)}`.",
        )
    )


def _outputs(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))


def _example(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{name!r}: ..." for name in names) + "}"


def weights_by_output(given: Any, names: Sequence[str]) -> list[Any]:
    """How much each output counts: a number, or None where it counts once.

    Raises:
        ValueError: they do not fit the outputs, or are no numbers.
    """
    weights = by_output(given, names, "loss_weights")
    for name, weight in zip(names, weights, strict=True):
        if isinstance(weight, str | list | tuple | dict) or callable(weight):
            numbers = ", ".join(f"{each!r}: 1.0" for each in names)
            raise ValueError(
                report(
                    f"`loss_weights` has no number for the output {name!r}.",
                    expected=f"as {{{numbers}}}",
                    got=repr(weight),
                    fix=f"`metrics={given!r}`, which stand in third place in Keras 1 and 2 alone.",
                )
            )
    return weights


class CompiledLoss:
    """The total loss of all outputs, with a running mean of each where there are several.

    Args:
        loss: a loss, or a list or dict of them, in any form that `losses.get` takes.
        loss_weights: how much each output counts.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, output_names: Sequence[str] | None = None):
        self._loss, self._weights, self._output_names = loss, loss_weights, output_names
        _each(loss, _as_loss)  # unknown names are errors now, not when training starts
        self.built = False
        self.names: list[str] = []
        self.losses: list[Any] = []
        self.weights: list[Any] = []
        self.metrics: list[Any] = []

    def build(self, outputs: Any) -> None:
        """Pair losses with outputs."""
        if self.built:
            return
        self.names = names_of(outputs, self._output_names)
        self.losses = [_as_loss(each) for each in by_output(self._loss, self.names, "loss")]
        self.weights = weights_by_output(self._weights, self.names)
        with_loss = [name for name, loss in zip(self.names, self.losses, strict=True) if loss is not None]
        if len(with_loss) > 1:
            self.metrics = [metrics_module.Mean(name=f"{name}_loss") for name in with_loss]
        self.built = True

    def structure(self) -> Any:
        """What programs depend on."""
        return ("losses", structure.key(self.losses), structure.key(self.weights))

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The weighted sum of the outputs' losses."""
        self.build(y_pred)
        predictions = flat(y_pred)
        targets = by_output(y, self.names, "y")
        weights = by_output(sample_weight, self.names, "sample_weight") if _many(sample_weight) else None
        total, trackers = None, iter(self.metrics)
        for i, (loss, prediction) in enumerate(zip(self.losses, predictions, strict=True)):
            if loss is None:
                continue
            value = loss(targets[i], prediction, weights[i] if weights else sample_weight)
            if self.metrics:
                next(trackers).update_state(value, sample_weight=prediction.shape[0])
            if self.weights[i] is not None:
                value = value * self.weights[i]
            total = value if total is None else total + value
        return total


def flat(outputs: Any) -> list[Any]:
    """The outputs of a model as a list; those of a dict by their sorted keys, as JAX has them."""
    return tree_util.tree_leaves(outputs)


def _many(given: Any) -> bool:
    return isinstance(given, list | tuple | dict)


def _each(tree: Any, function: Callable) -> None:
    if isinstance(tree, dict) and "class_name" not in tree:
        tree = list(tree.values())
    for item in tree if isinstance(tree, list | tuple) else [tree]:
        if isinstance(item, list | tuple | dict):
            _each(item, function)
        elif item is not None:
            function(item)


def _as_loss(identifier: Any) -> Any:
    if isinstance(identifier, list | tuple) and len(identifier) == 1:
        (identifier,) = identifier  # the losses of one output may be a list, too
    if isinstance(identifier, str) and identifier.lower() in _CROSSENTROPY:
        return _Crossentropy(identifier)
    loss = losses_module.get(identifier)
    if loss is None or isinstance(loss, losses_module.Loss):
        return loss
    return losses_module.LossFunctionWrapper(loss, name=getattr(loss, "__name__", None))


class _Crossentropy(losses_module.Loss):
    """The crossentropy that targets and outputs of their shapes ask for: binary, sparse or categorical."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return _BY_KIND["crossentropy"][_kind(y_true, y_pred)].fn(y_true, y_pred)


_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


class CompiledMetrics(metrics_module.Metric):
    """The metrics of all outputs: `metrics` see every sample alike, `weighted` those by sample weight."""

    def __init__(self, metrics: Any, weighted: Any, output_names: Sequence[str] | None = None):
        super().__init__(name="compile_metrics")
        self._given, self._output_names = ((metrics, False), (weighted, True)), output_names
        _each(metrics, _known)
        _each(weighted, _known)
        self.built = False
        self.names: list[str] = []
        self._rows: list[tuple[int, Any, str, bool]] = []

    def build(self, y: Any, y_pred: Any) -> None:
        """Make the metrics: which accuracy is meant shows in the shapes of targets and outputs."""
        if self.built:
            return
        self.names = names_of(y_pred, self._output_names)
        targets, predictions = by_output(y, self.names, "y"), flat(y_pred)
        taken: set[str] = set()
        for given, weighted in self._given:
            for i, identifiers in enumerate(_by_output_metrics(given, self.names, "metrics")):
                for identifier in identifiers:
                    metric = resolve(identifier, targets[i], predictions[i])
                    metric.ensure_built(targets[i], predictions[i])
                    output = f"{self.names[i]}_" if len(self.names) > 1 else ""
                    label = f"{output}{metric.name}"
                    label = f"{output}weighted_{metric.name}" if weighted and label in taken else label
                    again = (f"{label}_{n}" for n in itertools.count(1))
                    label = next(name for name in itertools.chain([label], again) if name not in taken)
                    taken.add(label)
                    self._rows.append((i, metric, label, weighted))
        self.built = True

    def structure(self) -> Any:
        """What programs depend on."""
        rows = ((i, structure.key(metric), weighted) for i, metric, _, weighted in self._rows)
        return ("metrics", *rows)

    @property
    def metrics(self) -> list[Any]:
        """The metrics, one by one."""
        return [metric for _, metric, _, _ in self._rows]

    @property
    def labels(self) -> list[str]:
        """Their names in logs."""
        return [label for _, _, label, _ in self._rows]

    @property
    def variables(self) -> list[Any]:
        """The states of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Show every metric a batch."""
        self.build(y, y_pred)
        targets, predictions = by_output(y, self.names, "y"), flat(y_pred)
        weights = by_output(sample_weight, self.names, "sample_weight") if _many(sample_weight) else None
        for i, metric, _, weighted in self._rows:
            weight = (weights[i] if weights else sample_weight) if weighted else None
            metric.update_state(targets[i], predictions[i], **({} if weight is None else {"sample_weight": weight}))

    def result(self) -> dict[str, Any]:
        """What the metrics say now, by name."""
        results: dict[str, Any] = {}
        for _, metric, label, _ in self._rows:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {label: value})
        return results

    def reset_state(self) -> None:
        """Forget every batch."""
        for metric in self.metrics:
            metric.reset_state()


def _by_output_metrics(given: Any, names: Sequence[str], what: str) -> list[list[Any]]:
    if given is None:
        return [[] for _ in names]
    if isinstance(given, dict) and "class_name" not in given:
        entries = by_output(given, names, what)
    elif len(names) == 1:
        flat_once = given[0] if isinstance(given, list | tuple) and len(given) == 1 and _many(given[0]) else given
        return [list(flat_once) if isinstance(flat_once, list | tuple) else [flat_once]]
    else:
        is_per_output = isinstance(given, list | tuple) and len(given) == len(names)
        if is_per_output and any(_many(item) for item in given):
            entries = list(given)
        elif isinstance(given, list | tuple) and not is_per_output:
            entries = [given] * len(names)
        else:
            entries = by_output(given, names, what)
    return [list(e) if isinstance(e, list | tuple) else [] if e is None else [e] for e in entries]


def _known(identifier: Any) -> None:
    if not (isinstance(identifier, str) and identifier in (*_ACCURACY, *_CROSSENTROPY)):
        metrics_module.get(identifier)


def resolve(identifier: Any, y: Any, y_pred: Any) -> Any:
    """The metric that `identifier` means for targets and outputs of these shapes."""
    name = identifier if isinstance(identifier, str) else None
    if name in _ACCURACY:
        return _BY_KIND["accuracy"][_kind(y, y_pred)](name=name)
    if name in _CROSSENTROPY:
        return _BY_KIND["crossentropy"][_kind(y, y_pred)](name=name)
    metric = metrics_module.get(identifier)
    if isinstance(metric, metrics_module.Metric):
        if name is not None:
            metric.name = name  # `metrics=["mae"]` is called mae in logs
        return metric
    own = naming.snake_case(getattr(metric, "__name__", type(metric).__name__))
    return metrics_module.MeanMetricWrapper(metric, name=name or own)


_BY_KIND: dict[str, dict[str, Any]] = {
    "accuracy": {
        "binary": metrics_module.BinaryAccuracy,
        "sparse": metrics_module.SparseCategoricalAccuracy,
        "categorical": metrics_module.CategoricalAccuracy,
    },
    "crossentropy": {
        "binary": metrics_module.BinaryCrossentropy,
        "sparse": metrics_module.SparseCategoricalCrossentropy,
        "categorical": metrics_module.CategoricalCrossentropy,
    },
}


def _kind(y: Any, y_pred: Any) -> str:
    """Which family of classification the shapes say: one output, integer labels, or one column a class."""
    if y_pred.shape[-1] == 1:
        return "binary"
    if len(y.shape) < len(y_pred.shape) or y.shape[-1] == 1:
        return "sparse"
    return "categorical"
