"""The metrics that `compile` was given, paired with a model's outputs."""

import itertools
from collections.abc import Sequence
from typing import Any

from tricera import metrics as metrics_module
from tricera.engine import naming
from tricera.train import structure
from tricera.train.compiled import kinds
from tricera.train.compiled.loss import CompiledLoss, each
from tricera.train.compiled.outputs import by_leaf, flat, is_nested, items, names_of, own_names


class CompiledMetrics(metrics_module.Metric):
    """The metrics of all outputs: `metrics` see every sample alike, `weighted` those by sample weight.

    Args:
        loss: says which outputs may lack targets.
    """

    def __init__(
        self,
        metrics: Any,
        weighted: Any,
        output_names: Sequence[str] | None = None,
        loss: CompiledLoss | None = None,
    ):
        super().__init__(name="compile_metrics")
        self._given = (("metrics", metrics, False), ("weighted_metrics", weighted, True))
        self._output_names, self._loss = output_names, loss
        each(metrics, _known)
        each(weighted, _known)
        self.built = False
        self.names: list[str] = []
        self._rows: list[tuple[int, Any, str, bool]] = []

    def build(self, y: Any, y_pred: Any) -> None:
        """Make the metrics: which accuracy is meant shows in the shapes of targets and outputs."""
        if self.built:
            return
        self.names = names_of(y_pred, self._output_names)
        targets, predictions = self._targets(y, y_pred), flat(y_pred)
        own = own_names(y_pred, self._output_names)
        taken: set[str] = set()
        for what, given, weighted in self._given:
            for i, identifiers in enumerate(_by_output_metrics(given, y_pred, self.names, what)):
                for identifier in identifiers:
                    metric = resolve(identifier, targets[i], predictions[i])
                    metric.ensure_built(targets[i], predictions[i])
                    output = f"{own[i]}_" if len(own) > 1 and own[i] else ""
                    label = f"{output}{metric.name}"
                    label = f"{output}weighted_{metric.name}" if weighted and label in taken else label
                    again = (f"{label}_{n}" for n in itertools.count(1))
                    label = next(name for name in itertools.chain([label], again) if name not in taken)
                    taken.add(label)
                    self._rows.append((i, metric, label, weighted))
        self.built = True

    def _targets(self, y: Any, y_pred: Any) -> list[Any]:
        if self._loss is not None and self._loss.built and self._loss.names == self.names:
            return self._loss.targets(y, y_pred)
        return by_leaf(y, y_pred, self.names, "y")

    def structure(self) -> Any:
        """What programs depend on."""
        several = len(self.names) > 1
        rows = ((i, structure.key(m), weighted, label if several else "") for i, m, label, weighted in self._rows)
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
        targets, predictions, weights = self._targets(y, y_pred), flat(y_pred), None
        if is_nested(sample_weight):
            weights = by_leaf(sample_weight, y_pred, self.names, "sample_weight")
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


def _by_output_metrics(given: Any, outputs: Any, names: Sequence[str], what: str) -> list[list[Any]]:
    """The metrics of each output."""
    if given is None:
        return [[] for _ in names]
    inside = [item for _, item in items(given)] if is_nested(given) else []
    several = any(map(is_nested, inside))
    entries: list[Any]
    if isinstance(given, dict) and is_nested(given):
        entries = by_leaf(given, outputs, names, what)
    elif len(names) == 1:
        entries = [inside[0] if len(inside) == 1 and several else given]
    elif several or (inside and len(inside) == len(names)):
        entries = by_leaf(given, outputs, names, what)
    else:
        entries = [given] * len(names)
    return [list(e) if isinstance(e, list | tuple) else [] if e is None else [e] for e in entries]


def _known(identifier: Any) -> None:
    if not kinds.is_metric(identifier):
        metrics_module.get(identifier)


def resolve(identifier: Any, y: Any, y_pred: Any) -> Any:
    """The metric that `identifier` means for targets and outputs of these shapes."""
    name = identifier if isinstance(identifier, str) else None
    if kinds.is_metric(name):
        return kinds.metric(name, y, y_pred)
    metric = metrics_module.get(identifier)
    if isinstance(metric, metrics_module.Metric):
        if name is not None:
            metric.name = name  # `metrics=["mae"]` is called mae in logs
        return metric
    own = naming.snake_case(getattr(metric, "__name__", type(metric).__name__))
    return metrics_module.MeanMetricWrapper(metric, name=name or own)
