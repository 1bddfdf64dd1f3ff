"""Bad input is told before any work starts: arguments, data, targets that do not fit the loss."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import tree_util

from tricera import losses
from tricera.engine.dtypes import is_float
from tricera.engine.graph import any_symbolic, known
from tricera.engine.inputs import where
from tricera.errors import did_you_mean, report
from tricera.layers import Embedding
from tricera.train.compiled import CompiledLoss, flat
from tricera.train.data import Arrays
from tricera.train.step import Steps

_SPARSE = (losses.sparse_categorical_crossentropy,)
_CATEGORICAL = (
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.categorical_hinge,
    losses.kl_divergence,
)


def check_arguments(model: Any, method: Any, unknown: dict[str, Any], **values: Any) -> None:
    """Arguments that the method does not have, and values that are none.

    Raises:
        TypeError: an argument does not exist.
        ValueError: `epochs` or `validation_split` is out of range.
    """
    for name in unknown:
        known_names = [p for p in inspect.signature(method).parameters if p not in ("self", "kwargs")]
        raise TypeError(
            report(
                f"{where(model)}: {method.__name__}() got an unexpected keyword argument {name!r}.",
                fix=did_you_mean(name, known_names) or f"the arguments are: {', '.join(known_names)}.",
            )
        )
    epochs, share = values.get("epochs", 1), values.get("validation_split", 0)
    if not isinstance(epochs, int | np.integer) or epochs < 0:
        raise ValueError(report("`epochs` is not a number of epochs.", expected="a whole number", got=repr(epochs)))
    if not 0 <= share < 1:
        raise ValueError(
            report("`validation_split` is not a share.", expected="a number from 0 up to, but not, 1", got=share)
        )


def check_source(x: Any, y: Any, sample_weight: Any) -> None:
    """Whether `x` yields batches by itself.

    Raises:
        ValueError: it is no data, or `y` comes beside it.
    """
    if x is None or isinstance(x, str | bytes) or not (hasattr(x, "__iter__") or hasattr(x, "__getitem__")):
        raise ValueError(
            report(
                f"Unrecognized data type: x={x!r} (of type {type(x).__name__}).",
                expected="arrays, lists or dicts of arrays, a generator, a PyDataset or an iterable of batches",
                fix="a symbolic tensor is no data." if any_symbolic(x) else None,
            )
        )
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                report(
                    f"When `x` yields batches, `{name}` should not be passed.",
                    got=f"x of type {type(x).__name__}, and `{name}`",
                    fix="let each batch be `(inputs, targets)` or `(inputs, targets, sample_weight)`.",
                )
            )


def check_end(source: Any, steps: int | None, x: Any) -> None:
    """Whether an epoch over batches has an end.

    Raises:
        ValueError: the batches never end, and nobody says how many make an epoch.
    """
    if steps is source.steps is None and source.endless and not hasattr(x, "__next__"):
        raise ValueError(
            report(
                "The data set never ends: an epoch needs a number of steps.",
                expected="a data set with an end, or `steps_per_epoch` (`validation_steps`, `steps`)",
                got=f"a {type(x).__name__} without end",
                fix="leave out `repeat()`: each epoch reads the data set anew.",
            )
        )


def check_data(model: Any, source: Any, batch: tuple, outputs: Any) -> None:
    """Whether inputs, targets and weights are numbers that fit the model's outputs and losses.

    Raises:
        ValueError: NaN, no targets, or targets that do not fit.
    """
    data = source.data if isinstance(source, Arrays) else batch
    for what, value in zip(("x", "y", "sample_weight"), data, strict=True):
        _check_nan(value, what)
    check_inputs(model, source, batch)
    loss = model._compile_loss
    if loss is not None and type(model).compute_loss is Steps.compute_loss and _steps_are_ours(model):
        _check_targets(model, loss, data[1], outputs)


def check_inputs(model: Any, source: Any, batch: tuple) -> None:
    """Whether the inputs are indices that the model's Embedding layers have; batches yet to come are checked too.

    Raises:
        ValueError: an index is beyond its layer.
    """
    check = check_indices(model)
    if check is not None:
        check(source.data if isinstance(source, Arrays) else batch)
    if not isinstance(source, Arrays):
        source.check = check


def check_indices(model: Any) -> Callable[[tuple], None] | None:
    """What raises a ValueError for a batch with an index beyond an Embedding layer that takes an input of the model;
    None where there is no such layer.
    """
    graph = getattr(getattr(model, "_graph", None) or model, "_function", None)
    if graph is None:
        return None
    places = {id(tensor): place for place, tensor in enumerate(graph.inputs)}
    found = [
        (places[id(tensor)], node.operation)
        for node in graph.nodes
        if isinstance(node.operation, Embedding)
        for tensor in node.input_tensors
        if id(tensor) in places
    ]
    names = getattr(model, "input_names", [])

    def check(batch: tuple) -> None:
        x = batch[0]
        arrays = (
            [x.get(name) for name in names]
            if isinstance(x, dict)
            else tree_util.tree_leaves(x, is_leaf=lambda v: v is None)
        )
        for place, layer in found:
            if place < len(arrays) and arrays[place] is not None:
                _check_range(layer, arrays[place])

    return check if found else None


def _check_range(layer: Embedding, indices: Any) -> None:
    rows = layer.input_dim
    if not indices.size or (indices.min() >= 0 and indices.max() < rows):
        return
    indices = np.asarray(indices)
    bad = (indices < 0) | (indices >= rows)
    raise ValueError(
        report(
            f"{where(layer)}: an index is beyond its `input_dim`.",
            expected=f"integers from 0 to {rows - 1}",
            got=f"{indices[bad].flat[0]:g} in sample {int(np.argwhere(bad)[0][0])}; {bad.sum()} of {bad.size} beyond",
            fix=f"give the layer input_dim={int(indices.max()) + 1}, or take fewer words (`num_words={rows}`)."
            if indices.max() >= rows
            else "number the words from 0: -1 stands for none.",
        )
    )


def _steps_are_ours(model: Any) -> bool:
    return type(model).train_step is Steps.train_step and type(model).test_step is Steps.test_step


def _check_nan(data: Any, what: str) -> None:
    for path, leaf in tree_util.tree_leaves_with_path(data):
        if is_float(leaf.dtype) and leaf.size and np.isnan(leaf.min()):
            bad = np.isnan(np.asarray(leaf))
            raise ValueError(
                report(
                    f"`{what}{tree_util.keystr(path)}` holds NaN (not a number).",
                    got=f"{bad.sum()} of {bad.size} values, the first in sample {int(np.argwhere(bad)[0][0])}",
                    fix="drop those samples, or fill the gaps, for example with `np.nan_to_num`.",
                )
            )


def _check_targets(model: Any, loss: CompiledLoss, y: Any, outputs: Any) -> None:
    loss.build(outputs)
    predictions = flat(outputs)
    if y is None:
        raise ValueError(
            report(
                f"{where(model)}: the targets are missing: the loss compares the model's outputs with them.",
                expected=", ".join(f"{n}: {p.shape}" for n, p in zip(loss.names, predictions, strict=True)),
                got="y=None",
                fix="pass `y`, or batches of `(x, y)`.",
            )
        )
    targets = loss.targets(y, outputs)
    for name, each, target, prediction in zip(loss.names, loss.losses, targets, predictions, strict=True):
        function = getattr(each, "fn", None)
        if target is None or function is None or not str(function.__module__).startswith("tricera."):
            continue
        label = f"{where(model)}, output {name!r}"
        if function in _SPARSE:
            _check_sparse(label, each, target, prediction)
        else:
            _check_same(label, each, function, target, prediction)


def _check_sparse(label: str, loss: Any, y: Any, prediction: Any) -> None:
    shape, wanted = known(y.shape), prediction.shape[:-1]
    if len(shape) == len(prediction.shape) and shape[-1] == 1:
        shape = shape[:-1]
    classes = prediction.shape[-1]
    if not _agree(shape, wanted):
        columns = len(y.shape) == len(prediction.shape) and y.shape[-1] == classes
        raise ValueError(
            report(
                f"{label}: the targets do not fit the loss {_name(loss)}.",
                expected=f"one integer label for each prediction, shape {wanted}",
                got=f"shape {_batch(y.shape)}",
                fix="these look like one-hot targets: use 'categorical_crossentropy', or `y.argmax(-1)`."
                if columns
                else None,
            )
        )
    ignored = getattr(loss, "ignore_class", None)
    labels = np.asarray(y)
    bad = (labels < 0) | (labels >= classes)
    if ignored is not None:
        bad &= labels != ignored
    if bad.any():
        worst = labels[bad].flat[0]
        raise ValueError(
            report(
                f"{label}: a label is out of range for the loss {_name(loss)}.",
                expected=f"integers from 0 to {classes - 1}, for an output of {classes} classes",
                got=f"{worst:g} in sample {int(np.argwhere(bad)[0][0])}; {bad.sum()} label(s) out of range",
                fix=f"subtract {labels.min():g}, so that labels begin at 0."
                if labels.min() > 0 and labels.max() - labels.min() < classes
                else f"give the last layer {int(labels.max()) + 1} units."
                if labels.min() >= 0
                else None,
            )
        )


def _check_same(label: str, loss: Any, function: Any, y: Any, prediction: Any) -> None:
    shape, wanted = _batch(y.shape), prediction.shape
    if _agree(shape, wanted):
        return
    if function not in _CATEGORICAL and _squeezed(shape, wanted):
        return
    fix = None
    classes = wanted[-1] if wanted else None
    if function in _CATEGORICAL and _squeezed(shape, wanted[:-1]):
        fix = f"use the loss 'sparse_categorical_crossentropy', or `to_categorical(y, {classes})`."
    elif len(shape) == len(wanted) and wanted[-1] == 1 and (shape[-1] or 0) > 1:
        fix = f"give the last layer {shape[-1]} units, one for each column of the targets."
    raise ValueError(
        report(
            f"{label}: the targets do not fit the loss {_name(loss)}.",
            expected=f"targets of the output's shape, {wanted}",
            got=f"shape {shape}",
            fix=fix,
        )
    )


def _batch(shape: Any) -> tuple:
    return (None, *known(shape)[1:])


def _agree(a: Any, b: Any) -> bool:
    return len(a) == len(b) and all(
        m is None or n is None or m == n for m, n in zip(tuple(a)[1:], tuple(b)[1:], strict=True)
    )


def _squeezed(a: tuple, b: tuple) -> bool:
    """Whether shapes agree but for a last axis of size 1."""
    return _agree(a, b) or (a[-1:] == (1,) and _agree(a[:-1], b)) or (b[-1:] == (1,) and _agree(a, b[:-1]))


def _name(loss: Any) -> str:
    return repr(getattr(loss, "name", type(loss).__name__))
