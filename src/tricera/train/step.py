"""One step of training, testing and predicting, as pure functions of the state: what every program is made of."""

from typing import Any

import jax
from jax import lax, tree_util

from tricera.engine import masking
from tricera.engine.inputs import where
from tricera.engine.pure import stateless
from tricera.errors import report
from tricera.train.data import unpack

State = tuple[Any, ...]


class Steps:
    """The steps of a model; each may be overridden, with the same arguments and results.

    The state of training is `(trainable, non-trainable, optimizer's, metrics')` variables' values, four lists;
    that of testing leaves out the optimizer's.
    """

    optimizer: Any = None
    # What a layer, and `compile`, give.
    losses: Any
    trainable_variables: Any
    non_trainable_variables: Any
    metrics: Any
    metrics_variables: Any
    stateless_call: Any
    __call__: Any
    _compile_loss: Any = None
    _compile_metrics: Any = None
    _loss_tracker: Any = None

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss of a batch: what `compile` asked for, plus what layers and regularizers add.

        Raises:
            ValueError: there is nothing to make small.
        """
        terms = []
        if self._compile_loss is not None:
            total = self._compile_loss(y, y_pred, sample_weight)
            if total is not None:
                terms.append(total)
        terms.extend(loss if loss.ndim == 0 else loss.sum() for loss in map(jax.numpy.asarray, self.losses))
        if not terms:
            raise ValueError(
                report(
                    f"{where(self)}: No loss to compute.",
                    fix="provide a `loss` argument in `compile()`, or use `add_loss` in a layer.",
                )
            )
        return sum(terms[1:], start=terms[0])

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Show the compiled metrics a batch; what all metrics say then, by name."""
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)

    def get_metrics_result(self) -> dict[str, Any]:
        """What the metrics say now, by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def compute_loss_and_updates(
        self,
        trainable_variables: list[Any],
        non_trainable_variables: list[Any],
        metrics_variables: list[Any],
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: list[Any] | None = None,
    ) -> tuple[Any, tuple]:
        """The loss as a function of the trainable variables' values, with everything else that a step changes.

        Returns:
            `scaled loss, (loss, outputs, new non-trainable values, new metrics' values)`
        """
        optimizer = list(self.optimizer.variables) if optimizer_variables is not None else []
        variables = [*self.trainable_variables, *self.non_trainable_variables, *self.metrics_variables, *optimizer]
        values = [*trainable_variables, *non_trainable_variables, *metrics_variables, *(optimizer_variables or [])]
        with stateless(variables, values, training=training, losses=[]) as table:
            y_pred = self(x, training=training)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
            scaled = self.optimizer.scale_loss(loss) if optimizer else loss
            self._observe(lax.stop_gradient(loss), x, y, _stopped(y_pred), sample_weight)
            new_state = [table[v] for v in self.non_trainable_variables]
            new_metrics = [table[v] for v in self.metrics_variables]
        return scaled, (loss, y_pred, new_state, new_metrics)

    def _observe(self, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Show the metrics a batch."""
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        if type(self).compute_metrics is Steps.compute_metrics:
            self._update_metrics(y, y_pred, sample_weight)
        else:
            self.compute_metrics(x, y, y_pred, sample_weight)

    def _advance(self, state: State, data: Any) -> State:
        """The state after a training step."""
        trainable, others, optimizer, metrics = state
        x, y, sample_weight = unpack(data)
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, (_, _, others, metrics)), gradients = gradient(
            trainable, others, metrics, x, y, sample_weight, training=True, optimizer_variables=optimizer
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return trainable, others, optimizer, metrics

    def _observe_test(self, state: State, data: Any) -> State:
        """The state after a testing step."""
        trainable, others, metrics = state
        x, y, sample_weight = unpack(data)
        _, (_, _, others, metrics) = self.compute_loss_and_updates(trainable, others, metrics, x, y, sample_weight)
        return trainable, others, metrics

    def _logs(self, metrics_values: list[Any]) -> dict[str, Any]:
        """What the metrics say, of their variables' values."""
        with stateless(self.metrics_variables, metrics_values):
            return self.get_metrics_result()

    def train_step(self, state: State, data: Any) -> tuple[dict[str, Any], State]:
        """`(state, batch) -> (logs, new state)` of training."""
        state = self._advance(state, data)
        return self._logs(state[3]), state

    def test_step(self, state: State, data: Any) -> tuple[dict[str, Any], State]:
        """`(state, batch) -> (logs, new state)` of testing."""
        state = self._observe_test(state, data)
        return self._logs(state[2]), state

    def predict_step(self, state: State, data: Any) -> tuple[Any, Any]:
        """`((trainable, non-trainable), batch) -> (outputs, new non-trainable)`."""
        trainable, others = state
        x, _, _ = unpack(data)
        return self.stateless_call(trainable, others, x, training=False)


def _batch_size(x: Any) -> int:
    return tree_util.tree_leaves(x)[0].shape[0]


def _stopped(outputs: Any) -> Any:
    """The outputs without their gradients, masks kept."""

    def stop(x: Any) -> Any:
        stopped = lax.stop_gradient(x)
        if (mask := masking.get_mask(x)) is not None:
            masking.set_mask(stopped, mask)
        return stopped

    return tree_util.tree_map(stop, outputs)
