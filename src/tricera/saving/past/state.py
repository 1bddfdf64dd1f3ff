"""What optimizers of Keras 1, 2 and tf.keras kept: the arrays of a file for the variables of an optimizer here."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.optimizers import SGD, Adafactor
from tricera.saving import h5
from tricera.saving.past import arrays, hdf5, order
from tricera.saving.past.hdf5 import Group, Origin
from tricera.saving.past.order import Segment

Name = tuple[str, str]  # of an array: its layer's, and its own

_LAST = re.compile(r"/(m|v|vhat|rms|momentum|mg|accumulator|accum_grad|accum_var|linear)(:\d+)?$")
_SECOND = re.compile(r"^[^/]+/(average|m|v|vhat|u|n|momentum|velocity|average_gradient|accumulat\w+|linear)/")


def read(optimizer: Any, reader: h5.Reader, pairs: Sequence[tuple[Any, Group]], origin: Origin) -> None:
    """Set the state of a built optimizer; `pairs` are the layers of the model with their arrays in the file.

    Raises:
        ValueError: the file's state is that of another optimizer, or of other variables.
    """
    group = hdf5.optimizer_group(reader)
    if group is None or not group.paths:
        return
    version = str(reader.attributes.get("keras_version", "1"))
    if version.startswith(("2", "3")) and not any(":" in name for name in group.names):
        _assign(optimizer.variables, [reader.read(path) for path in group.paths])
        return
    if group.names[-1].startswith("Adafactor/"):
        _assign(_kept(optimizer), [reader.read(path) for path in group.paths])
        return
    segments = list(_trained(pairs))
    names = [name for _, inside in segments for name in inside]
    steps, slots, averages = _slots(group, len(names), reader)
    shapes = {(each.name, name): reader.shape(path) for _, each in pairs for name, path in zip(*each[1:], strict=True)}
    names = _in_order(names, [shapes[name] for name in names], slots, reader)
    if steps is not None:
        optimizer._iterations.assign(reader.read(steps))
    kept = [[each[place] for each in optimizer._slots] for place in range(min(len(slots), len(optimizer._slots[0])))]
    slots = slots[: len(kept)]
    if averages and optimizer.use_ema:
        kept, slots = [*kept, optimizer._model_variables_moving_average], [*slots, averages]
    for variables, paths in zip(kept, slots, strict=True):
        values = {name: reader.read(path) for name, path in zip(names, paths, strict=True)}
        for segment, inside in segments:
            found = arrays.convert(segment.owner, segment.variables, [values[name] for name in inside], origin)
            for variable, value in zip(segment.variables, found, strict=True):
                _assign([variables[optimizer._index[variable]]], [value])
    _complete(optimizer)


def _in_order(names: list[Name], shapes: list[tuple], slots: list[list[str]], reader: h5.Reader) -> list[Name]:
    """The names of the weights in the order of the optimizer's arrays: until Keras 2.0 sorted, later layer by layer."""
    version = str(reader.attributes.get("keras_version", ""))
    ranked = sorted(range(len(names)), key=lambda i: names[i][1])
    orders = [ranked, list(range(len(names)))]
    for order_of in orders if version.startswith(("1.", "2.0.")) else reversed(orders):
        if not slots or [reader.shape(path) for path in slots[0]] == [shapes[i] for i in order_of]:
            return [names[i] for i in order_of]
    return names


def _trained(pairs: Sequence[tuple[Any, Group]]) -> Iterator[tuple[Segment, list[Name]]]:
    """The variables that were trained, layer by layer, with the names of their arrays."""
    seen: set[int] = set()
    for layer, group in pairs:
        start = 0
        for owner, variables in order.segments(layer):
            count = arrays.count(owner, variables, group.names[start:])
            trained = [v for v in variables if v.trainable and id(v) not in seen]
            stop = start + (count if len(trained) == len(variables) else len(trained))
            if trained:
                seen.update(map(id, trained))
                yield Segment(owner, trained), [(group.name, name) for name in group.names[start:stop]]
            start += count


def _slots(group: Group, count: int, reader: h5.Reader) -> tuple[str | None, list[list[str]], list[str]]:
    """The path of the number of steps, those of the arrays, a list for each kind, and those of the weights' averages.

    Each list is in the order of the variables.
    """
    labels: dict[str, list[str]] = {}
    scalars, rest = [], []
    for name, path in zip(group.names, group.paths, strict=True):
        label = _LAST.search(name) or _SECOND.search(name)
        if label:
            labels.setdefault(label[1], []).append(path)
        elif reader.shape(path) == () and not rest:
            scalars.append(path)
        else:
            rest.append(path)
    steps, averages = scalars[0] if scalars else None, labels.pop("average", [])
    slots = list(labels.values()) or [rest[i : i + count] for i in range(0, len(rest), count)] if count else []
    if any(len(paths) != count for paths in [*slots, averages or range(count)]):
        raise ValueError(
            report(
                "The state of the optimizer is that of other variables.",
                expected=f"arrays for {count} variables",
                got=f"{len(group.paths)} arrays",
            )
        )
    return steps, slots, averages


def read_numbered(optimizer: Any, store: h5.Store) -> None:
    """Set the state from the numbered arrays of tf.keras' `.keras`, which has no learning rate among them.

    Raises:
        ValueError: there are more or fewer arrays.
    """
    if not len(store):
        return
    kept = _kept(optimizer)
    values = [store[str(i)] for i in range(len(store))]
    _assign(kept, values[: len(kept)] if isinstance(optimizer, SGD) else values)  # momentums, also where there is none
    _complete(optimizer)


def _kept(optimizer: Any) -> list[Any]:
    """The variables that tf.keras has, too: no learning rate, product of momentums, or empty places of Adafactor."""
    others = [optimizer._learning_rate, getattr(optimizer, "_u_product", None)]
    if isinstance(optimizer, Adafactor):
        others += [place for r, c, v in optimizer._slots if len(v.shape) < 2 for place in (r, c)]
    return [v for v in optimizer.variables if all(v is not other for other in others)]


def _complete(optimizer: Any) -> None:
    """Nadam's product of all momentums so far, which was not always stored, and follows from the number of steps."""
    if hasattr(optimizer, "_u_product"):
        steps = np.arange(1, int(optimizer._iterations.numpy()) + 1)
        optimizer._u_product.assign(np.prod(optimizer._mu(steps), dtype="float32"))


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    if [v.shape for v in variables] != [np.shape(value) for value in values]:
        raise ValueError(
            report(
                "The state of the optimizer is that of another one.",
                expected=f"{len(variables)} arrays of shapes {[v.shape for v in variables][:5]}...",
                got=f"{len(values)} arrays of shapes {[np.shape(value) for value in values][:5]}...",
            )
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
