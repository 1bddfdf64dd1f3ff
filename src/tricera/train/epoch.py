"""Many steps in one program, over data that stands on the device."""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax, tree_util

from tricera.engine.pure import stateless
from tricera.kernels import rows
from tricera.train.data import pack
from tricera.train.step import State, Steps, measures_by_default


def trains_by_default(model: Any) -> bool:
    """Whether the model's `train_step` is the built-in one, and its logs are what the metrics say."""
    return type(model).train_step is Steps.train_step and measures_by_default(model)


def tests_by_default(model: Any) -> bool:
    """Whether the model's `test_step` is the built-in one, and its logs are what the metrics say."""
    return type(model).test_step is Steps.test_step and measures_by_default(model)


def take(data: Any, order: Any, start: Any, size: int) -> Any:
    """The batch of `size` samples that begins at place `start` of `order`."""
    return pack(tree_util.tree_map(lambda a: rows.take(a, order, start, size), data))


def train_batch(model: Any, state: State, data: Any) -> tuple[Any, State]:
    """One training step on a batch: `(logs, new state)`."""
    return model.train_step(state, pack(data))


def test_batch(model: Any, state: State, data: Any) -> tuple[Any, State]:
    """One testing step on a batch: `(logs, new state)`."""
    return model.test_step(state, pack(data))


def train_first(model: Any, state: State, data: Any) -> tuple[Any, State]:
    """One training step on a batch, whose metrics begin anew."""
    return model.train_step((*state[:-1], begun(model, state[-1], 0)), pack(data))


def test_first(model: Any, state: State, data: Any) -> tuple[Any, State]:
    """One testing step on a batch, whose metrics begin anew."""
    return model.test_step((*state[:-1], begun(model, state[-1], 0)), pack(data))


def predict_batch(model: Any, state: State, data: Any) -> tuple[Any, Any]:
    """`(outputs, new non-trainable values)` for a batch."""
    return model.predict_step(state, data)


def train_at(size: int) -> Callable:
    """A program of one training step on resident data."""

    def run(model: Any, state: State, data: Any, order: Any, start: Any) -> tuple[Any, State]:
        return model.train_step(state, take(data, order, start, size))

    return run


def test_at(size: int) -> Callable:
    """A program of one testing step on resident data."""

    def run(model: Any, state: State, data: Any, order: Any, start: Any) -> tuple[Any, State]:
        return model.test_step(state, take(data, order, start, size))

    return run


def begun(model: Any, metrics: list[Any], step: Any) -> list[Any]:
    """The metrics' values, or what they are reset to if this is the first step of an epoch."""
    variables = model.metrics_variables
    with stateless(variables, metrics) as table:
        model.reset_metrics()
    return [jax.numpy.where(step == 0, table[v], old) for v, old in zip(variables, metrics, strict=True)]


def train_many(size: int) -> Callable:
    """A program of the training steps `first` to `last` (both traced: one compilation for any number).

    Metrics begin anew with step 0, so that the host need not do it for each epoch.
    """

    def run(model: Any, state: State, data: Any, order: Any, first: Any, last: Any) -> tuple[Any, State]:
        state = (*state[:-1], begun(model, state[-1], first))
        if trains_by_default(model):
            body = lambda i, s: _same(s, model._advance(s, take(data, order, i * size, size))[0])  # noqa: E731
            state = lax.fori_loop(first, last, body, state)
            return model._logs(state[3]), state
        return _with_logs(model.train_step, state, data, order, first, last, size)

    return run


def test_many(size: int) -> Callable:
    """A program of the testing steps `first` to `last`; metrics begin anew with step 0."""

    def run(model: Any, state: State, data: Any, order: Any, first: Any, last: Any) -> tuple[Any, State]:
        state = (*state[:-1], begun(model, state[-1], first))
        if tests_by_default(model):
            trainable = state[0]

            def body(i: Any, changing: Any) -> Any:
                state, _ = model._observe_test((trainable, *changing), take(data, order, i * size, size))
                return _same(changing, state[1:])

            others, metrics = lax.fori_loop(first, last, body, tuple(state[1:]))
            return model._logs(metrics), (trainable, others, metrics)
        return _with_logs(model.test_step, state, data, order, first, last, size)

    return run


def _with_logs(step: Callable, state: State, data: Any, order: Any, first: Any, last: Any, size: int) -> Any:
    """The same for a step of the user's, whose logs are carried along."""
    blank, _ = jax.eval_shape(step, state, take(data, order, first * size, size))
    logs = tree_util.tree_map(lambda s: jax.numpy.zeros(s.shape, s.dtype), blank)

    def body(i: Any, carry: Any) -> Any:
        return _same(carry, step(carry[1], take(data, order, i * size, size)))

    return lax.fori_loop(first, last, body, (logs, state))


def _same(before: Any, after: Any) -> Any:
    """`after` in the containers and dtypes of `before`: what a loop carries keeps its type."""
    leaves = [
        a.astype(b.dtype) if hasattr(a, "astype") else a
        for b, a in zip(*map(tree_util.tree_leaves, (before, after)), strict=True)
    ]
    return tree_util.tree_unflatten(tree_util.tree_structure(before), leaves)
