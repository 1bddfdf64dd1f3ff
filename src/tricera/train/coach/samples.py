"""What the data look like: a sample of them, on the host."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax import tree_util

from tricera import activations, layers
from tricera.engine.dtypes import is_float
from tricera.train.coach.fitting import CLASSES, SPARSE, Output, outputs_of
from tricera.train.coach.inside import layers_of
from tricera.train.data import Arrays

_ROWS, _VALUES = 256, 1 << 18  # of which a look at the data takes at the most
_ALL = 1 << 17  # samples among which those of the validation are sought
_PIXEL, _LARGE, _APART = 255, 50, 1000.0
_LOPSIDED, _SHARED = 0.95, 0.1
_SCALES = (layers.Rescaling, layers.Normalization, layers.BatchNormalization, layers.LayerNormalization)


def notes(model: Any, source: Any, validation: Any = None) -> Iterator[str]:
    """What is wrong with the data, as far as a sample of them tells."""
    data = source.data if isinstance(source, Arrays) else source.example()
    x, y = (tree_util.tree_map(sample, part) for part in data[:2])
    if not _scaled_inside(model):
        for path, leaf in tree_util.tree_leaves_with_path(x):
            yield from _of_inputs(f"x{tree_util.keystr(path)}", leaf)
    outputs = outputs_of(model)
    targets = tree_util.tree_leaves(y)
    if len(targets) == len(outputs):
        for output, target in zip(outputs, targets, strict=True):
            yield from (output.label + note for note in _of_targets(model, output, target))
    if isinstance(source, Arrays) and isinstance(validation, Arrays):
        yield from _of_validation(source.data[0], validation.data[0])


def sample(array: Any) -> np.ndarray:
    """Some rows of an array, from all over it."""
    rows = max(1, min(_ROWS, _VALUES // max(1, int(np.prod(array.shape[1:])))))
    return np.asarray(array[:: -(-len(array) // rows)])


def _scaled_inside(model: Any) -> bool:
    """Whether a layer near the input looks after the scale, or the inputs are numbers of words."""
    first = layers_of(model)[:8]
    return any(isinstance(layer, (*_SCALES, layers.Embedding)) for layer in first) or not first


def _of_inputs(name: str, x: np.ndarray) -> Iterator[str]:
    if not x.size or x.dtype.kind not in "fiu" or x.ndim < 2:
        return
    low, high = float(x.min()), float(x.max())
    if low >= 0 and _LARGE < high <= _PIXEL and (x.ndim > 3 or x.dtype == np.uint8 or x[0].size >= 64):
        yield (
            f"`{name}` reaches from {low:g} to {high:g}, like pixels: divide by 255, or begin with "
            "`Rescaling(1 / 255)`."
        )
    elif x.ndim == 2 and x.shape[1] > 1:
        scales = np.abs(x).max(0)
        used = scales[scales > 0]
        if len(used) > 1 and used.max() > _APART * used.min():
            yield (
                f"the columns of `{name}` have very different scales, from {used.min():.3g} to {used.max():.3g}: bring "
                "them to one with a `Normalization` layer or `preprocessing.StandardScaler`."
            )


def _of_targets(model: Any, output: Output, y: np.ndarray) -> Iterator[str]:
    if not len(y):
        return
    accuracy = next((label for label in _labels(model, output) if "acc" in label), None)
    flat = y.reshape(len(y), -1)
    if output.function in CLASSES:
        one_hot = output.function not in SPARSE and flat.shape[1] > 1
        classes = flat.argmax(-1) if one_hot else flat.ravel()
        kinds, counts = np.unique(classes, return_counts=True)
        share = counts.max() / counts.sum()
        if one_hot and output.activation is activations.softmax and not np.allclose(flat.sum(-1), 1, atol=1e-3):
            yield (
                "the rows of the targets do not add up to 1, as softmax does: 'sigmoid' with 'binary_crossentropy' "
                "for several classes at once."
            )
        elif one_hot and output.activation is activations.sigmoid:
            return  # several classes at once
        elif len(kinds) == 1 and len(classes) > 1:
            yield (
                f"all {len(classes)} labels looked at are of class {kinds[0]:g}: nothing can be learned from one "
                "class; are the data sorted, or is a file missing?"
            )
        elif share > _LOPSIDED and accuracy:
            yield (
                f"{share:.0%} of the labels are of class {kinds[counts.argmax()]:g}, so that {accuracy!r} tells "
                "nothing: measure `AUC`, `Precision` and `Recall`, and weigh the classes with `class_weight`."
            )
        return
    if accuracy and is_float(y.dtype) and (flat % 1).any():
        yield f"the targets are no classes, so that {accuracy!r} tells nothing: measure 'mae'."
    limits = _LIMITS.get(output.activation)
    if limits and output.function and (flat.min() < limits[0] or flat.max() > limits[1]):
        yield (
            f"the targets reach from {flat.min():g} to {flat.max():g}, beyond what {output.activation.__name__} can "
            "answer: end in a layer without activation, or scale the targets."
        )


_LIMITS = {
    activations.sigmoid: (0, 1),
    activations.softmax: (0, 1),
    activations.tanh: (-1, 1),
    activations.relu: (0, np.inf),
}


def _labels(model: Any, output: Output) -> list[str]:
    metrics = model._compile_metrics
    if metrics is None or not metrics.built:
        return []
    return [label for place, _, label, _ in metrics._rows if place == output.place]


def _of_validation(x: Any, held: Any) -> Iterator[str]:
    """Whether samples of the validation stand among those of the training."""
    train, probe = tree_util.tree_leaves(x), [sample(leaf) for leaf in tree_util.tree_leaves(held)]
    if len(train) != len(probe) or any(a.shape[1:] != b.shape[1:] for a, b in zip(train, probe, strict=True)):
        return
    shared = float(np.mean(_found([leaf[:_ALL] for leaf in train], probe)))
    features = sum(int(np.prod(leaf.shape[1:])) for leaf in train)
    if shared >= _SHARED and features > 2:
        yield (
            f"{shared:.0%} of the validation samples are also among the training samples, so that validation says "
            "nothing of new data: split before, and split what belongs together the same way."
        )


def _found(train: list[Any], probe: list[np.ndarray]) -> list[bool]:
    """Whether each sample of the probe is one of the training's: sought by a few telling values, then compared."""
    marks, sought = np.zeros(len(train[0])), np.zeros(len(probe[0]))
    for there, here in zip(train, probe, strict=True):
        flat = here.reshape(len(here), -1)
        telling = np.argsort(-flat.astype("float64").var(0), kind="stable")[:_TELLING]
        weights = np.random.default_rng(0).random(len(telling))
        marks = marks + np.asarray(there).reshape(len(there), -1)[:, telling].astype("float64") @ weights
        sought = sought + flat[:, telling].astype("float64") @ weights
    order = np.argsort(marks, kind="stable")
    starts = np.searchsorted(marks, sought, sorter=order)
    ends = np.searchsorted(marks, sought, side="right", sorter=order)

    def same(row: int, other: int) -> bool:
        return all(np.array_equal(here[row], there[other]) for there, here in zip(train, probe, strict=True))

    return [
        any(same(row, other) for other in order[start : min(end, start + _ALIKE)])
        for row, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


_TELLING = 12  # values of a sample that tell it from others
_ALIKE = 64  # samples with the same ones that are compared in full
