"""One step of training, testing and predicting, as pure functions of the state: what every program is made of."""

import inspect
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

    def stateless_compute_loss(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        metrics_variables: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple]:
        """`compute_loss` as a function of the variables' values.

        Returns:
            `loss, (trainable values, new non-trainable values, new metrics' values)`
        """
        others, states = self.non_trainable_variables, self.metrics_variables
        values = [*trainable_variables, *non_trainable_variables, *metrics_variables]
        with stateless([*self.trainable_variables, *others, *states], values, losses=[]) as table:
            loss = self.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **_taken(self.compute_loss, training=training)
            )
        return loss, (trainable_variables, [table[v] for v in others], [table[v] for v in states])

    def jax_state_sync(self) -> None:
        """Nothing: variables have their values whenever a callback looks."""

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
        """The loss as a function of the trainable variables' values, with everything else that the call changes.

        The loss's running mean and the compiled metrics are not updated: that is the caller's part.

        Returns:
            `scaled loss, (loss, outputs, new non-trainable values, new metrics' values)`
        """
        values = trainable_variables, non_trainable_variables, metrics_variables
        return self._updates(*values, x, y, sample_weight, training, optimizer_variables, observe=False)

    def _updates(
        self,
        trainable_variables: list[Any],
        non_trainable_variables: list[Any],
        metrics_variables: list[Any],
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: list[Any] | None = None,
        observe: bool = True,
    ) -> tuple[Any, tuple]:
        """The same; metrics see the batch where the outputs still have their masks, which gradients take away."""
        if observe and type(self).compute_loss_and_updates is not Steps.compute_loss_and_updates:
            return self._updates_of_user(
                (trainable_variables, non_trainable_variables, metrics_variables),
                (x, y, sample_weight),
                training=training,
                optimizer_variables=optimizer_variables,
            )
        optimizer = list(self.optimizer.variables) if optimizer_variables is not None else []
        variables = [*self.trainable_variables, *self.non_trainable_variables, *self.metrics_variables, *optimizer]
        values = [*trainable_variables, *non_trainable_variables, *metrics_variables, *(optimizer_variables or [])]
        with stateless(variables, values, training=training, losses=[]) as table:
            y_pred = self(x, training=training)
            loss = self.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **_taken(self.compute_loss, training=training)
            )
            scaled = self.optimizer.scale_loss(loss) if optimizer else loss
            if observe:
                self._observe(lax.stop_gradient(loss), x, y, _stopped(y_pred), sample_weight)
            new_state = [table[v] for v in self.non_trainable_variables]
            new_metrics = [table[v] for v in self.metrics_variables]
        return scaled, (loss, y_pred, new_state, new_metrics)

    def _updates_of_user(self, values: tuple, data: tuple, **options: Any) -> tuple[Any, tuple]:
        """The same by a `compute_loss_and_updates` of the user's, which leaves the metrics to us."""
        scaled, (loss, y_pred, others, metrics) = self.compute_loss_and_updates(*values, *data, **options)
        x, y, sample_weight = data
        with stateless(self.metrics_variables, metrics) as table:
            self._observe(lax.stop_gradient(loss), x, y, _stopped(y_pred), sample_weight)
        return scaled, (loss, y_pred, others, [table[v] for v in self.metrics_variables])

    def _observe(self, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Show the metrics a batch."""
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        if measures_by_default(self):
            self._update_metrics(y, y_pred, sample_weight)

    def _advance(self, state: State, data: Any) -> tuple[State, Any]:
        """The state after a training step, and the outputs in it."""
        trainable, others, optimizer, metrics = state
        x, y, sample_weight = unpack(data)
        gradient = jax.value_and_grad(self._updates, has_aux=True)
        (_, (_, y_pred, others, metrics)), gradients = gradient(
            trainable, others, metrics, x, y, sample_weight, training=True, optimizer_variables=optimizer
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return (trainable, others, optimizer, metrics), y_pred

    def _observe_test(self, state: State, data: Any) -> tuple[State, Any]:
        """The state after a testing step, and the outputs in it."""
        trainable, others, metrics = state
        x, y, sample_weight = unpack(data)
        _, (_, y_pred, others, metrics) = self._updates(trainable, others, metrics, x, y, sample_weight)
        return (trainable, others, metrics), y_pred

    def _measured(self, state: State, data: Any, y_pred: Any) -> tuple[dict[str, Any], State]:
        """The logs of a step, and the state, whose metrics a `compute_metrics` of the user's has yet to see."""
        if measures_by_default(self):
            return self._logs(state[-1]), state
        x, y, sample_weight = unpack(data)
        with stateless(self.metrics_variables, state[-1]) as table:
            logs = self.compute_metrics(x, y, y_pred, sample_weight)
        return logs, (*state[:-1], [table[v] for v in self.metrics_variables])

    def _logs(self, metrics_values: list[Any]) -> dict[str, Any]:
        """What the metrics say, of their variables' values."""
        with stateless(self.metrics_variables, metrics_values):
            return self.get_metrics_result()

    def train_step(self, state: State, data: Any) -> tuple[dict[str, Any], State]:
        """`(state, batch) -> (logs, new state)` of training."""
        state, y_pred = self._advance(state, data)
        return self._measured(state, data, y_pred)

    def test_step(self, state: State, data: Any) -> tuple[dict[str, Any], State]:
        """`(state, batch) -> (logs, new state)` of testing."""
        state, y_pred = self._observe_test(state, data)
        return self._measured(state, data, y_pred)

    def predict_step(self, state: State, data: Any) -> tuple[Any, Any]:
        """`((trainable, non-trainable), batch) -> (outputs, new non-trainable)`."""
        trainable, others = state
        x, _, _ = unpack(data)
        return self.stateless_call(trainable, others, x, training=False)


def measures_by_default(model: Any) -> bool:
    """Whether the model's `compute_metrics` is the built-in one."""
    return type(model).compute_metrics is Steps.compute_metrics


def _taken(function: Any, **arguments: Any) -> dict[str, Any]:
    """Those arguments that a function takes: older overrides know fewer."""
    parameters = inspect.signature(function).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return {name: value for name, value in arguments.items() if takes_all or name in parameters}


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
