"""The arrays of a layer as Keras 1, 2 and cuDNN kept them, in the layout of Keras 3."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tricera.engine.variable import Variable
from tricera.saving.past.hdf5 import Origin

Arrays = list[np.ndarray]

_BY_GATE = re.compile(r"_W_[icfozrh](:\d+)?$")
_GATES = {"LSTM": "ifco", "GRU": "zrh", "ConvLSTM2D": "ifco"}
_STORED = {"LSTM": "icfo", "GRU": "zrh", "ConvLSTM2D": "icfo"}  # the order in which Keras 1 wrote them
_FLIPPED = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "ConvLSTM2D")


def count(owner: Any, variables: Sequence[Variable], names: Sequence[str]) -> int:
    """How many of the arrays with these names belong to `variables`."""
    kind = _kind(owner)
    if kind in _GATES and names and _BY_GATE.search(names[0]):
        return 3 * len(_GATES[kind])
    return len(variables)


def convert(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """The values of a layer's variables from its arrays in the file."""
    kind = _kind(owner)
    if origin.generation < 2:
        arrays = _FIRST.get(kind, _unchanged)(owner, variables, arrays, origin)
    elif origin.theano and kind in _FLIPPED:
        arrays = _flip(owner, arrays)
    return _ALWAYS.get(kind, _unchanged)(owner, variables, arrays, origin)


def _kind(owner: Any) -> str:
    """The class whose layout a layer has: its own, or that of a base."""
    kinds = [cls.__name__ for cls in type(owner).__mro__]
    return next((kind for kind in kinds if kind in _FIRST or kind in _ALWAYS or kind in _FLIPPED), kinds[0])


def _unchanged(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    return arrays


# ---- Keras 1


def _flip(owner: Any, arrays: Arrays) -> Arrays:
    """Theano turned kernels around: it convolved where others correlate."""
    count = 2 if _kind(owner) == "ConvLSTM2D" else 1
    axes = tuple(range(arrays[0].ndim - 2))
    return [np.flip(array, axes) if i < count else array for i, array in enumerate(arrays)]


def _turned(owner: Any, variables: Sequence[Variable], array: np.ndarray, axes: Sequence[int]) -> np.ndarray | None:
    """A kernel that was stored with its channels first, as Keras 3 has it; None if it was not."""
    rank = array.ndim
    if rank != len(axes) or rank != len(variables[0].shape):
        return None
    turned = array.transpose(axes)
    fits = turned.shape == variables[0].shape
    plainly = array.shape == variables[0].shape
    first = getattr(owner, "data_format", "") == "channels_first"
    return turned if fits and (first or not plainly) else None


def _conv(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """`(filters, channels, ...window) -> (...window, channels, filters)`, where it was stored so."""
    window = range(2, arrays[0].ndim)
    turned = _turned(owner, variables, arrays[0], (*window, 1, 0))
    if turned is not None:
        arrays = [turned, *arrays[1:]]
    return _flip(owner, arrays) if origin.theano and (origin.whole or turned is not None) else arrays


def _conv_of_sequences(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """`(window, 1, channels, filters)`, before Keras 1.2 `(filters, channels, window, 1)`."""
    kernel = arrays[0]
    if kernel.ndim == 4:
        window, _, filters = variables[0].shape
        if kernel.shape[:2] != (window, 1) or kernel.shape[3] != filters:
            kernel = kernel.transpose(2, 3, 1, 0)
        kernel = kernel[:, 0]
    arrays = [kernel, *arrays[1:]]
    return _flip(owner, arrays) if origin.theano else arrays


def _transposed(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """`(...window, channels, filters)` or `(channels, filters, ...window)` as Keras 1 named them: here the reverse."""
    kernel, window = arrays[0], range(2, arrays[0].ndim)
    if getattr(owner, "data_format", "") == "channels_first":
        kernel = kernel.transpose(*window, 0, 1)
    else:
        kernel = np.swapaxes(kernel, -1, -2)
    arrays = [kernel, *arrays[1:]]
    return _flip(owner, arrays) if origin.theano else arrays


def _separable(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    if getattr(owner, "data_format", "") != "channels_first":
        return arrays
    axes = (*range(2, arrays[0].ndim), 1, 0)
    return [array.transpose(axes) if array.ndim == len(axes) else array for array in arrays]


def _gates(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """A matrix for each gate of kernel, recurrent kernel and bias: side by side here."""
    kind = _kind(owner)
    if len(arrays) == 3 * len(_GATES[kind]):
        places = [_STORED[kind].index(gate) for gate in _GATES[kind]]
        turn = kind == "ConvLSTM2D" and getattr(owner, "data_format", "") == "channels_first"
        parts = [[arrays[3 * place + i] for place in places] for i in range(3)]
        if turn:
            parts[:2] = [[array.transpose(2, 3, 1, 0) for array in part] for part in parts[:2]]
        arrays = [np.concatenate(part, axis=-1) for part in parts]
    return _flip(owner, arrays) if kind == "ConvLSTM2D" and origin.theano else arrays


def _statistics(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """Keras 0.3 kept the standard deviation, and divided by it plus epsilon."""
    if origin.generation > 0 or len(arrays) != 4:
        return arrays
    epsilon = getattr(owner, "epsilon", 0.0)
    return [*arrays[:3], np.maximum((arrays[3] + epsilon) ** 2 - epsilon, 0).astype(arrays[3].dtype)]


def _highway(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """Before Keras 1.2 each bias followed its kernel."""
    return sorted(arrays, key=lambda array: -array.ndim)


_FIRST: dict[str, Callable] = {
    "BatchNormalization": _statistics,
    "Conv1D": _conv_of_sequences,
    "Conv2D": _conv,
    "Conv2DTranspose": _transposed,
    "Conv3D": _conv,
    "ConvLSTM2D": _gates,
    "GRU": _gates,
    "Highway": _highway,
    "LSTM": _gates,
    "SeparableConv2D": _separable,
}


# ---- cuDNN


def _from_cudnn(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """cuDNN keeps each gate's matrices the other way round, and a second bias."""
    gates = 4 if _kind(owner) == "LSTM" else 3
    if len(arrays) != 3:
        return arrays
    kernel, recurrent, bias = arrays
    if bias.shape != (2 * gates * recurrent.shape[0],):
        return arrays
    kernel = np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(kernel, gates)])
    recurrent = np.hstack([k.T for k in np.hsplit(recurrent, gates)])
    bias = bias.reshape(2, -1)
    return [kernel, recurrent, bias if gates == 3 else bias.sum(0)]


def _local(owner: Any, variables: Sequence[Variable], arrays: Arrays, origin: Origin) -> Arrays:
    """A kernel for each place, whichever of three ways it was stored in."""
    return [owner.kernel_of(arrays[0]), *arrays[1:]]


_ALWAYS: dict[str, Callable] = {
    "GRU": _from_cudnn,
    "LSTM": _from_cudnn,
    "LocallyConnected1D": _local,
    "LocallyConnected2D": _local,
}
