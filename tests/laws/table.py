"""Every layer once or more, with arguments and an input: each law of this folder holds for every row."""

import functools
import importlib.util
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import layers


@dataclass(frozen=True)
class Ints:
    """An input of whole numbers below `high`."""

    shape: tuple[int, ...]
    high: int


@dataclass(frozen=True)
class Inner:
    """An argument that is itself a layer."""

    name: str
    args: tuple = ()


@dataclass(eq=False)
class Row:
    """A layer by name, its arguments, and the shape of its input (a list of shapes for several inputs)."""

    name: str
    args: tuple
    input: Any
    kwargs: dict[str, Any] = field(default_factory=dict)
    separate: bool = False  # whether several inputs are several arguments

    def __str__(self) -> str:
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.kwargs.items())])

    def make(self, namespace: Any = layers, **kwargs: Any) -> Any:
        """A new layer of Tricera, or of another namespace."""
        args = [getattr(namespace, a.name)(*a.args) if isinstance(a, Inner) else a for a in self.args]
        return getattr(namespace, self.name)(*args, **{**self.kwargs, **kwargs})

    def arguments(self, make: Any = None) -> list[Any]:
        """What the layer is called with; `make(shape, dtype)` instead of arrays."""
        random = np.random.default_rng(0)
        make = make or (lambda shape, dtype: None)

        def one(given: Any) -> Any:
            shape, dtype = (given.shape, "int32") if isinstance(given, Ints) else (given, "float32")
            if (made := make(shape, dtype)) is not None:
                return made
            if isinstance(given, Ints):
                return jnp.asarray(random.integers(0, given.high, shape), "int32")
            return jnp.asarray(random.normal(size=shape), "float32")

        found = [one(each) for each in self.input] if isinstance(self.input, list) else one(self.input)
        return found if self.separate else [found]

    @functools.cached_property
    def built(self) -> tuple[Any, list[Any], Any]:
        """A layer with weights that are all different, arguments, and its outputs; shared, hence not to be changed."""
        layer, arguments = self.make(), self.arguments()
        layer(*arguments)
        scatter(layer)
        return layer, arguments, layer(*arguments)


def scatter(layer: Any) -> list[np.ndarray]:
    """Give the weights values that are all different, positive where they are variances; they are returned."""
    random, positive = np.random.default_rng(1), ("variance", "stddev")
    values = [
        random.uniform(0.5, 1.5, w.shape) if w.name.endswith(positive) else 0.3 * random.normal(size=w.shape)
        for w in layer.weights
    ]
    layer.set_weights([value.astype("float32") for value in values])
    return layer.get_weights()


def leaves(outputs: Any) -> list[np.ndarray]:
    """Outputs as a flat list of arrays."""
    return [np.asarray(leaf, "float32") for leaf in jax.tree_util.tree_leaves(outputs)]


