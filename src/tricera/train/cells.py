"""The variables that a run's programs read and write, found once for all its steps."""

from typing import Any

State = tuple[list[Any], ...]


class Cells:
    """The variables of a model in the groups of a state.

    Args:
        kind: `"train"`: trainable, others, optimizer's, metrics'; `"test"`: without the optimizer's;
            `"predict"`: trainable and others alone.
    """

    def __init__(self, model: Any, kind: str):
        self._model, self._kind = model, kind
        self._metrics = model.metrics if kind != "predict" else []
        optimizer = [list(model.optimizer.variables)] if kind == "train" else []
        metrics = [[v for metric in self._metrics for v in metric.variables]] if kind != "predict" else []
        self._groups = (model.trainable_variables, model.non_trainable_variables, *optimizer, *metrics)

    def take(self) -> State:
        """The values, for a program; those of training are given away, so that it may reuse their memory."""
        if self._kind == "train":
            return tuple([v.take() for v in group] for group in self._groups)
        return tuple([v.raw() for v in group] for group in self._groups)

    def put(self, state: State) -> None:
        """Give the variables their values back."""
        for variables, values in zip(self._groups, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.put(value)

    def reset_metrics(self) -> None:
        """Forget what the metrics saw."""
        if "reset_metrics" in vars(type(self._model)):
            self._model.reset_metrics()
            return
        for metric in self._metrics:
            metric.reset_state()
