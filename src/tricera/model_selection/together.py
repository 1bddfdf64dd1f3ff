"""The folds of a cross-validation trained at the same time: one program, mapped over the folds."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import tree_util

from tricera.train import epoch, programs
from tricera.train.data import Arrays

MOST_WEIGHTS = 1_000_000
MOST_BYTES = 1 << 28


def why_not(model: Any, train: Arrays) -> str | None:
    """Why the folds of this model are better trained one after the other; None where they are not."""
    if model.run_eagerly or not epoch.trains_by_default(model) or not epoch.tests_by_default(model):
        return "its steps are its own"
    if train.nbytes > MOST_BYTES:
        return f"{train.nbytes} bytes of data for each fold"
    if not model.built:
        model._outputs_for(train.example()[0])
    if model.count_params() > MOST_WEIGHTS:
        return f"{model.count_params()} weights"
    if any("conv" in name and name != "convert_element_type" for name in programs.primitives(_traced(model, train))):
        return "convolutions are slow in loops and in batches of kernels"
    return None


def _traced(model: Any, train: Arrays) -> Any:
    x = tree_util.tree_map(lambda a: jax.ShapeDtypeStruct((2, *a.shape[1:]), a.dtype), train.data[0])
    variables = model.trainable_variables, model.non_trainable_variables
    values = [[jax.ShapeDtypeStruct(v.shape, v.dtype) for v in group] for group in variables]
    return jax.make_jaxpr(lambda *args: model.stateless_call(*args)[0])(*values, x)


def fit(
    folds: Iterator[tuple[Any, Any, Any]],
    epochs: int,
    batch_size: int,
    shuffle: Any,
    tell: Callable[[int, dict[str, float]], None],
) -> list[dict[str, list[float]]]:
    """Train the model of each fold; what `fit` of each would have given as its history.

    Args:
        folds: `(model, (x, y), (x, y) held out)`, of equal shapes.
        tell: is told of epochs done, and what the first fold's logs are.
    """
    models, trains, helds, orders = [], [], [], []
    for model, train, held in folds:
        source, validation = Arrays(*train, None, batch_size), Arrays(*held, None, batch_size)
        if model._ready(source, training=True):
            source.peek_order(shuffle)
        model._ready(validation, training=False)
        models.append(model)
        trains.append(source)
        helds.append(validation)
        orders.append(np.stack([source.order(shuffle) for _ in range(epochs)]).astype("int32"))
    cells = [model._at_hand("train") for model in models]
    sizes = _steps(trains[0]), _steps(helds[0])
    program = programs.program((cells[0][0], "folds", sizes), "train_folds", _epoch_of_folds(*sizes), (0,))
    state = _stacked([each.take() for _, each in cells])
    data = [_stacked([source.data for source in sources]) for sources in (trains, helds)]
    histories: list[dict[str, list[float]]] = [{} for _ in models]
    try:
        for order in jnp.asarray(np.stack(orders, 1)):
            logs, state = program(models[0], state, *data, order)
            _record(histories, jax.device_get(logs))
            tell(len(models), {name: float(np.mean([h[name][-1] for h in histories])) for name in histories[0]})
    finally:
        for fold, (_, each) in enumerate(cells):
            each.put(tree_util.tree_map(lambda a: a[fold], state))  # noqa: B023
    return histories


def _stacked(trees: list[Any]) -> Any:
    return tree_util.tree_map(lambda *leaves: jnp.stack(leaves), *trees)


def _steps(source: Arrays) -> tuple[int, int, int]:
    """The size of a batch, the number of full ones, the samples in the last, smaller one."""
    return (source.batch_size, *divmod(source.samples, source.batch_size))


def _epoch_of_folds(train_steps: tuple[int, int, int], held_steps: tuple[int, int, int]) -> Callable:
    """A program of one epoch and its validation, for all folds."""

    def run(model: Any, state: Any, train: Any, held: Any, orders: Any) -> Any:
        def of_fold(state: Any, train: Any, held: Any, order: Any) -> Any:
            logs, state = _pass(epoch.train_many, epoch.train_at, train_steps, model, state, train, order)
            trainable, others, optimizer, metrics = state
            in_order = jnp.arange(held_steps[0] * held_steps[1] + held_steps[2], dtype="int32")
            tested = (trainable, others, metrics)
            found, tested = _pass(epoch.test_many, epoch.test_at, held_steps, model, tested, held, in_order)
            logs = dict(logs) | {f"val_{name}": value for name, value in found.items()}
            return logs, (trainable, tested[1], optimizer, tested[2])

        return jax.vmap(of_fold)(state, train, held, orders)

    return run


def _pass(many: Callable, at: Callable, steps: tuple[int, int, int], model: Any, state: Any, data: Any, order: Any):
    """All batches once: `(logs, state)`."""
    size, full, rest = steps
    logs, state = many(size)(model, state, data, order, np.int32(0), np.int32(full))
    if rest:
        logs, state = at(rest)(model, state, data, order, np.int32(full * size))
    return logs, state


def _record(histories: list[dict[str, list[float]]], logs: dict[str, Any]) -> None:
    for fold, history in enumerate(histories):
        for name in sorted(logs, key=lambda name: (name.startswith("val_"), name)):
            history.setdefault(name, []).append(float(logs[name][fold]))