VECTOR, SEQUENCE, IMAGE, VOLUME = (2, 6), (2, 6, 4), (2, 6, 5, 4), (2, 4, 3, 4, 2)
ROWS = [
    Row("Dense", (3,), VECTOR, {"activation": "relu", "kernel_regularizer": "l2"}),
    Row("Dense", (3,), SEQUENCE, {"use_bias": False, "activity_regularizer": "l2"}),
    Row("EinsumDense", ("abc,cde->abde", (None, 2, 3)), SEQUENCE, {"bias_axes": "de", "activation": "tanh"}),
    Row("EinsumDense", ("...x,xy->...y", 3), SEQUENCE),
    Row("Embedding", (7, 3), Ints(VECTOR, 7), {"mask_zero": True}),
    Row("ReversibleEmbedding", (7, 3), Ints(VECTOR, 7), {"tie_weights": False}),
    Row("Identity", (), VECTOR),
    Row("Masking", (), SEQUENCE),
    Row("Activation", ("gelu",), VECTOR),
    Row("ReLU", (1.0, 0.1, 0.2), VECTOR),
    Row("LeakyReLU", (0.1,), VECTOR),
    Row("PReLU", (), SEQUENCE, {"shared_axes": [1]}),
    Row("ELU", (0.5,), VECTOR),
    Row("Softmax", (), SEQUENCE, {"axis": 1}),
    Row("Dropout", (0.5,), VECTOR, {"seed": 1}),
    Row("SpatialDropout1D", (0.5,), SEQUENCE),
    Row("SpatialDropout2D", (0.5,), IMAGE),
    Row("SpatialDropout3D", (0.5,), VOLUME),
    Row("GaussianNoise", (0.5,), VECTOR),
    Row("GaussianDropout", (0.5,), VECTOR),
    Row("AlphaDropout", (0.5,), VECTOR),
    Row("ActivityRegularization", (0.1, 0.2), VECTOR),
    Row("Flatten", (), IMAGE),
    Row("Reshape", ((4, -1),), SEQUENCE),
    Row("Permute", ((2, 1),), SEQUENCE),
    Row("RepeatVector", (3,), VECTOR),
    Row("Conv1D", (3, 2), SEQUENCE, {"padding": "causal", "dilation_rate": 2}),
    Row("Conv1D", (4, 2), SEQUENCE, {"groups": 2, "activation": "relu"}),
    Row("Conv2D", (3, 3), IMAGE, {"strides": 2, "padding": "same"}),
    Row("Conv2D", (3, (2, 3)), IMAGE, {"dilation_rate": 2, "use_bias": False}),
    Row("Conv3D", (3, 2), VOLUME),
    Row("Conv1DTranspose", (3, 2), SEQUENCE, {"strides": 2}),
    Row("Conv2DTranspose", (3, 3), IMAGE, {"strides": 2, "padding": "same"}),
    Row("Conv2DTranspose", (3, 3), IMAGE, {"strides": 2, "output_padding": 1}),
    Row("Conv3DTranspose", (3, 2), VOLUME),
    Row("DepthwiseConv1D", (2,), SEQUENCE, {"depth_multiplier": 2}),
    Row("DepthwiseConv2D", (3,), IMAGE, {"strides": 2, "padding": "same"}),
    Row("SeparableConv1D", (3, 2), SEQUENCE),
    Row("SeparableConv2D", (3, 2), IMAGE, {"depth_multiplier": 2}),
    Row("MaxPooling1D", (), SEQUENCE),
    Row("MaxPooling2D", (2,), IMAGE),
    Row("MaxPooling2D", (3, 2), IMAGE, {"padding": "same"}),
    Row("MaxPooling3D", (2,), VOLUME),
    Row("AveragePooling1D", (2,), SEQUENCE),
    Row("AveragePooling2D", (2,), IMAGE, {"padding": "same"}),
    Row("AveragePooling3D", (2,), VOLUME),
    *(
        Row(f"Global{kind}Pooling{rank}D", (), shape, {"keepdims": rank == 2})
        for kind in ("Max", "Average")
        for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME))
    ),
    *(
        Row(f"Adaptive{kind}Pooling{rank}D", (3,), shape)
        for kind in ("Max", "Average")
        for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME))
    ),
    Row("ZeroPadding1D", ((1, 2),), SEQUENCE),
    Row("ZeroPadding2D", (((1, 2), (0, 3)),), IMAGE),
    Row("ZeroPadding3D", ((1, 2, 0),), VOLUME),
    Row("Cropping1D", (), SEQUENCE),
    Row("Cropping2D", (((1, 2), (0, 3)),), IMAGE),
    Row("Cropping3D", (1,), (2, 4, 3, 4, 2)),
    Row("UpSampling1D", (3,), SEQUENCE),
    Row("UpSampling2D", ((2, 3),), IMAGE),
    Row("UpSampling2D", (2,), IMAGE, {"interpolation": "bilinear"}),
    Row("UpSampling3D", (), VOLUME),
    Row("BatchNormalization", (), IMAGE),
    Row("BatchNormalization", (), SEQUENCE, {"axis": 1, "scale": False}),
    Row("BatchNormalization", (), IMAGE, {"renorm": True, "renorm_clipping": {"rmax": 3.0, "dmax": 0.5}}),
    Row("BatchNormalization", (), VECTOR, {"renorm": True, "center": False, "renorm_momentum": 0.9}),
    Row("LayerNormalization", (), SEQUENCE, {"axis": [1, 2]}),
    Row("LayerNormalization", (), SEQUENCE, {"center": False}),
    Row("GroupNormalization", (2,), IMAGE),
    Row("UnitNormalization", (), SEQUENCE),
    Row("RMSNormalization", (), SEQUENCE),
    Row("SpectralNormalization", (Inner("Dense", (3,)),), VECTOR),
    *(Row(name, (), [SEQUENCE, SEQUENCE]) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
    Row("Add", (), [SEQUENCE, (2, 4)]),
    Row("Concatenate", (), [SEQUENCE, (2, 3, 4)], {"axis": 1}),
    Row("Dot", ((2, 1),), [SEQUENCE, (2, 4, 3)], {"normalize": True}),
    Row("Dot", (1,), [VECTOR, VECTOR]),
    Row("Attention", (), [(2, 3, 4), SEQUENCE], {"use_scale": True, "score_mode": "concat"}),
    Row("Attention", (), [(2, 3, 4), SEQUENCE]),
    Row("AdditiveAttention", (), [(2, 3, 4), SEQUENCE]),
    Row("MultiHeadAttention", (2, 3), [(2, 3, 4), SEQUENCE], separate=True),
    Row("MultiHeadAttention", (2, 3), [IMAGE, IMAGE], {"attention_axes": (2,), "use_gate": True}, separate=True),
    Row("GroupQueryAttention", (3, 4, 2), [(2, 3, 4), SEQUENCE], separate=True),
    Row("SimpleRNN", (3,), SEQUENCE),
    Row("Bidirectional", (Inner("GRU", (3,)),), SEQUENCE, {"merge_mode": "sum"}),
    Row("TimeDistributed", (Inner("Dense", (3,)),), SEQUENCE),
    Row("GRU", (3,), SEQUENCE, {"return_sequences": True}),
    Row("GRU", (3,), SEQUENCE, {"reset_after": False, "go_backwards": True}),
    Row("LSTM", (3,), SEQUENCE, {"return_sequences": True, "return_state": True}),
    Row("LSTM", (3,), SEQUENCE, {"unroll": True, "activation": "relu"}),
    Row("Rescaling", (2.0, -1.0), VECTOR),
    Row("Normalization", (), SEQUENCE, {"axis": (1, 2)}),
    Row("Normalization", (), SEQUENCE, {"mean": 1.0, "variance": 4.0, "invert": True, "axis": None}),
    Row("Discretization", ([-0.5, 0.0, 1.0],), SEQUENCE, {"output_mode": "one_hot"}),
    Row("CategoryEncoding", (5,), Ints(VECTOR, 7), {"output_mode": "count"}),
    Row("CategoryEncoding", (5,), Ints(VECTOR, 5), {"output_mode": "one_hot"}),
    Row("Hashing", (4,), Ints(VECTOR, 50), {"output_mode": "multi_hot"}),
    Row("IntegerLookup", (), Ints(VECTOR, 9), {"vocabulary": [3, 1, 4], "output_mode": "multi_hot"}),
    Row("STFTSpectrogram", ("magnitude", 4, 3), (2, 12, 2), {"expand_dims": True}),
    Row("STFTSpectrogram", ("stft", 4, 2), (2, 12, 2), {"padding": "same"}),
    Row("MelSpectrogram", (8, 4), (2, 20), {"num_mel_bins": 3}),
    Row("ContrastLimitedAdaptiveHistogramEqualization", ((-4, 4),), IMAGE, {"tile_grid_size": (2, 3)}),
    Row("ConvLSTM1D", (3, 2), IMAGE, {"strides": 2, "return_state": True, "seed": 1}),
    Row("ConvLSTM2D", (2, 2), (2, 3, 4, 5, 2), {"return_sequences": True}),
    Row("ConvLSTM3D", (2, 2), (2, 2, 3, 3, 3, 2), {"padding": "same", "go_backwards": True, "use_bias": False}),
]  # fmt: skip

# Rows whose layers real Keras can make: some of them need TensorFlow there.
NEED_TENSORFLOW = ("CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "JaxLayer")
_IS_THERE = importlib.util.find_spec("tensorflow") is not None
KERAS_ROWS = [row for row in ROWS if _IS_THERE or row.name not in NEED_TENSORFLOW]
